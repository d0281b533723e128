"""ping(8) as measuring tool: losses, round trip times, the MTU that the network reports."""

from __future__ import annotations

import re
import statistics
import time
from dataclasses import dataclass

from .processes import Processes, Program
from .shell import Runner

_REPLY = re.compile(r"^(?:\[(?P<stamp>[\d.]+)\] )?\d+ bytes from .*?icmp_seq=\d+.*?time=(?P<ms>[\d.]+) ms", re.M)
_SENT = re.compile(r"(\d+) packets transmitted")
_MTU = re.compile(r"mtu ?= ?(\d+)")


@dataclass(frozen=True)
class Ping:
    """What one ping saw. `stamps` are seconds since the epoch, only with -D."""

    sent: int
    rtts_ms: tuple[float, ...]
    stamps: tuple[float, ...]
    mtu: int | None
    text: str

    @property
    def received(self) -> int:
        return len(self.rtts_ms)

    @property
    def all_back(self) -> bool:
        return self.sent > 0 and self.received == self.sent

    @property
    def median_ms(self) -> float:
        return statistics.median(self.rtts_ms) if self.rtts_ms else float("inf")

    @property
    def told(self) -> str:
        return f"{self.received} of {self.sent}"


def parse(text: str) -> Ping:
    """Reads ping's output; duplicates of a reply do not count."""
    replies = [match for match in _REPLY.finditer(text) if "(DUP!)" not in match.string[match.end() :].split("\n")[0]]
    sent, mtu = _SENT.search(text), _MTU.search(text)
    return Ping(
        sent=int(sent[1]) if sent else 0,
        rtts_ms=tuple(float(match["ms"]) for match in replies),
        stamps=tuple(float(match["stamp"]) for match in replies if match["stamp"]),
        mtu=int(mtu[1]) if mtu else None,
        text=text,
    )


def ping(
    runner: Runner,
    ns: str,
    target: str,
    *,
    count: int = 5,
    interval: float = 0.2,
    size: int | None = None,
    whole: bool = False,
    source: str | None = None,
    pattern: str | None = None,
    wait: float = 1.0,
) -> Ping:
    """Pings and waits for the end.

    - size: bytes of ICMP payload (packet minus 28). whole: set DF (`-M do`).
    - source: address to send from. pattern: payload as hexadecimal text. wait: seconds for the last reply.
    """
    argv = ["ping", "-n", "-c", str(count), "-i", str(interval), "-W", str(wait)]
    argv += ["-s", str(size)] if size is not None else []
    argv += ["-M", "do"] if whole else []
    argv += ["-I", source] if source else []
    argv += ["-p", pattern] if pattern else []
    outcome = runner.run([*argv, target], ns=ns, timeout=count * interval + wait + 15)
    return parse(outcome.out + outcome.err)


def start_pinging(
    processes: Processes, name: str, ns: str, target: str, interval: float = 0.1, size: int = 56
) -> Program:
    """A ping that goes on until it is ended; its replies carry the time of day. `size` is of what it carries."""
    argv = ["ping", "-D", "-n", "-M", "dont", "-s", str(size), "-i", str(interval), "-W", "1", target]
    return processes.start(name, argv, ns)


def seen_by(program: Program) -> Ping:
    """What a running or ended ping has seen so far."""
    return parse(program.text())


def longest_gap(program: Program) -> float:
    """Seconds of the longest time without an answer; infinite if there is none any more. For a ping that was just ended."""
    stamps = seen_by(program).stamps
    gaps = [after - before for before, after in zip(stamps, stamps[1:], strict=False)]
    recent = bool(stamps) and time.time() - stamps[-1] < 2
    return max(gaps, default=float("inf")) if recent else float("inf")
