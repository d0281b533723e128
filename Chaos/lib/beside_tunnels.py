"""`make bench SUITE=peers`: vine-mesh's data path beside other ways to join two sites, on two cores, in turns.

Every system stands on two sites of its own through the whole run, and every round measures each of them once, so that a
busy minute of the machine hits all.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .ping import ping, seen_by, start_pinging
from .processes import processor_ticks, wait_until
from .programs import parse_iperf
from .report import Better, Console, Report
from .sandbox import Sandbox
from .tunnels import OTHERS, Tunnel, installed, vine_mesh
from .two_sites import TwoSites

OURS = "vine-mesh"
VARIANTS: dict[str, str] = {
    "ChaCha20-Poly1305": "suites: [chacha20-poly1305]\n",
    "GMAC": "suites: [aes-256-gmac]\n",
    "HMAC": "suites: [hmac-sha-256]\n",
    "unprotected": "suites: [unprotected]\n",
    "TUN injection": "dataPlane: {injection: tun}\n",
    "TUN": "dataPlane: {capture: tun, injection: tun}\n",
    "no offloads": "dataPlane: {offloads: false}\n",
}
"""Other ways of vine-mesh: name, and what is added to the configuration."""


@dataclass(frozen=True)
class Measure:
    """A figure of each system in each round."""

    unit: str
    better: Better
    about: str


MEASURES = {
    "tcp1": Measure("Gbit/s", "higher", "TCP, one flow"),
    "tcp4": Measure("Gbit/s", "higher", "TCP, four flows"),
    "reverse": Measure("Gbit/s", "higher", "TCP, one flow the other way"),
    "udp64": Measure("kpps", "higher", "UDP, 64 bytes, delivered"),
    "udp1200": Measure("kpps", "higher", "UDP, 1200 bytes, delivered"),
    "cpu": Measure("s/GB", "lower", "processor of both routers' programs for one TCP flow"),
    "rtt": Measure("ms", "lower", "round trip idle, p50"),
    "rtt99": Measure("ms", "lower", "round trip idle, p99"),
    "loaded": Measure("ms", "lower", "round trip beside a TCP flow, p50"),
    "loaded99": Measure("ms", "lower", "round trip beside a TCP flow, p99"),
}

GOALS: list[tuple[str, str, float]] = [
    ("tcp1", "kernel VXLAN", 1.4),
    ("tcp1", "wireguard-go", 10),
    ("tcp1", "fastd", 5),
    ("tcp1", "nebula", 10),
    ("tcp1", "tinc", 15),
    ("udp64", "wireguard-go", 4),
    ("udp64", "fastd", 2.3),
]
"""Ours is at least so many times theirs."""


@dataclass
class Samples:
    """What one system showed, round by round."""

    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, figures: dict[str, float]) -> None:
        for name, value in figures.items():
            self.values.setdefault(name, []).append(value)

    def median(self, name: str) -> float:
        known = [value for value in self.values.get(name, []) if math.isfinite(value)]
        return statistics.median(known) if known else math.nan

    def told(self, name: str) -> str:
        return f"rounds: {', '.join(f'{value:.3g}' for value in self.values.get(name, []))}"


def compare(
    binaries: Path, report: Report, console: Console, *, quick: bool, only: Iterable[str], verbose: bool
) -> None:
    """Sets all up, measures in turns, reports medians and ratios."""
    rounds, seconds = (2, 2) if quick else (5, 3)
    starts: dict[str, Callable[[Tunnel], None]] = dict(installed())
    starts[OURS] = vine_mesh(binaries)
    for name, config in VARIANTS.items():
        starts[f"{OURS}, {name}"] = vine_mesh(binaries, config)
    wanted = set(only)
    starts = {name: start for name, start in starts.items() if not wanted or name in wanted}
    for name in OTHERS:
        if name not in starts and not wanted:
            report.skip(f"beside {name}", "it is not installed")
    samples: dict[str, Samples] = {}
    with Sandbox.of_one_run(report, "peers", verbose) as box:
        tunnels = _set_up(box, starts, report, console)
        for number in range(1, rounds + 1):
            for tunnel in tunnels:
                found = _measure(tunnel, seconds)
                samples.setdefault(tunnel.name, Samples()).add(found)
                told = ", ".join(f"{key} {value:.3g}" for key, value in found.items())
                console.note(f"round {number} of {rounds}, {tunnel.name}: {told}")
    _report(report, samples)


def _set_up(
    box: Sandbox, starts: dict[str, Callable[[Tunnel], None]], report: Report, console: Console
) -> list[Tunnel]:
    tunnels = []
    for number, (name, start) in enumerate(starts.items()):
        console.phase("set up", name)
        folder = box.folder / f"tunnel{number}"
        folder.mkdir()
        tunnel = Tunnel(name, TwoSites(box.runner, box.prefix, f"t{number}"), box.processes, folder)
        tunnel.sites.build()
        try:
            start(tunnel)
            if not wait_until(lambda t=tunnel: _answers(t), 20, 0.2):
                raise RuntimeError("no host answers")
        except RuntimeError as error:
            # The others can be measured all the same; a system of ours has to work.
            if name.startswith(OURS):
                report.check(f"{name} joins two sites", False, str(error))
            else:
                report.skip(f"beside {name}", str(error))
            continue
        server = ["iperf3", "-s", "-B", tunnel.addresses[1], "-p", "5201"]
        box.processes.serve(f"iperf3-{number}", server, tunnel.sites.b.host, 5201)
        tunnels.append(tunnel)
    return tunnels


def _answers(tunnel: Tunnel) -> bool:
    source = tunnel.sites.a.host
    return ping(tunnel.processes.runner, source, tunnel.addresses[1], count=1, interval=0.2).received == 1


def _measure(tunnel: Tunnel, seconds: int) -> dict[str, float]:
    """One round of one system. A figure that could not be had is not a number."""
    found: dict[str, float] = {}
    host, target, runner = tunnel.sites.a.host, tunnel.addresses[1], tunnel.processes.runner
    # Below 10 ms between two, ping itself keeps one of the processors busy.
    idle = sorted(ping(runner, host, target, count=200, interval=0.01).rtts_ms)
    found["rtt"], found["rtt99"] = _share(idle, 0.5), _share(idle, 0.99)
    before = _ticks(tunnel)
    document = _iperf(tunnel, "-t", str(seconds))
    spent = (_ticks(tunnel) - before) / os.sysconf("SC_CLK_TCK")
    found["tcp1"] = _gigabits(document)
    count = _bytes(document)
    found["cpu"] = spent / (count / 1e9) if count else math.nan
    found["tcp4"] = _gigabits(_iperf(tunnel, "-t", str(seconds), "-P", "4"))
    found["reverse"] = _gigabits(_iperf(tunnel, "-t", str(seconds), "-R"))
    for size in (64, 1200):
        found[f"udp{size}"] = _packets(_iperf(tunnel, "-u", "-b", "0", "-l", str(size), "-t", str(seconds)))
    pinger = start_pinging(tunnel.processes, f"loaded-{time.monotonic_ns()}", host, target, interval=0.01)
    _iperf(tunnel, "-t", str(seconds))
    tunnel.processes.end(pinger)
    loaded = sorted(seen_by(pinger).rtts_ms)
    found["loaded"], found["loaded99"] = _share(loaded, 0.5), _share(loaded, 0.99)
    return found


def _share(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else math.nan


def _ticks(tunnel: Tunnel) -> int:
    return sum(processor_ticks(pid) for pid in tunnel.sites.pids())


def _iperf(tunnel: Tunnel, *flags: str) -> str:
    argv = ["iperf3", "-J", "-c", tunnel.addresses[1], "-p", "5201", "-C", "cubic", "--connect-timeout", "5000", *flags]
    if "-u" in flags:
        argv = [word for word in argv if word not in ("-C", "cubic")]
    return tunnel.processes.runner.run(argv, ns=tunnel.sites.a.host, timeout=40).out


def _gigabits(document: str) -> float:
    try:
        return parse_iperf(document).mbps / 1000
    except (RuntimeError, KeyError):
        return math.nan


def _bytes(document: str) -> int:
    try:
        return parse_iperf(document).bytes
    except (RuntimeError, KeyError):
        return 0


def _packets(document: str) -> float:
    """Thousands of packets that arrived in a second."""
    try:
        end = json.loads(document)["end"]["sum"]
        return (end["packets"] - end["lost_packets"]) / end["seconds"] / 1000
    except (ValueError, KeyError, ZeroDivisionError):
        return math.nan


def _report(report: Report, samples: dict[str, Samples]) -> None:
    for system, shown in samples.items():
        for name, measure in MEASURES.items():
            value = shown.median(name)
            if math.isfinite(value):
                report.observe(f"{system}: {measure.about}", value, measure.unit, measure.better, shown.told(name))
            else:
                report.skip(f"{system}: {measure.about}", "it could not be measured")
    ours = samples.get(OURS)
    if ours is None:
        return
    for name, system, goal in GOALS:
        if system in samples and math.isfinite(samples[system].median(name)):
            _ratio(report, f"{MEASURES[name].about}, vine-mesh / {system}", ours, samples[system], name, goal)
    for name in ("tcp4", "reverse"):
        share = ours.median(name) / ours.median("tcp1")
        report.figure(f"{MEASURES[name].about}, share of one flow", share, "x", 0.9)
    report.figure(f"{OURS}: {MEASURES['cpu'].about}", ours.median("cpu"), "s/GB", 2.0, "lower")
    report.figure("round trip beside a TCP flow, p99", ours.median("loaded99"), "ms", 3, "lower")
    base, fastd = samples.get("kernel routing"), samples.get("fastd")
    if base and fastd:
        own, their = (each.median("rtt") - base.median("rtt") for each in (ours, fastd))
        told = f"{own:.3f} ms over kernel routing beside {their:.3f} ms"
        report.figure("round trip that both routers add, idle p50, vine-mesh / fastd", own / their, "x", 1, "lower", told)


def _ratio(report: Report, name: str, ours: Samples, theirs: Samples, key: str, goal: float) -> None:
    """The ratio of the medians, and the ratios of the rounds, which tell the spread."""
    rounds = [a / b for a, b in zip(ours.values[key], theirs.values[key], strict=False) if b]
    told = f"rounds: {', '.join(f'{value:.2f}' for value in rounds)}"
    report.figure(name, ours.median(key) / theirs.median(key), "x", goal, detail=told)
