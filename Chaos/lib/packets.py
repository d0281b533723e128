"""What the hot path costs a packet by itself, suite by suite: `vine-bench` measures, this reports."""

from __future__ import annotations

import json
from pathlib import Path

from .report import Report
from .shell import Runner

SUITES = ("aes-256-gcm", "chacha20-poly1305", "aes-256-gmac", "hmac-sha-256", "unprotected")
LOADS = {
    "superPacket": "a segment of a super-packet",
    "datagrams64": "a datagram of 64 bytes",
    "datagrams1200": "a datagram of 1200 bytes",
    "acknowledgements": "an acknowledgement",
}


def measure(binaries: Path, report: Report, *, quick: bool, verbose: bool) -> None:
    runner = Runner(verbose)
    for suite in SUITES:
        argv = [str(binaries / "vine-bench"), "--json", "--suite", suite, "--seconds", "0.3" if quick else "2"]
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
