"""Phase `unprivileged`: VRs run as a user of their own with the capabilities of their systemd unit, and all works as for root."""

from __future__ import annotations

import json
import shutil
from ipaddress import IPv4Network
from pathlib import Path

from .own_mesh import OwnMesh
from .ping import ping
from .processes import wait_until
from .router import VR
from .stage import Stage
from .topology import Site

SITES = (Site("east", 1, 60), Site("west", 2, 60))
USER, GROUP = "nobody", "nogroup"
CAPABILITIES = "+net_admin,+net_raw,+sys_nice"
"""CAP_NET_BIND_SERVICE, which the unit gives besides, is for ports below 1024."""


def unprivileged(stage: Stage) -> None:
    """Made by root, as `init` and `join` are, then given to the user and run by it, as systemd does."""
    mesh = OwnMesh("np", stage.processes, stage.vrs["uf"].binaries, stage.topology.prefix, SITES, hosts=1)
    mesh.found()
    _enter_hosts(mesh)
    mesh.stop()
    stage.processes.folder.chmod(0o755)
    words = [f"--{kind}-caps={CAPABILITIES}" for kind in ("inh", "ambient")] + [f"--bounding-set=-all,{CAPABILITIES}"]
    for vr in mesh.vrs.values():
        for path in (vr.folder, *vr.folder.rglob("*")):
            shutil.chown(path, USER, GROUP)
        vr.before = ["setpriv", f"--reuid={USER}", f"--regid={GROUP}", "--clear-groups", "--no-new-privs", *words]
        vr.start()
    users = {_user(vr) for vr in mesh.vrs.values()}
    stage.report.check("no VR runs as root", users == {_id(USER)}, ", ".join(sorted(users)))
    here, there = mesh.topology.hosts
    wait_until(lambda: ping(stage.runner, here.ns, there.alias, count=1, interval=0.2).all_back, 10, 0.2)
    answer = ping(stage.runner, here.ns, there.alias, count=5)
    stage.report.check("hosts of both sites talk", answer.all_back, answer.told)
    for vr in mesh.vrs.values():
        vr.before = []
        outcome = vr.tool("doctor", "--json", "--socket", str(vr.socket), timeout=40)
        findings = json.loads(outcome.out)["findings"]
        bad = [f"{f['check']}: {f['text']}" for f in findings if f["level"] in ("error", "warning")]
        stage.report.check(f"doctor finds nothing wrong at {vr.name}", outcome.ok and not bad, "; ".join(bad) or "exit 0")
    faults = mesh.stop()
    stage.report.check("VRs without root end and leave nothing", not faults, "; ".join(faults) or "SIGTERM")


def _enter_hosts(mesh: OwnMesh) -> None:
    first, second = mesh.vrs.values()
    first.ask("vine", "create", "physics")
    second.ask_when_known("vine", "join", "physics")
    for host in mesh.topology.hosts:
        vr = mesh.vrs[host.site.name]
        address = IPv4Network(str(vr.identity().blocks[0]))[10]
        mesh.set_up(host, address)
        vr.ask_when_known("host", "add", str(address), "--vine", "physics")


def _user(vr: VR) -> str:
    """Of the daemon: real, effective, saved and file-system user, if they are one."""
    status = Path(f"/proc/{vr.daemon.pid if vr.daemon else 0}/status").read_text()
    users = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
    return users[0] if len(set(users)) == 1 else " ".join(users)


def _id(user: str) -> str:
    line = next(line for line in Path("/etc/passwd").read_text().splitlines() if line.startswith(f"{user}:"))
    return line.split(":")[2]
