#!/usr/bin/env python3
"""`make demo`: three sites, one bootstrap peer, hosts without any software talk across NAT.

Builds the sites of the paper's Figure 3 in network namespaces, runs the real vine-meshd and vine-mesh in them, lets
unmodified programs talk, checks every claim, writes reports/demo.json and removes all it made.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from lib import (  # noqa: E402
    badinput,
    examined,
    certificates,
    failover,
    founding,
    matrix,
    mirrored,
    mpi,
    pairs,
    restart,
    rolling,
    sandbox,
    speed,
    unprivileged,
    work,
)
from lib.capture import LeakWatch  # noqa: E402
from lib.programs import missing_tools, needs_build, needs_root  # noqa: E402
from lib.report import Console, Report  # noqa: E402
from lib.router import VR  # noqa: E402
from lib.sandbox import Interrupted, Sandbox  # noqa: E402
from lib.shell import Runner  # noqa: E402
from lib.stage import Stage  # noqa: E402

REPOSITORY = Path(__file__).resolve().parent.parent
SECONDS_MAX = 180.0
"""The whole demo without the build; with the build it has to stay below ten minutes."""

Phase = tuple[str, str, Callable[[Stage], None]]

PHASES: list[Phase] = [
    ("pairs", "every host pair of a ViNe, both directions", pairs.all_pairs),
    ("isolation", "what a VR has to drop, and its counters", pairs.isolation),
    ("matrix", "every source to every destination, against a model", matrix.matrix),
    ("programs", "curl, ssh and iperf3 UDP between all sites", work.real_programs),
    ("large", "1472 bytes with DF, 4000 bytes without", work.large_packets),
    ("sealed", "search for plain text on the core", work.sealed),
    ("speed", "RTT added, TCP throughput, 1 GB", speed.speed),
    ("doctor", "faults that `vine-mesh doctor` has to name", examined.examined),
    ("mirror", "a site whose network uses the virtual space itself", mirrored.mirror),
    ("failover", "a site with two VRs loses the first", failover.fail_over),
    ("certificates", "expired certificates, and the authority's key sealed and carried", certificates.certificates),
    ("unprivileged", "VRs that do not run as root", unprivileged.unprivileged),
    ("restart", "SIGKILL at NWU, then at PU", restart.restarts),
    ("badinput", "tokens, configurations and machines that are wrong", badinput.bad_inputs),
]

ON_REQUEST: list[Phase] = [
    ("mpi", "Open MPI, HTTP and NFS across a public, a NATed and a mirrored site", mpi.mpi),
    ("rolling", "VRs upgraded one by one to the next version of the wire format", rolling.rolling),
]
"""Only with --only: they want programs that `make demo` does not install, or a debug build."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [name for name, _, _ in PHASES + ON_REQUEST]
    parser.add_argument("--only", action="append", choices=names, metavar="PHASE", help=f"one of {', '.join(names)}")
    parser.add_argument("--keep", action="store_true", help="leave the sites running for exploring")
    parser.add_argument("--remove", metavar="RUN", help="remove a run that --keep left, and do nothing else")
    parser.add_argument("--bin", type=Path, default=REPOSITORY / ".build/release", help="folder of the built programs")
    parser.add_argument("--report", type=Path, default=REPOSITORY / "reports/demo.json", help="where the report goes")
    parser.add_argument("--verbose", action="store_true", help="print every command")
    return parser.parse_args()


def obstacle(options: argparse.Namespace) -> tuple[int, str] | None:
    """What makes the demo impossible here: exit code and the line that names the mend."""
    if stop := needs_root("demo"):
        return stop
    missing = missing_tools(Runner())
    if missing:
        return 1, f"programs are missing: run `apt-get install {' '.join(missing)}` (`make demo` does it for you)"
    if "mpi" in (options.only or ()) and (lacking := mpi.missing_tools()):
        return 1, f"{lacking} is missing: `make mpi` installs it and runs the phase"
    return None if options.remove else needs_build("demo", options.bin)


