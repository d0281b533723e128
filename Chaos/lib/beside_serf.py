"""The control plane beside Debian's serf: the same questions to both, one after the other, on machines all alike."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

from .agents import Agents, SerfAgents, VineAgents
from .control_plane import Extent, Result, measure
from .flock import Flock
from .report import Console, Report
from .sandbox import Sandbox

FULL = Extent(changes=12, deaths=6, rest=60)
QUICK = Extent(changes=4, deaths=2, rest=20)


def compare(
    binaries: Path, report: Report, console: Console, *, nodes: int, loss: float, seed: int, quick: bool, verbose: bool
) -> None:
    """Runs both and reports each figure; without serf, vine-mesh alone."""

    def run(system: str) -> Result:
        with Sandbox.of_one_run(report, system, verbose) as box:
            flock = Flock(box.runner, box.prefix, nodes)
            flock.build(loss)
            agents: Agents = (
                SerfAgents(box.processes, flock)
                if system == "serf"
                else VineAgents(box.processes, flock, binaries)
            )
            return measure(agents, flock, box.runner, console, QUICK if quick else FULL, seed)

    theirs = None
    if shutil.which("serf"):
        theirs = run("serf")
    else:
        report.skip("vine-mesh beside serf", "there is no serf: run `apt-get install serf`")
    ours = run("vine-mesh")
    console.phase("figures", f"{nodes} agents each, {loss:g} % of packets lost")
    _report(report, ours, theirs)
    for system, result in (("vine-mesh", ours), ("serf", theirs)):
        if result:
            report.observe(f"{system}: machine's load before counting at rest", result.load, "runnable", "lower")


def _told(times: list[float | None], share: float) -> float:
    """A percentile of times; infinite if that many were never heard of."""
    ordered = sorted(float("inf") if time is None else time for time in times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _report(report: Report, ours: Result, theirs: Result | None) -> None:
    """Each figure of both, and the ratio, which is to be at most 1."""
    rows = [
        ("all know all after a mass join", "s", lambda r: r.join, False),
        ("a change known to all, p50", "s", lambda r: _told(r.changes, 0.5), True),
        ("a change known to all, longest", "s", lambda r: _told(r.changes, 1), True),
        ("a death known to all, p50", "s", lambda r: _told(r.deaths, 0.5), True),
        ("a death known to all, longest", "s", lambda r: _told(r.deaths, 1), True),
        ("a restart known to all, p50", "s", lambda r: _told(r.returns, 0.5), False),
        ("traffic at rest per agent, rx + tx", "B/s", lambda r: r.octets_per_second, True),
        ("packets at rest per agent, rx + tx", "1/s", lambda r: r.packets_per_second, False),
        ("processor at rest per agent", "%", lambda r: r.processor_share * 100, False),
        ("memory per agent, median", "MB", lambda r: r.memory / 1e6, False),
    ]
    for name, unit, value, judged in rows:
        own = float(value(ours) or 0)
        if not math.isfinite(own):
            report.check(f"vine-mesh: {name}", False, "not all knew in time")
            continue
        report.observe(f"vine-mesh: {name}", own, unit, "lower")
        if theirs is None:
            continue
        other = float(value(theirs) or 0)
        if not math.isfinite(other):
            report.skip(f"{name}, vine-mesh / serf", "not all serf agents knew in time")
            continue
        report.observe(f"serf: {name}", other, unit, "lower")
        if judged:
            report.figure(f"{name}, vine-mesh / serf", own / other, "x", 1.0, "lower")
        elif other:
            report.observe(f"{name}, vine-mesh / serf", own / other, "x", "lower")
