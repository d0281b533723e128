#!/usr/bin/env python3
"""`make bench`: vine-mesh beside its peers, on the same machine, in the same run.

Control plane: as many vine-mesh daemons as serf agents (Debian's package), each in a network namespace of its own, with
the same loss. How long until all know all, until all know a change, until all know a death; bytes, processor and
memory at rest. Writes reports/bench.json and removes all it made.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from lib import sandbox  # noqa: E402
from lib.agents import Agents, SerfAgents, VineAgents  # noqa: E402
from lib.control_plane import Extent, Result, measure  # noqa: E402
from lib.flock import MACHINES_MAX, Flock  # noqa: E402
from lib.report import Console, Report  # noqa: E402
from lib.sandbox import Interrupted, Sandbox  # noqa: E402
from lib.shell import Runner  # noqa: E402

REPOSITORY = Path(__file__).resolve().parent.parent
FULL = Extent(changes=12, deaths=6, rest=60)
QUICK = Extent(changes=4, deaths=2, rest=20)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=32, help=f"agents of each system, 3 to {MACHINES_MAX}")
    parser.add_argument("--loss", type=float, default=5.0, help="per cent of packets that each machine loses")
    parser.add_argument("--seed", type=int, default=1, help="which agents change and die")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--bin", type=Path, default=REPOSITORY / ".build/release", help="folder of the built programs")
    parser.add_argument("--report", type=Path, default=REPOSITORY / "reports/bench.json", help="where the report goes")
    parser.add_argument("--verbose", action="store_true", help="print every command")
    options = parser.parse_args()
    if not 3 <= options.nodes <= MACHINES_MAX:
        parser.error(f"--nodes is 3 to {MACHINES_MAX}")
    if not 0 <= options.loss <= 50:
        parser.error("--loss is 0 to 50")
    return options


def obstacle(options: argparse.Namespace) -> tuple[int, str] | None:
    """What makes the bench impossible here: exit code and the line that names the mend."""
    if os.geteuid() != 0:
        return 77, "the bench makes network namespaces and needs root: run `sudo make bench`"
    for program in ("vine-meshd", "vine-mesh"):
        if not os.access(options.bin / program, os.X_OK):
            return 1, f"{options.bin / program} is not built: run `make bench`, or `swift build -c release` and again"
    return None


def run(system: str, options: argparse.Namespace, console: Console, report: Report) -> Result:
    """One system in a sandbox of its own, which is removed whatever happens."""
    box = Sandbox(options.verbose)
    flock = Flock(box.runner, box.prefix, options.nodes)
    try:
        box.catch_signals()
        flock.build(options.loss)
        agents: Agents = (
            SerfAgents(box.processes, flock)
            if system == "serf"
            else VineAgents(box.processes, flock, options.bin.resolve())
        )
        return measure(agents, flock, box.runner, console, QUICK if options.quick else FULL, options.seed)
    finally:
        left = box.remove()
        report.check(f"{system}: nothing is left behind", not left, "; ".join(left) or "no namespace, process or folder")


def told(times: list[float | None], share: float) -> float:
    """A percentile of times; infinite if that many were never heard of."""
    ordered = sorted(float("inf") if time is None else time for time in times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def compare(report: Report, ours: Result, theirs: Result | None) -> None:
    """Each figure of both, and the ratio, which is to be at most 1."""
    rows = [
        ("all know all after a mass join", "s", lambda r: r.join, False),
        ("a change known to all, p50", "s", lambda r: told(r.changes, 0.5), True),
        ("a change known to all, longest", "s", lambda r: told(r.changes, 1), True),
        ("a death known to all, p50", "s", lambda r: told(r.deaths, 0.5), True),
        ("a death known to all, longest", "s", lambda r: told(r.deaths, 1), True),
        ("a restart known to all, p50", "s", lambda r: told(r.returns, 0.5), False),
        ("traffic at rest per agent, rx + tx", "B/s", lambda r: r.octets_per_second, True),
        ("packets at rest per agent, rx + tx", "1/s", lambda r: r.packets_per_second, False),
        ("processor at rest per agent", "%", lambda r: r.processor_share * 100, False),
        ("memory per agent, median", "MB", lambda r: r.memory / 1e6, False),
    ]
    for name, unit, value, judged in rows:
        own = float(value(ours) or 0)
        report.observe(f"vine-mesh: {name}", own, unit, "lower")
        if theirs is None:
            continue
        other = float(value(theirs) or 0)
        report.observe(f"serf: {name}", other, unit, "lower")
        ratio = own / other if other else float("inf")
        if judged:
            report.figure(f"{name}, vine-mesh / serf", ratio, "x", 1.0, "lower")
        else:
            report.observe(f"{name}, vine-mesh / serf", ratio, "x", "lower")


def main() -> int:
    options = arguments()
    if stop := obstacle(options):
        print(f"bench: {stop[1]}", file=sys.stderr)
        return stop[0]
    console = Console()
    report = Report("bench", console)
    for old in sandbox.sweep(Runner(options.verbose)):
        console.note(f"removed what an earlier run that was killed left: {old}")
    loss = f"{options.nodes} agents each, {options.loss:g} % of packets lost"
    try:
        theirs = None
        if shutil.which("serf"):
            theirs = run("serf", options, console, report)
        else:
            report.skip("vine-mesh beside serf", "there is no serf: run `apt-get install serf`")
        ours = run("vine-mesh", options, console, report)
        console.phase("figures", loss)
        compare(report, ours, theirs)
        loads = [f"{r.load:.2f}" for r in (ours, theirs) if r]
        report.observe("machine's load before counting at rest, vine-mesh", ours.load, "", "lower", f"of {loads}")
    except Interrupted as interrupt:
        report.check("the bench runs to its end", False, f"interrupted by {interrupt}")
    except Exception as error:
        report.check("the bench runs to its end", False, f"{type(error).__name__}: {error}")
    print(f"\n{report.table()}\n", flush=True)
    report.write(options.report)
    print(f"report: {options.report}")
    return 1 if report.count("failed") else 0


if __name__ == "__main__":
    sys.exit(main())
