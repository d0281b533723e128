#!/usr/bin/env python3
"""`make bench`: vine-mesh beside its peers, on the same machine, in the same run.

  serf  as many vine-mesh daemons as serf agents (Debian's package), each in a network namespace of its own, with the
        same loss: how long until all know all, a change, a death; bytes, processor and memory at rest
  churn   how long traffic stands still when a NAT forgets, a queue-VR dies, a channel is cut
  links   the link emulator by itself, bandwidth estimates against its rates, a thin relay against a fat one
  packets what the hot path costs a packet by itself: nanoseconds, allocations, references
  peers   the data path beside kernel VXLAN, wireguard-go, tinc, nebula, fastd and openvpn (Debian's packages)
  table3  the paper's Table 3 over emulated links
  etcd  three voters of both on the same disk: decisions a second

Writes reports/bench.json and removes all it made.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from lib import beside_etcd, beside_serf, beside_tunnels, churn, links, packets, sandbox, table3  # noqa: E402
from lib.flock import MACHINES_MAX  # noqa: E402
from lib.programs import needs_build, needs_root  # noqa: E402
from lib.report import Console, Report  # noqa: E402
from lib.sandbox import Interrupted  # noqa: E402
from lib.shell import Runner  # noqa: E402

REPOSITORY = Path(__file__).resolve().parent.parent
SUITES = ("churn", "etcd", "links", "packets", "peers", "serf", "table3")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", action="append", choices=SUITES, help="beside whom; otherwise all")
    parser.add_argument("--nodes", type=int, default=32, help=f"agents of each system, 3 to {MACHINES_MAX}")
    parser.add_argument("--loss", type=float, default=5.0, help="per cent of packets that each machine loses")
    parser.add_argument("--seed", type=int, default=1, help="which agents change and die")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--bin", type=Path, default=REPOSITORY / ".build/release", help="folder of the built programs")
    parser.add_argument("--report", type=Path, default=REPOSITORY / "reports/bench.json", help="where the report goes")
    parser.add_argument("--only", action="append", help="suite peers: this system, and others named so")
    parser.add_argument("--verbose", action="store_true", help="print every command")
    options = parser.parse_args()
    if not 3 <= options.nodes <= MACHINES_MAX:
        parser.error(f"--nodes is 3 to {MACHINES_MAX}")
    if not 0 <= options.loss <= 50:
        parser.error("--loss is 0 to 50")
    return options


def main() -> int:
    options = arguments()
    if stop := needs_root("bench") or needs_build("bench", options.bin):
        print(f"bench: {stop[1]}", file=sys.stderr)
        return stop[0]
    console = Console()
    report = Report("bench", console)
    for old in sandbox.sweep(Runner(options.verbose)):
        console.note(f"removed what an earlier run that was killed left: {old}")
    binaries = options.bin.resolve()
    try:
        if "etcd" in (options.suite or SUITES):
            rounds = 3 if options.quick else 7
            beside_etcd.compare(binaries, report, console, rounds=rounds, verbose=options.verbose)
        if "packets" in (options.suite or SUITES):
            packets.measure(binaries, report, quick=options.quick, verbose=options.verbose)
        if "peers" in (options.suite or SUITES):
            beside_tunnels.compare(
                binaries, report, console, quick=options.quick, only=options.only or (), verbose=options.verbose
            )
        if "table3" in (options.suite or SUITES):
            table3.compare(binaries, report, console, quick=options.quick, verbose=options.verbose)
        if "links" in (options.suite or SUITES):
            links.compare(binaries, report, console, quick=options.quick, verbose=options.verbose)
        if "churn" in (options.suite or SUITES):
            churn.compare(binaries, report, console, verbose=options.verbose)
        if "serf" in (options.suite or SUITES):
            beside_serf.compare(
                binaries,
                report,
                console,
                nodes=options.nodes,
                loss=options.loss,
                seed=options.seed,
                quick=options.quick,
                verbose=options.verbose,
            )
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
