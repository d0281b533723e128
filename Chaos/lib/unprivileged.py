"""Phase `unprivileged`: VRs run as a user of their own with the capabilities of their systemd unit, and all works as for root."""

from __future__ import annotations

import json
import shutil
import socket
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
READERS = "games"
"""Any group of every Debian: its members may look."""
SOMEBODY, NO_GROUP_OF_IT = "bin", "bin"
SILENT = 500


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
        with vr.config.open("a") as file:
            file.write(f"api: {{adminGroup: {GROUP}, readGroup: {READERS}}}\n")
        vr.before = _as(USER, GROUP, READERS) + ["--no-new-privs", *words]
        vr.start()
    users = {_user(vr) for vr in mesh.vrs.values()}
    stage.report.check("no VR runs as root", users == {_id(USER)}, ", ".join(sorted(users)))
    here, there = mesh.topology.hosts
    wait_until(lambda: ping(stage.runner, here.ns, there.alias, count=1, interval=0.2).all_back, 10, 0.2)
    answer = ping(stage.runner, here.ns, there.alias, count=5)
    stage.report.check("hosts of both sites talk", answer.all_back, answer.told)
    _groups(stage, next(iter(mesh.vrs.values())))
    for vr in mesh.vrs.values():
        vr.before = []
        outcome = vr.tool("doctor", "--json", "--socket", str(vr.socket), timeout=40)
        findings = json.loads(outcome.out)["findings"]
        bad = [f"{f['check']}: {f['text']}" for f in findings if f["level"] in ("error", "warning")]
        stage.report.check(f"doctor finds nothing wrong at {vr.name}", outcome.ok and not bad, "; ".join(bad) or "exit 0")
    faults = mesh.stop()
    stage.report.check("VRs without root end and leave nothing", not faults, "; ".join(faults) or "SIGTERM")


def _groups(stage: Stage, vr: VR) -> None:
    """Who may look, who may do everything, and what the others are told."""
    wanted = {
        "a reader": (_as(SOMEBODY, NO_GROUP_OF_IT, READERS), (0, 77, "read-only group")),
        "an administrator": (_as(SOMEBODY, NO_GROUP_OF_IT, GROUP), (0, 0, "")),
        "anybody else": (_as(SOMEBODY, NO_GROUP_OF_IT), (77, 77, "no permission")),
    }
    for who, (before, (looking, changing, words)) in wanted.items():
        vr.before = before
        looked = vr.tool("status", "vines", "--json", "--socket", str(vr.socket))
        changed = vr.tool("vine", "create", "chemistry", "--socket", str(vr.socket))
        told = f"looking: exit {looked.code}, a command: exit {changed.code}, {changed.line}"
        holds = (looked.code, changed.code) == (looking, changing) and words in changed.line
        stage.report.check(f"{who} of the local API may do what the groups say", holds, told)
    vr.before = []
    modes = [oct(path.stat().st_mode & 0o777) + f" {path.group()}" for path in (vr.socket, vr.socket.with_suffix(".read.sock"))]
    stage.report.check("the sockets are for their groups", modes == [f"0o660 {GROUP}", f"0o660 {READERS}"], ", ".join(modes))
    _silent(stage, vr)


def _silent(stage: Stage, vr: VR) -> None:
    """A reader that holds hundreds of connections and says nothing keeps neither readers nor administrators out."""
    held = [socket.socket(socket.AF_UNIX) for _ in range(SILENT)]
    for one in held:
        one.connect(str(vr.socket.with_suffix(".read.sock")))
    vr.before = _as(SOMEBODY, NO_GROUP_OF_IT, READERS)
    reading = vr.tool("status", "vines", "--json", "--timeout", "2s", "--socket", str(vr.socket))
    vr.before = []
    ruling = vr.tool("status", "vines", "--json", "--timeout", "2s", "--socket", str(vr.socket))
    files = len(list(Path(f"/proc/{vr.daemon.pid if vr.daemon else 0}/fd").iterdir()))
    for one in held:
        one.close()
    told = f"reader: exit {reading.code}, administrator: exit {ruling.code}, {files} descriptors"
    stage.report.check(f"{SILENT} silent readers keep nobody out", reading.ok and ruling.ok and files < SILENT // 2, told)


def _as(user: str, group: str, *groups: str) -> list[str]:
    also = f"--groups={','.join(groups)}" if groups else "--clear-groups"
    return ["setpriv", f"--reuid={user}", f"--regid={group}", also]


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
