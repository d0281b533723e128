"""`make bench SUITE=links`: the emulator by itself, bandwidth estimates against the emulated rates, near thin relay against far fat."""

from __future__ import annotations

import statistics
import time
from contextlib import contextmanager
from pathlib import Path
from collections.abc import Iterator

from .ping import ping
from .processes import wait_until
from .programs import iperf
from .report import Console, Report
from .sandbox import Sandbox
from .table3 import TCP_SHARE, Case, Mesh

RATES = (1.0, 10.0, 20.4, 63.1, 100.0, 500.0)
"""Mbit/s of the link, those of the paper's Table 3 among them."""
ERROR_MAX, ERROR_BESIDE_TRAFFIC_MAX = 0.10, 0.20
CROSS = 0.3
"""Of the link's rate, in packets that have nothing to do with the mesh."""
BUCKET = "256kB"
SETTLING = 3
"""Probes after the link was shaped anew."""
DELAY_ERROR_MAX = 0.5
"""ms at 100 Mbit/s."""
THIN, FAT = 10.0, 60.0


def compare(binaries: Path, report: Report, console: Console, quick: bool, verbose: bool) -> None:
    with Sandbox.of_one_run(report, "links", verbose) as box:
        mesh = Mesh(box, Case("links"), binaries, ("uf", "pu"), _shape(100))
        try:
            mesh.start()
            console.phase("emulator", "a link of 100 Mbit/s, 10 ms each way")
            _emulator(mesh, report)
            mesh.found()
            rates = (1.0, 20.4, 100.0) if quick else RATES
            for name, shaped, cross, error_max in (
                ("alone", _shape, 0.0, ERROR_MAX),
                (f"beside {CROSS:.0%} other traffic", _shape, CROSS, ERROR_BESIDE_TRAFFIC_MAX),
                (f"with a token bucket of {BUCKET}", _bucket, 0.0, ERROR_MAX),
            ):
                console.phase("estimates", name)
                for rate in rates:
                    _reshape(mesh, shaped(rate))
                    with _other_traffic(mesh, rate * cross):
                        _estimate(mesh, report, f"{rate:g} Mbit/s {name}", rate, error_max)
        finally:
            mesh.stop()
        _relays(box, binaries, report, console)


def _shape(rate: float) -> str:
    return f"rate={rate:.3f}mbit delay=10ms"


def _bucket(rate: float) -> str:
    return f"rate={rate:.3f}mbit burst={BUCKET} delay=10ms"


def _reshape(mesh: Mesh, shape: str) -> None:
    mesh.wan.link("uf", "pu").shape(shape)
    mesh.wan.emulator.reload()
    time.sleep(0.3)


def _emulator(mesh: Mesh, report: Report) -> None:
    """What it does to packets, past the mesh."""
    source, target = mesh.site("uf"), mesh.site("pu")
    runner, namespace = mesh.box.runner, mesh.wan.vr(source)
    _reshape(mesh, "rate=100mbit delay=0ms")
    bare = ping(runner, namespace, target.endpoint, count=200, interval=0.01)
    _reshape(mesh, _shape(100))
    delayed = ping(runner, namespace, target.endpoint, count=200, interval=0.01)
    for name, share in (("median", 0.5), ("95th percentile", 0.95)):
        off = abs(_quantile(delayed.rtts_ms, share) - 20 - _quantile(bare.rtts_ms, share)) / 2
        told = f"{_quantile(delayed.rtts_ms, share):.2f} ms there and back, {_quantile(bare.rtts_ms, share):.2f} without delay"
        report.figure(f"emulator: delay is off by, {name}", off, "ms", DELAY_ERROR_MAX, "lower", told)
    for rate in (1.0, 20.4, 100.0, 500.0):
        _reshape(mesh, _shape(rate))
        # TCP over full packets; the same share as the paper's rates.
        mbps = mesh.physical(("uf", "pu"), 4)[1] / TCP_SHARE
        report.figure(f"emulator: rate of {rate:g} Mbit/s", mbps / rate, "of the rate", 0.95, detail=f"{mbps:.2f} Mbit/s")
    _reshape(mesh, _shape(100))


