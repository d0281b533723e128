"""How fast and how cheaply agents of one system know one another: the same questions to each, on the same machines."""

from __future__ import annotations

import os
import random
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

from .agents import Agents, kill
from .flock import Flock
from .follow import Followed, until_all
from .report import Console
from .shell import Runner

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Extent:
    """How much of each question: repetitions, and seconds of rest that traffic is counted over."""

    changes: int
    deaths: int
    rest: float
    join_max: float = 180.0


@dataclass
class Result:
    """Answers of one system. Times in seconds; None stands for an agent that was never heard of in time."""

    join: float | None = None
    changes: list[float | None] = field(default_factory=list)
    deaths: list[float | None] = field(default_factory=list)
    returns: list[float | None] = field(default_factory=list)
    octets_per_second: float = 0.0
    packets_per_second: float = 0.0
    processor_share: float = 0.0
    memory: float = 0.0
    load: float = 0.0


def measure(agents: Agents, flock: Flock, runner: Runner, console: Console, extent: Extent, seed: int) -> Result:
    """Join, rest, changes, deaths, in this order. Raises RuntimeError if the agents never come together."""
    chance, result = random.Random(seed), Result()
    count = len(flock.machines)
    console.phase(agents.name, f"{count} agents join through one")
    agents.prepare()
    result.join = _join(agents, count, runner, extent)
    if result.join is None:
        raise RuntimeError(f"{agents.name}: not all agents know all others after {extent.join_max:g} s")
    console.note(f"all know all after {result.join:.2f} s")
    changing = chance.sample(range(count), min(extent.changes, count))
    agents.ready_to_change(changing)
    _pause(console, "the mesh comes to rest", 20.0)
    _rest(agents, flock, result, console, extent.rest)
    for number in changing:
        result.changes.append(_change(agents, number, count))
        time.sleep(3.0 + chance.random())
    console.note(f"a change known to all: {_seconds(result.changes)}")
    for number in chance.sample(range(1, count), min(extent.deaths, count - 1)):
        dead, back = _death(agents, number, count)
        result.deaths.append(dead)
        result.returns.append(back)
        time.sleep(5.0 + chance.random())
    console.note(f"a death known to all: {_seconds(result.deaths)}")
    return result


def _seconds(times: list[float | None]) -> str:
    return ", ".join("never" if t is None else f"{t:.2f}" for t in times)


def _join(agents: Agents, count: int, runner: Runner, extent: Extent) -> float | None:
    """From the moment when all are told to join until each has heard of each other."""
    begun = time.monotonic()
    agents.join(0)
    runner.together([lambda n=number: agents.join(n) for number in range(1, count)])
    return _last(agents.known_to_all(begun, extent.join_max))


def _rest(agents: Agents, flock: Flock, result: Result, console: Console, seconds: float) -> None:
    """Bytes, processor time and memory while nothing happens."""
    result.load = os.getloadavg()[0]
    traffic, processor = flock.traffic(), _processor(agents)
    begun = time.monotonic()
    _pause(console, "traffic at rest", seconds)
    later, used = flock.traffic(), _processor(agents) - processor
    took, count = time.monotonic() - begun, len(flock.machines)
    result.octets_per_second = sum(b.octets - a.octets for a, b in zip(traffic, later, strict=True)) / took / count
    result.packets_per_second = sum(b.packets - a.packets for a, b in zip(traffic, later, strict=True)) / took / count
    result.processor_share = used / took / count
    result.memory = statistics.median(_resident(program.pid) for program in agents.programs)


def _change(agents: Agents, number: int, count: int) -> float | None:
    others = [other for other in range(count) if other != number]
    followed = [agents.follow(other) for other in others]
    for one in followed:
        one.lines()
    begun = time.monotonic()
    agents.change(number)
    times = until_all(followed, lambda _, line: agents.tells_change(number, line), 60, begun)
    _close(followed)
    return _last(times)


def _death(agents: Agents, number: int, count: int) -> tuple[float | None, float | None]:
    """SIGKILL until all others hold it for dead; then its restart until all hold it for alive."""
    others = [other for other in range(count) if other != number]
    followed = [agents.follow(other) for other in others]
    for one in followed:
        one.lines()
    begun = kill(agents, number)
    dead = _last(until_all(followed, lambda _, line: agents.tells_death(number, line), 120, begun))
    begun = time.monotonic()
    agents.restart(number)
    back = _last(until_all(followed, lambda _, line: agents.tells_return(number, line), 120, begun))
    _close(followed)
    return dead, back


def _last(times: list[float | None]) -> float | None:
    return None if None in times else max(time for time in times if time is not None)


def _close(followed: list[Followed]) -> None:
    for one in followed:
        one.close()


def _pause(console: Console, why: str, seconds: float) -> None:
    console.note(f"{why}: {seconds:g} s")
    time.sleep(seconds)


def _processor(agents: Agents) -> float:
    """Seconds of processor time of all agents together, in user and kernel."""
    total = 0
    for program in agents.programs:
        text = Path(f"/proc/{program.pid}/stat").read_text()
        fields = text[text.rindex(")") + 2 :].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def _resident(pid: int) -> float:
    """Bytes of memory in use."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
