"""What the hot path costs a packet by itself, suite by suite: `vine-bench` measures, this reports."""

from __future__ import annotations

import json
from pathlib import Path

from .report import Report
from .sandbox import Sandbox
from .shell import Runner
from .two_sites import TwoSites

SUITES = ("aes-256-gcm", "chacha20-poly1305", "aes-256-gmac", "hmac-sha-256", "unprotected")
LOADS = {
    "superPacket": "a segment of a super-packet",
    "datagrams64": "a datagram of 64 bytes",
    "datagrams1200": "a datagram of 1200 bytes",
    "acknowledgements": "an acknowledgement",
}


def measure(binaries: Path, report: Report, *, quick: bool, verbose: bool) -> None:
    _costs(Runner(verbose), binaries, report, "0.3" if quick else "2")
    _lookups(Runner(verbose), binaries, report, "0.5" if quick else "3")
    _idle(binaries, report, "5" if quick else "20", verbose)


def _lookups(runner: Runner, binaries: Path, report: Report, seconds: str) -> None:
    """Decisions against a GNDT of many ranges."""
    argv = [str(binaries / "vine-bench"), "lookups", "--json", "--seconds", seconds]
    outcome = runner.run(argv, timeout=180)
    if not outcome.ok:
        report.check("GNDT look-ups: measured", False, outcome.err.strip())
        return
    for cost in json.loads(outcome.out):
        for direction in ("outbound", "inbound"):
            name = f"decision {direction} at {cost['ranges']} ranges"
            report.observe(name, cost[direction], "ns", "lower", "random destinations")


def _idle(binaries: Path, report: Report, seconds: str, verbose: bool) -> None:
    """A data plane with its queue, port and interface."""
    with Sandbox.of_one_run(report, "packets", verbose) as box:
        sites = TwoSites(box.runner, box.prefix, "t0")
        sites.build()
        argv = [str(binaries / "vine-bench"), "idle", "--peers", "1000", "--seconds", seconds]
        outcome = box.runner.run(argv, ns=sites.a.router, timeout=60)
        if not outcome.ok:
            report.check("a data plane with 1000 idle peers", False, outcome.err.strip())
            return
        found = json.loads(outcome.out)
        report.figure("data plane, 1000 idle peers: processor", found["processorPercent"], "%", 1, "lower")
        report.figure("data plane, 1000 idle peers: resident", found["residentMebibytes"], "MiB", 100, "lower")


def _costs(runner: Runner, binaries: Path, report: Report, seconds: str) -> None:
    for suite in SUITES:
        argv = [str(binaries / "vine-bench"), "--json", "--suite", suite, "--seconds", seconds]
        outcome = runner.run(argv, timeout=120)
        if not outcome.ok:
            report.check(f"packets, {suite}: measured", False, outcome.err.strip())
            continue
        for cost in json.loads(outcome.out):
            name = f"{suite}, {LOADS[cost['load']]}, {cost['direction']}"
            report.observe(name, cost["nanoseconds"], "ns", "lower", f"{cost['packets']} packets")
            if suite == SUITES[0]:
                most = max(cost["allocations"], cost["retains"], cost["releases"])
                told = "; ".join(f"{key} {cost[key]:.4f}" for key in ("allocations", "retains", "releases"))
                # What a batch or the measuring itself asks once is not asked for each packet.
                report.check(f"{name}: no allocation and no reference", most < 0.05, told)
