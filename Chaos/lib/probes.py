"""What the prober saw: losses of each pair with their times, while it runs and afterwards."""

from __future__ import annotations

import bisect
import json
import math
import sys
from array import array
from dataclasses import dataclass, field

from . import prober
from .processes import Processes, Program, wait_until
from .topology import Host

GRACE = 1.0
"""Seconds a probe may be under way before it counts as lost."""

Pair = tuple[int, int]


@dataclass
class Way:
    """One ordered pair of hosts: when each probe was sent and when it arrived (NaN if it did not)."""

    sent: array = field(default_factory=lambda: array("d"))
    arrived: array = field(default_factory=lambda: array("d"))
    last: float = 0.0

    def lost(self, begin: float, end: float) -> int:
        """Probes sent in that time that never arrived."""
        first, last = bisect.bisect_left(self.sent, begin), bisect.bisect_right(self.sent, end)
        return sum(math.isnan(self.arrived[k]) for k in range(first, last))

    def count(self, begin: float, end: float) -> int:
        return bisect.bisect_right(self.sent, end) - bisect.bisect_left(self.sent, begin)

    def first_after(self, moment: float, until: float) -> float | None:
        """When the first probe that was sent after the moment and arrived did so."""
        first = bisect.bisect_left(self.sent, moment)
        came = (self.arrived[k] for k in range(first, len(self.sent)) if self.sent[k] <= until)
        return next((arrived for arrived in came if not math.isnan(arrived)), None)

    def first_two_after(self, moment: float, until: float) -> float | None:
        """When the first of two probes in a row that were sent after the moment and arrived was sent."""
        k = bisect.bisect_left(self.sent, moment)
        while k + 1 < len(self.sent) and self.sent[k] <= until:
            if not math.isnan(self.arrived[k]) and not math.isnan(self.arrived[k + 1]):
                return self.sent[k]
            k += 1
        return None


class Probes:
    """Starts the prober on all hosts, follows its log, and answers questions about it. Safe to follow from one thread."""

    def __init__(self, processes: Processes, hosts: list[Host], vines: dict[int, str], rate: float) -> None:
        self.processes = processes
        self.hosts = hosts
        self.vines = vines
        self.rate = rate
        self.ways: dict[Pair, Way] = {}
        self.strays: list[tuple[float, int, int, int]] = []
        self.doubled: list[tuple[float, int, int]] = []
        self.strangers_sent = 0
        self._log = processes.folder / "probes.log"
        self._read = 0
        self.program: Program | None = None

    def start(self, seconds: float) -> None:
        """Probes for so many seconds at most."""
        plan = self.processes.folder / "probes.json"
        rows = [
            {"ns": h.ns, "alias": h.alias, "vine": self.vines[h.number], "site": h.site.name} for h in self.hosts
        ]
        plan.write_text(json.dumps(rows))
        argv = [sys.executable, prober.__file__, str(plan), str(self._log), str(self.rate), str(seconds)]
        self.program = program = self.processes.start("prober", argv)
        if not wait_until(lambda: "probing" in program.text() or not program.running, 10) or not program.running:
            raise RuntimeError(f"the prober does not start: {program.last_line()}")

    def stop(self) -> str:
        """Ends it and reads the rest; what speaks against trusting it."""
        if self.program is None:
            return "nothing was probed"
        early = not self.program.running
        self.processes.end(self.program, patience=10)
        self.follow()
        if early:
            return f"the prober ended early: {self.program.last_line()}"
        return "" if "lost 0" in self.program.text() else f"the prober's sockets: {self.program.last_line()}"

    def follow(self) -> None:
        """Reads what is new in the log."""
        if not self._log.exists():
            return
        with self._log.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        data = data[: len(data) - len(data) % prober.ROW.size]
        self._read += len(data)
        for moment, kind, seer, source, target, number in prober.ROW.iter_unpack(data):
            if kind == prober.STRAY:
                self.strays.append((moment, seer, source, target))
                continue
            if kind == prober.DOUBLED:
                self.doubled.append((moment, source, target))
                continue
            if self.vine(source) != self.vine(target):
                self.strangers_sent += 1
                continue
            way = self.ways.setdefault((source, target), Way())
            if kind == prober.SENT:
                way.sent.append(moment)
                way.arrived.append(math.nan)
            elif number <= len(way.arrived):
                way.arrived[number - 1] = moment
                way.last = max(way.last, moment)

    def vine(self, number: int) -> str:
        return self.vines[self.hosts[number].number]

    def name(self, pair: Pair) -> str:
        return f"{self.hosts[pair[0]].name}>{self.hosts[pair[1]].name}"

    def sites(self, pair: Pair) -> tuple[str, str]:
        return self.hosts[pair[0]].site.name, self.hosts[pair[1]].site.name

    def silent(self, now: float, without: set[str]) -> list[str]:
        """Pairs that nothing has arrived at for a second, but for those of some sites."""
        late = now - max(GRACE, 3 / self.rate)
        return [
            self.name(pair)
            for pair, way in self.ways.items()
            if way.last < late and not without & set(self.sites(pair))
        ]

    def silent_at_end(self, without: set[str]) -> list[str]:
        """Pairs whose last probes did not arrive."""
        return [
            self.name(pair)
            for pair, way in self.ways.items()
            if not without & set(self.sites(pair)) and len(way.sent) > 3 and all(map(math.isnan, way.arrived[-4:]))
        ]

    def totals(self) -> tuple[int, int]:
        """Probes sent, probes that arrived."""
        sent = sum(len(way.sent) for way in self.ways.values())
        lost = sum(math.isnan(moment) for way in self.ways.values() for moment in way.arrived)
        return sent, sent - lost

    def reachable(self, begin: float, seconds: int) -> list[float]:
        """For each second from `begin` on the share of probes sent in it that arrived."""
        sent, arrived = [0] * seconds, [0] * seconds
        for way in self.ways.values():
            for moment, came in zip(way.sent, way.arrived, strict=True):
                second = int(moment - begin)
                if 0 <= second < seconds:
                    sent[second] += 1
                    arrived[second] += not math.isnan(came)
        return [a / s if s else math.nan for a, s in zip(arrived, sent, strict=True)]
