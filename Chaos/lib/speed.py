"""Phase `speed`: TCP throughput and the round trip time that two VRs add."""

from __future__ import annotations

from .ping import ping
from .programs import Transfer, iperf
from .stage import Stage
from .topology import NWU, PU, UF, Host

TCP_FLOOR = 300.0
"""Mbit/s between public sites with AEAD on. The paper measured 80 without HMAC; the fast path comes later."""

RTT_ADDED_MAX = 0.5
"""Milliseconds that both VRs together may add (the paper: 1)."""

ROUNDS = 3
"""The five pings of the RTT comparison take turns, so that a busy moment of the machine hits all of them."""


def tcp(stage: Stage) -> None:
    """1 GiB UF to NWU, then shorter runs for the other directions, one at a time."""
    uf, nwu, pu = (stage.topology.host(site, 1) for site in (UF, NWU, PU))
    gibibyte = _run(stage, uf, nwu, "-n", "1G")
    detail = f"1 GiB arrived in one TCP stream, {gibibyte.retransmits} retransmits"
    stage.report.figure("iperf3 TCP UF to NWU", gibibyte.mbps, "Mbit/s", TCP_FLOOR, detail=detail)
    # iperf3 ends a transfer by count when all is sent; what the receiver had not read yet is at most its buffer.
    stage.report.figure("1 GB TCP transfer UF to NWU", gibibyte.bytes / 1e9, "GB", 1.0)
    back = _run(stage, nwu, uf, "-t", "3")
    stage.report.figure("iperf3 TCP NWU to UF", back.mbps, "Mbit/s", TCP_FLOOR)
    for source, target in ((uf, pu), (pu, uf), (nwu, pu), (pu, nwu)):
        result = _run(stage, source, target, "-t", "2")
        name = f"iperf3 TCP {source.site.name.upper()} to {target.site.name.upper()}"
        stage.report.observe(name, result.mbps, "Mbit/s", detail="through PU's TCP channel")
        stage.report.check(f"{name} carries data", result.bytes > 1_000_000, f"{result.bytes / 1e6:.0f} MB in 2 s")


def _run(stage: Stage, source: Host, target: Host, *flags: str) -> Transfer:
    return iperf(stage.processes, source, target, *flags, port=stage.next_port())


def round_trips(stage: Stage) -> None:
    """p50 host to host, minus p50 VR to VR over the underlay, minus p50 of both LAN hops.

    Every ping also pays for ping itself and for the kernel's answer; a ping of the host's own loopback measures that.
    Three are subtracted and one is in the first, so two go back: without them the VRs would look 0.1 ms too fast.
    """
    source, target = stage.topology.host(UF, 1), stage.topology.host(NWU, 1)
    roads = {
        "host to host": (source.ns, target.alias),
        "VR to VR": (stage.topology.vr(UF), NWU.endpoint),
        "LAN at UF": (source.ns, UF.lan),
        "LAN at NWU": (target.ns, NWU.lan),
        "ping itself": (source.ns, "127.0.0.1"),
    }
    ping(stage.runner, source.ns, target.alias, count=20, interval=0.01)
    samples: dict[str, list[float]] = {name: [] for name in roads}
    for _ in range(ROUNDS):
        for name, (namespace, address) in roads.items():
            samples[name] += ping(stage.runner, namespace, address, count=60, interval=0.01).rtts_ms
    p50 = {name: median(rtts) for name, rtts in samples.items()}
    known = p50["VR to VR"] + p50["LAN at UF"] + p50["LAN at NWU"] - 2 * p50["ping itself"]
    added = p50["host to host"] - known
    told = ", ".join(f"{name} {value:.3f}" for name, value in p50.items())
    stage.report.figure("RTT added by both VRs (p50)", added, "ms", RTT_ADDED_MAX, "lower", told)


def median(values: list[float]) -> float:
    """The middle value; infinite without values, so that a dead road can't look fast."""
    return sorted(values)[len(values) // 2] if values else float("inf")


def speed(stage: Stage) -> None:
    round_trips(stage)
    tcp(stage)

