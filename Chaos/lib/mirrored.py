"""Phase `mirror`: a site that sees the virtual space elsewhere talks with one that sees it as it is (paper 3.3)."""

from __future__ import annotations

import hashlib
from ipaddress import IPv4Address

from .ping import ping
from .processes import wait_until
from .stage import Stage
from .tunnels import Tunnel, vine_mesh
from .two_sites import TwoSites

SPACE_FIRST = int(IPv4Address("172.16.0.0"))
MIRROR = IPv4Address("10.116.0.0")
PORT = 8090
MEGABYTES = 4


def mirror(stage: Stage) -> None:
    """Two sites of their own; the second is mirrored, and both hosts are set up as `vine-mesh host setup` says."""
    folder = stage.processes.folder / "mirror"
    folder.mkdir()
    binaries = stage.vrs["uf"].binaries
    tunnel = Tunnel("mirror", TwoSites(stage.runner, stage.topology.prefix, "mi"), stage.processes, folder)
    tunnel.sites.build()
    vine_mesh(binaries, only_b=f"mirror: {MIRROR}\n")(tunnel)
    first, second = tunnel.sites.sides
    a, b = tunnel.addresses
    ways = [("plain to mirrored", first, b, b), ("mirrored to plain", second, _mirrored(a), _mirrored(b))]
    for name, side, target, _ in ways:
        wait_until(lambda s=side, t=target: ping(stage.runner, s.host, t, count=1, interval=0.2).all_back, 10, 0.2)
        answer = ping(stage.runner, side.host, target, count=5)
        stage.report.check(f"{name}: ping {target}", answer.all_back, answer.told)
    _web(stage, tunnel, folder)
    views = [(vr, vr.explained(*pair)) for vr, pair in zip(tunnel.vrs, ((a, b), (_mirrored(b), _mirrored(a))), strict=True)]
    told = ", ".join(f"{vr.name}: {verdict}" for vr, (verdict, _) in views)
    delivered = all(verdict == "delivered" for _, (verdict, _) in views)
    stage.report.check("explain takes the addresses that each site uses", delivered, told)
    codes = [vr.stop() for vr in tunnel.vrs]
    traces = [trace for vr in tunnel.vrs for trace in vr.traces()]
    stage.report.check("both VRs end and leave nothing", codes == [0, 0] and not traces, "; ".join(traces) or "SIGTERM")


def _mirrored(address: str) -> str:
    return str(MIRROR + (int(IPv4Address(address)) - SPACE_FIRST))


def _web(stage: Stage, tunnel: Tunnel, folder) -> None:  # noqa: ANN001
    """A file from each host for the other, over HTTP."""
    first, second = tunnel.sites.sides
    a, b = tunnel.addresses
    content = bytes(range(256)) * (MEGABYTES * 4096)
    (folder / "file").write_bytes(content)
    right = hashlib.sha256(content).hexdigest()
    for name, server, own, client, target in (
        ("plain site serves the mirrored one", first, a, second, _mirrored(a)),
        ("mirrored site serves the plain one", second, _mirrored(b), first, b),
    ):
        argv = ["python3", "-m", "http.server", str(PORT), "--bind", own, "--directory", str(folder)]
        program = stage.processes.serve(f"web-{server.name}", argv, server.host, PORT)
        fetched = folder / f"fetched-{client.name}"
        url = f"http://{target}:{PORT}/file"
        outcome = stage.runner.run(["curl", "-sf", "-m", "20", "-o", str(fetched), url], ns=client.host, timeout=30)
        found = hashlib.sha256(fetched.read_bytes()).hexdigest() if fetched.exists() else "nothing came"
        stage.processes.end(program)
        stage.report.check(f"curl: a {name}", outcome.ok and found == right, f"{MEGABYTES} MB, {url}")
