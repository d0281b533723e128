"""The founder votes alone; its store is put back to before it admitted s2, and it gives s3 the same block."""

from __future__ import annotations

import shutil
import signal
from ipaddress import IPv4Network

from lib.grown import VINES, GrownMesh
from lib.processes import wait_until
from lib.trial import Trial

CHECKER = "one_owner"
ABOUT = "an old store of the only voter grants a block a second time"
ELSEWHERE = IPv4Network("172.31.100.0/27")
LOAD = {"transfers": 0, "flows": 0, "await_max": 5.0}


def grow(mesh: GrownMesh) -> None:
    first = mesh.sites[0]
    founder = mesh.vrs[first.name]
    founder.init("chaos", first.name, first.hosts_wanted, first.endpoint).needed("vine-mesh init")
    founder.start()
    founder.stop()
    copy = founder.folder / "old"
    shutil.copytree(founder.state, copy)
    founder.start()
    _join(mesh, "s2")
    # s2 must not tell what it has before s3 has got it, too.
    mesh.vrs["s2"].daemon.popen.send_signal(signal.SIGSTOP)
    founder.kill()
    shutil.rmtree(founder.state)
    shutil.copytree(copy, founder.state)
    founder.state.chmod(0o700)
    founder.start()
    _join(mesh, "s3")
    mesh.vrs["s2"].daemon.popen.send_signal(signal.SIGCONT)
    _join(mesh, "s4")
    for site in mesh.sites:
        block = mesh.vrs[site.name].identity().blocks[0]
        # The machines of s3 have no part in it: two hosts with one address would confuse those who only watch.
        mesh.underlay.give_block(site, ELSEWHERE if site.name == "s3" else block)
    for vine in VINES.values():
        founder.ask("vine", "create", vine)
        mesh.vrs["s4"].ask_when_known("vine", "join", vine, seconds=30)
    for host in mesh.hosts:
        if host.site.name in ("s1", "s4"):
            mesh.vrs[host.site.name].ask_when_known("host", "add", host.alias, "--vine", VINES[host.number], seconds=30)


def _join(mesh: GrownMesh, name: str) -> None:
    founder, vr = mesh.vrs[mesh.sites[0].name], mesh.vrs[name]
    vr.join(founder.invite(mesh.underlay.site(name))).needed(f"vine-mesh join at {name}")
    vr.start()
    if not wait_until(lambda: bool(vr.identity().blocks), 20, 0.2):
        raise RuntimeError(f"{name} got no block")


def play(trial: Trial) -> None:
    # Nobody's hosts there are in a ViNe: nothing but the registry is broken.
    trial.gone |= {"s2", "s3"}
    trial.pause(10)