def _quantile(values: tuple[float, ...], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("inf")


@contextmanager
def _other_traffic(mesh: Mesh, mbps: float) -> Iterator[None]:
    """Datagrams over the same link in both directions, between the VRs' machines and past the mesh."""
    if mbps <= 0:
        yield
        return
    sites = mesh.site("uf"), mesh.site("pu")
    programs = []
    for number, (source, target) in enumerate((sites, sites[::-1])):
        port = 5900 + number
        argv = ["iperf3", "-s", "-1", "-B", target.endpoint, "-p", str(port)]
        programs.append(mesh.box.processes.serve(f"other-server-{source.name}", argv, mesh.wan.vr(target), port))
        load = ["-u", "-b", f"{mbps:.3f}M", "-l", "1400", "-t", "60"]
        argv = ["iperf3", "-c", target.endpoint, "-p", str(port), *load]
        programs.append(mesh.box.processes.start(f"other-client-{source.name}", argv, mesh.wan.vr(source)))
    time.sleep(1.5)
    try:
        yield
    finally:
        for program in programs:
            mesh.box.processes.end(program)


def _estimate(mesh: Mesh, report: Report, name: str, rate: float, error_max: float) -> None:
    """Probes on demand, as an operator would. The link was another one before, and one reading that contradicts all others
    is not believed, so the first ones do not count; the median of three, of each direction."""
    vr = mesh.vrs["uf"]
    found: dict[str, list[float]] = {"to": [], "from": []}
    for number in range(SETTLING + 3):
        time.sleep(1)
        outcome = vr.tool("relay", "probe", "pu", "--json", "--socket", str(vr.socket), timeout=90)
        if not outcome.ok or number < SETTLING:
            continue
        link = vr.view("status", "links")["links"][0]
        for word, key in (("to", "outMbps"), ("from", "inMbps")):
            if key in link:
                found[word].append(link[key])
    for word, values in found.items():
        error = abs(statistics.median(values) / rate - 1) if values else float("inf")
        told = ", ".join(f"{value:.1f}" for value in values) or "nothing was measured"
        report.figure(f"estimate {name}, {word} the other", error, "of the rate off", error_max, "lower", f"{told} Mbit/s")


def _relays(box: Sandbox, binaries: Path, report: Report, console: Console) -> None:
    """Two limited VRs, a public one near with thin links and one far with fat ones."""
    console.phase("relays", f"near with {THIN:g} Mbit/s, far with {FAT:g}")
    names = ("uf", "nwu", "pu", "iu")
    mesh = Mesh(box, Case("relays", ("pu", "iu")), binaries, names, "rate=100mbit delay=2ms")
    for limited in ("pu", "iu"):
        mesh.wan.link("uf", limited).shape(f"rate={THIN}mbit delay=2ms")
        mesh.wan.link("nwu", limited).shape(f"rate={FAT}mbit delay=25ms")
    try:
        mesh.start()
        mesh.found()
        chosen = wait_until(lambda: all(mesh.queue_of(name) == "nwu" for name in ("pu", "iu")), 120, 0.5)
        told = ", ".join(f"{name}: {mesh.queue_of(name)}" for name in ("pu", "iu"))
        report.check("the far fat relay is chosen over the near thin one", chosen, told)
        rates = {}
        for queue in ("uf", "nwu"):
            for name in ("pu", "iu"):
                mesh.vrs[name].ask("relay", "pin", queue)
                wait_until(lambda n=name, q=queue: mesh.queue_of(n) == q, 40, 0.3)
            time.sleep(2)
            hosts = [mesh.wan.host(mesh.site(name), 1) for name in ("pu", "iu")]
            rates[queue] = iperf(box.processes, *hosts, "-t", "10", "-O", "3", port=5950 + len(rates)).mbps
        ratio = rates["nwu"] / rates["uf"] if rates["uf"] else 0.0
        report.figure(
            "iperf3 through the fat relay beside the thin one", ratio, "times", 0.9 * FAT / THIN,
            detail=f"{rates['nwu']:.1f} and {rates['uf']:.1f} Mbit/s, pinned in turn; the links: {FAT:g} and {THIN:g}",
        )  # fmt: skip
    finally:
        mesh.stop()