def play(stage: Stage, options: argparse.Namespace) -> None:
    """All phases in order. Without sites and ViNes nothing else makes sense; later phases fail on their own."""
    console = stage.console
    console.phase("sites", "namespaces, NAT, init, invite, join")
    founding.build_sites(stage)
    processes, topology = stage.processes, stage.topology
    vrs = {site.name: VR(processes, site.name, topology.vr(site), options.bin.resolve()) for site in topology.sites}
    founding.found_mesh(stage, vrs)
    console.phase("vines", "physics and biology over the same VRs")
    founding.create_vines(stage)
    chosen = [phase for phase in PHASES + ON_REQUEST if phase[0] in options.only] if options.only else PHASES
    for name, about, act in chosen:
        _try(stage, name, about, act)
    if {"restart", "badinput"} & {name for name, _, _ in chosen}:
        again = "host pairs that still talk after restarts and bad input"
        _try(stage, "after", "nothing was lost", lambda s: pairs.all_pairs(s, again))
    _try(stage, "status", "what an operator sees", founding.show_status)


def _try(stage: Stage, name: str, about: str, act: Callable[[Stage], None]) -> None:
    """A phase whose failure is a failed claim, not the end."""
    stage.console.phase(name, about)
    try:
        act(stage)
    except Exception as error:
        stage.report.check(f"phase {name} runs to its end", False, f"{type(error).__name__}: {error}")
        if stage.runner.verbose:
            traceback.print_exc()


def explain_kept(stage: Stage) -> None:
    """How to explore what --keep leaves, and how to get rid of it."""
    vr = stage.vrs["uf"]
    host, far = stage.members(1)[0], stage.members(1)[-1]
    stage.console.phase("keep", "still running; explore with for example")
    stage.console.note(f"ip netns exec {host.ns} ping {far.alias}")
    stage.console.note(f"ip netns exec {vr.ns} {vr.binaries}/vine-mesh status --socket {vr.socket}")
    stage.console.note(f"remove it with: {sys.executable} {Path(__file__).resolve()} --remove {stage.topology.prefix}")


def main() -> int:
    options = arguments()
    if stop := obstacle(options):
        print(f"demo: {stop[1]}", file=sys.stderr)
        return stop[0]
    if options.remove:
        removed = sandbox.remove_run(Runner(options.verbose), options.remove)
        print(f"removed {options.remove}" if removed else f"there is no run {options.remove}")
        return 0 if removed else 1
    console = Console()
    report = Report("demo", console)
    for run in sandbox.sweep(Runner(options.verbose)):
        console.note(f"removed what an earlier run that was killed left: {run}")
    box = Sandbox(options.verbose)
    stage = Stage(box.topology, box.processes, report, console, LeakWatch(box.processes, box.topology))
    kept = False
    try:
        box.catch_signals()
        play(stage, options)
        if options.keep:
            box.keep()
            kept = True
            explain_kept(stage)
        else:
            _try(stage, "stop", "SIGTERM", founding.stop_all)
            _try(stage, "leaks", "the watch's result", work.no_leaks)
    except Interrupted as interrupt:
        report.check("the demo runs to its end", False, f"interrupted by {interrupt}")
    except Exception as error:
        report.check("the demo runs to its end", False, f"{type(error).__name__}: {error}")
    finally:
        sandbox.ignore_signals()
        _save_logs(stage, options.report)
        if not kept:
            console.phase("removal", "namespaces, processes, run folder")
            left = box.remove()
            report.check("nothing is left behind", not left, "; ".join(left) or "no namespace, process, rule or folder")
    report.figure("the whole demo without the build", console.seconds, "s", SECONDS_MAX, "lower")
    print(f"\n{report.table()}\n", flush=True)
    report.write(options.report)
    print(f"report: {options.report}")
    return 0 if report.holds else 1


def _save_logs(stage: Stage, report: Path) -> None:
    """The daemons' logs beside the report if a claim failed, because the run folder is about to be removed."""
    folder = report.with_name(f"{report.stem}-logs")
    shutil.rmtree(folder, ignore_errors=True)
    if stage.report.count("failed") and stage.vrs:
        folder.mkdir(parents=True)
        for name, vr in stage.vrs.items():
            (folder / f"{name}.log").write_text(vr.log())
        stage.console.note(f"a claim failed: the logs of the VRs are in {folder}")


if __name__ == "__main__":
    sys.exit(main())
