"""`make bench SUITE=churn`: how long traffic stands still when a NAT forgets, a queue-VR dies, a channel is cut.

Two public sites and two behind NAT, 100 Mbit/s and 10 ms between any two; a ping each 50 ms is the stopwatch.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from .ping import longest_gap, seen_by, start_pinging
from .processes import wait_until
from .report import Console, Report
from .sandbox import Sandbox
from .table3 import Case, Mesh

NAMES = ("uf", "nwu", "pu", "iu")
SHAPE = "rate=100mbit delay=5ms"
STILL_MAX = 3.0
"""Seconds."""
NARROW_MAX = 10.0
"""Seconds until long packets go again after the way has begun to swallow them: a size in use is asked each 5 s."""
PAUSE = 0.05
"""Between two pings, and so the error of what is timed."""


def compare(binaries: Path, report: Report, console: Console, verbose: bool) -> None:
    """First with direct paths, then without."""
    with Sandbox.of_one_run(report, "churn", verbose) as box:
        console.phase("churn", "PU and IU behind NAT, direct paths on")
        mesh = Mesh(box, Case("direct", ("pu", "iu"), direct=True), binaries, NAMES, SHAPE)
        try:
            mesh.start()
            mesh.found()
            _direct(mesh, report)
        finally:
            mesh.stop()
        console.phase("churn", "PU and IU behind NAT, through queue-VRs")
        mesh = Mesh(box, Case("relayed", ("pu", "iu")), binaries, NAMES, SHAPE)
        try:
            mesh.start()
            mesh.found()
            _relayed(mesh, report)
        finally:
            mesh.stop()


def _path(mesh: Mesh, source: str, target: str) -> str:
    peers = mesh.vrs[source].view("status", "peers")["peers"]
    return next(line["path"] for line in peers if line["site"] == target)


def _direct(mesh: Mesh, report: Report) -> None:
    for source, target in (("pu", "iu"), ("pu", "uf")):
        watched = f"{source}-{target}"
        pinger = _pinger(mesh, source, target, "warm")
        found = wait_until(lambda s=source, t=target: {_path(mesh, s, t), _path(mesh, t, s)} == {"direct"}, 15, 0.2)
        mesh.box.processes.end(pinger)
        report.check(f"{watched}: a direct way is found through the NATs", found, _path(mesh, source, target))
        gateway = mesh.wan.ns("pu-gw")

        def forget() -> None:
            mesh.box.runner.run(["conntrack", "-F"], ns=gateway, check=True)

        def move() -> None:
            # Every mapping gets another port, and no old one lives on.
            rule = "-t nat -I POSTROUTING -p udp -s 192.168.103.0/24 -o out -j MASQUERADE --to-ports 30000-30999"
            mesh.box.runner.run(["iptables", "-w", *rule.split()], ns=gateway, check=True)
            mesh.box.runner.run(["conntrack", "-F"], ns=gateway, check=True)

        _still(mesh, report, f"{watched}: PU's NAT forgets its mappings", source, target, forget)
        _still(mesh, report, f"{watched}: PU's NAT moves to other ports", source, target, move)
        undo = "-t nat -D POSTROUTING 1"
        mesh.box.runner.run(["iptables", "-w", *undo.split()], ns=gateway, check=True)

        def narrow() -> None:
            # What comes in and is longer vanishes, and nobody is told.
            mesh.box.runner.ip(gateway, ["link set out mtu 1400"])

        what = f"{watched}: the way to PU swallows packets over 1400 bytes"
        _still(mesh, report, what, source, target, narrow, size=1400, goal=NARROW_MAX)
        mesh.box.runner.ip(gateway, ["link set out mtu 1500"])


def _relayed(mesh: Mesh, report: Report) -> None:
    queue = mesh.queue_of("pu")
    other = "nwu" if queue == "uf" else "uf"
    wait_until(lambda: bool(mesh.vrs["pu"].view("relay", "show").get("standby")), 15, 0.3)
    wait_until(lambda: bool(mesh.vrs["iu"].view("relay", "show").get("standby")), 15, 0.3)
    _cut(mesh, report, other, queue)
    queue = mesh.queue_of("pu")
    _still(mesh, report, f"PU's queue-VR ({queue}) is killed", "pu", "iu", mesh.vrs[queue].kill)
    report.check("PU has another queue-VR then", mesh.queue_of("pu") not in ("", queue), mesh.queue_of("pu"))


def _cut(mesh: Mesh, report: Report, *public: str) -> None:
    """PU is cut off from everybody for five seconds, with a TCP flow to it under way."""
    source, target = mesh.wan.host(mesh.site("iu"), 1), mesh.wan.host(mesh.site("pu"), 1)
    box = mesh.box
    argv = ["iperf3", "-s", "-1", "-B", target.alias, "-p", "5999"]
    server = box.processes.serve("iperf3-cut", argv, target.ns, 5999)
    client = box.processes.start(
        "iperf3-cut-client", ["iperf3", "-J", "-c", target.alias, "-p", "5999", "-t", "25"], source.ns
    )
    time.sleep(5)
    links = [mesh.wan.link("pu", name) for name in (*public, "iu")]
    for link in links:
        link.shape("down")
    mesh.wan.emulator.reload()
    time.sleep(5)
    for link in links:
        link.shape(SHAPE)
    mesh.wan.emulator.reload()
    wait_until(lambda: not client.running, 40, 0.2)
    for program in (client, server):
        box.processes.end(program)
    try:
        seconds = json.loads(client.out.read_text())["intervals"]
        rates = [interval["sum"]["bits_per_second"] / 1e6 for interval in seconds]
    except (ValueError, KeyError) as error:
        report.check("a TCP flow goes on after its channel was cut for 5 s", False, f"{error}: {client.last_line()}")
        return
    after = sum(rates[-5:]) / 5 if len(rates) >= 20 else 0.0
    told = " ".join(f"{rate:.0f}" for rate in rates)
    report.check("a TCP flow goes on after its channel was cut for 5 s", after > 1, f"Mbit/s by second: {told}")


def _pinger(mesh: Mesh, source: str, target: str, name: str, size: int = 56):  # noqa: ANN202
    hosts = [mesh.wan.host(mesh.site(site), 1) for site in (source, target)]
    name = f"ping-{mesh.case.name}-{source}-{target}-{name}"
    return start_pinging(mesh.box.processes, name, hosts[0].ns, hosts[1].alias, interval=PAUSE, size=size)


def _still(
    mesh: Mesh,
    report: Report,
    what: str,
    source: str,
    target: str,
    fault: Callable[[], object],
    size: int = 56,
    goal: float = STILL_MAX,
) -> None:
    """The longest time without an answer around the fault."""
    pinger = _pinger(mesh, source, target, str(int(time.monotonic() * 1000)), size)
    time.sleep(3)
    fault()
    time.sleep(goal + 7)
    mesh.box.processes.end(pinger)
    report.figure(what, longest_gap(pinger), "s", goal, "lower", f"{seen_by(pinger).received} answers")
