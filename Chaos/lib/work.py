"""Phases `programs`, `large` and `sealed`: unmodified programs, packets of every size, no plain text on the way."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

from .capture import WholeCapture
from .ping import ping
from .programs import iperf
from .stage import MARKER, Stage
from .topology import NWU, PU, UF, Host

UDP_RATE = "10M"
"""Mbit/s of each of the six UDP streams that run at the same time: far below what two cores carry."""

LOSS_MAX = 1.0
"""Per cent of UDP datagrams that may be lost at that rate."""

INNER_MTU_MIN = 1280
"""Bytes: less than this for a virtual packet would mean that overhead is wasted (36 to 76 bytes are needed)."""


def directions(stage: Stage) -> list[tuple[Host, Host]]:
    """The h1 hosts of every two sites, both ways."""
    return list(permutations(stage.members(1), 2))


def real_programs(stage: Stage) -> None:
    """curl, ssh and iperf3 UDP between all sites in both directions (TCP speed has a phase of its own)."""
    pairs, report = directions(stage), stage.report
    web, ssh = stage.web(), stage.ssh()
    faults = stage.runner.together([lambda p=pair: web.fetch(*p, stage.processes.folder) for pair in pairs])
    told = f"8 MB from python3 -m http.server, {len(pairs)} ways"
    _all(stage, "curl fetches a file with the right checksum", faults, told)
    faults = stage.runner.together([lambda p=pair: ssh.visit(*p) for pair in pairs])
    _all(stage, "ssh runs a command and shows the peer's own address", faults, f"{len(pairs)} ways, no NAT in between")
    ports = [stage.next_port() for _ in pairs]
    flags = ["-u", "-b", UDP_RATE, "-l", "1200", "-t", "2"]
    streams = zip(pairs, ports, strict=True)
    jobs = [lambda p=pair, n=port: iperf(stage.processes, *p, *flags, port=n) for pair, port in streams]
    results = stage.runner.together(jobs)
    worst, (a, b) = max(((r.lost_percent, pair) for r, pair in zip(results, pairs, strict=True)), key=lambda x: x[0])
    detail = f"worst of {len(pairs)} iperf3 streams at {UDP_RATE}bit/s: {a.name} to {b.name}"
    report.figure("iperf3 UDP loss", worst, "%", LOSS_MAX, "lower", detail)
    slowest = min(result.mbps for result in results)
    report.figure("iperf3 UDP rate", slowest, "Mbit/s", 0.95 * float(UDP_RATE[:-1]), detail="slowest stream")


def _all(stage: Stage, name: str, faults: list[str], detail: str) -> None:
    """A claim about many runs; each run answers with an empty text or with what went wrong."""
    wrong = [fault for fault in faults if fault]
    stage.report.check(name, not wrong, "; ".join(wrong) or detail)


def large_packets(stage: Stage) -> None:
    """Hosts keep MTU 1500: DF packets are told the right size, others are fragmented inside the tunnel."""
    pairs = directions(stage)
    # A host remembers a path's MTU; forget it, so that the VRs fragment and not the hosts.
    for host in stage.members(1):
        stage.runner.run(["ip", "route", "flush", "cache"], ns=host.ns)
    jobs = [lambda p=pair: ping(stage.runner, p[0].ns, p[1].alias, count=3, size=4000) for pair in pairs]
    answers = stage.runner.together(jobs)
    lost = [f"{a.name}>{b.name} {r.told}" for (a, b), r in zip(pairs, answers, strict=True) if not r.all_back]
    stage.report.check("ping -s 4000 passes", not lost, ", ".join(lost) or f"{len(pairs)} ways, 3 of 3 each")
    faults = stage.runner.together([lambda p=pair: _fragmentation_needed(stage, *p) for pair in pairs])
    told = ", ".join(f"{a.name}>{b.name} {mtu}" for (a, b), (mtu, _) in zip(pairs, faults, strict=True))
    _all(stage, "ping -s 1472 -M do reports the MTU that then passes", [fault for _, fault in faults], told)


def _fragmentation_needed(stage: Stage, source: Host, target: Host) -> tuple[int | None, str]:
    """The MTU that the network reports for a full DF packet; what is wrong with it, or an empty text."""
    name = f"{source.name}>{target.name}"
    full = ping(stage.runner, source.ns, target.alias, count=2, size=1472, whole=True)
    if full.mtu is None or full.received:
        return full.mtu, f"{name}: no `fragmentation needed` ({full.told} answered)"
    if not INNER_MTU_MIN <= full.mtu < 1500:
        return full.mtu, f"{name}: MTU {full.mtu} reported"
    fitting = ping(stage.runner, source.ns, target.alias, count=3, size=full.mtu - 28, whole=True)
    return full.mtu, "" if fitting.all_back else f"{name}: {fitting.told} answered with {full.mtu} bytes"


def sealed(stage: Stage) -> None:
    """Whole packets on the core, searched for text that crossed the mesh at the same time."""
    uf, nwu, pu = (stage.topology.host(site, 1) for site in (UF, NWU, PU))
    web = stage.web()
    capture = WholeCapture(stage.processes, stage.topology, Path("core.pcap"))
    fetched = [web.fetch_marker(uf, nwu), web.fetch_marker(uf, pu), web.fetch_marker(pu, nwu)]
    ping(stage.runner, nwu.ns, uf.alias, count=3, pattern=PATTERN.hex())
    data = capture.finish()
    carried = all(text.startswith(MARKER.decode()) for text in fetched)
    tunnelled = b"\x08\xc7" in data  # port 2247
    found = data.count(MARKER) + data.count(PATTERN * 2)
    detail = f"{found} hits of the text in {len(data) // 1024} KiB captured on the core"
    stage.report.check("no plain text between sites", carried and tunnelled and not found, detail)


PATTERN = b"vine-mesh-ping!!"
"""Payload of the pings that the plain text search looks for: 16 bytes, ping's longest pattern."""


def no_leaks(stage: Stage) -> None:
    """What the leak watch saw during the whole run."""
    leaks = stage.watch.leaks()
    doubts = stage.watch.stop()
    detail = "; ".join([*leaks[:3], *doubts]) or "the watch ran from before the first daemon until after the last"
    name = "clear virtual packets on the underlay in the whole run"
    stage.report.figure(name, len(leaks), "packets", 0, "lower", detail)
    told = "; ".join(doubts) or "no packet dropped by the captures"
    stage.report.check("the leak watch missed nothing", not doubts, told)
