"""Phase `rolling`: VRs are upgraded one by one to the next version of the wire format, and the mesh goes on meanwhile.

A debug build of the daemon says that it speaks the versions in VINE_WIRE_VERSIONS. What only newer VRs can read is said by
`vine-bench newer`, which plays a voter that does not run.
"""

from __future__ import annotations

from itertools import permutations

from .own_mesh import OwnMesh
from .ping import ping
from .processes import wait_until
from .router import VR
from .stage import Stage
from .topology import FIGURE_3

VARIABLE = "VINE_WIRE_VERSIONS"
SECONDS = 20.0
"""In which something has to be known everywhere: a healthy mesh needs about two."""


def rolling(stage: Stage) -> None:
    binaries = stage.vrs["uf"].binaries
    if VARIABLE.encode() not in (binaries / "vine-meshd").read_bytes():
        stage.report.skip("VRs of two wire versions", "release builds play no other version: use --bin .build/debug")
        return
    mesh = OwnMesh("ru", stage.processes, binaries, stage.topology.prefix, FIGURE_3, hosts=1)
    try:
        mesh.found()
        _settle(mesh)
        _goes_on(stage, mesh, "all VRs speak version 1", {name: "1" for name in mesh.vrs})
        _unread(stage, mesh)
        spoken = {name: "1" for name in mesh.vrs}
        # The limited one, a public one, and last the one that founded the mesh.
        for name in ("pu", "nwu", "uf"):
            _restart(mesh.vrs[name], "1-2")
            spoken[name] = "1-2"
            _goes_on(stage, mesh, f"{name} speaks version 2, too", spoken)
        _too_new(stage, mesh)
    finally:
        faults = mesh.stop()
    stage.report.check("rolling: VRs end and leave nothing", not faults, "; ".join(faults) or "SIGTERM")


def _settle(mesh: OwnMesh) -> None:
    mesh.vrs["uf"].ask("vine", "create", "physics")
    for name in ("nwu", "pu"):
        mesh.vrs[name].ask_when_known("vine", "join", "physics")
    for host in mesh.topology.hosts:
        vr = mesh.vrs[host.site.name]
        address = next(iter(vr.identity().blocks))[10]
        vr.ask_when_known("host", "add", str(address), "--vine", "physics")
        mesh.set_up(host, address)


def _restart(vr: VR, versions: str) -> None:
    """As an upgrade does."""
    vr.stop()
    vr.before = ["env", f"{VARIABLE}={versions}"]
    vr.start()


def _goes_on(stage: Stage, mesh: OwnMesh, when: str, spoken: dict[str, str]) -> None:
    """All pairs talk, gossip settles, what each VR has decided every other one reads, and sessions are of the right version."""
    late = mesh.converged()
    stage.report.check(f"{when}: the mesh settles", not late, "; ".join(late))
    pairs = list(permutations(mesh.topology.hosts, 2))
    wait_until(lambda: all(ping(stage.runner, a.ns, b.alias, count=1).all_back for a, b in pairs), SECONDS, 0.2)
    answers = stage.runner.together([lambda p=pair: ping(stage.runner, p[0].ns, p[1].alias, count=5) for pair in pairs])
    silent = [f"{a.name}>{b.name} {r.told}" for (a, b), r in zip(pairs, answers, strict=True) if not r.all_back]
    stage.report.check(f"{when}: all {len(pairs)} pairs of hosts talk", not silent, ", ".join(silent) or "5 of 5 pings each")
    number = len(mesh.vrs["uf"].fetch("vines")["vines"])  # type: ignore[index,call-overload,arg-type]
    unread = []
    for author in mesh.vrs:
        name = f"{author}-{number}"
        mesh.vrs[author].ask_when_known("vine", "create", name)
        unread += [f"{reader} does not know {name}" for reader, vr in mesh.vrs.items() if not wait_until(lambda v=vr, n=name: n in v.ask("vine", "list"), SECONDS, 0.2)]
    stage.report.check(f"{when}: what each VR has the registry decide, all others read", not unread, "; ".join(unread) or f"{len(mesh.vrs)} ViNes at {len(mesh.vrs)} VRs")
    faults: list[str] = []

    def agreed() -> bool:
        faults.clear()
        for name, vr in mesh.vrs.items():
            for peer in vr.fetch("peers")["peers"]:  # type: ignore[index,call-overload]
                wanted = min(int(spoken[name][-1]), int(spoken[peer["site"]][-1]))
                if peer.get("wireVersion") != wanted or peer.get("wireVersions") != spoken[peer["site"]]:
                    faults.append(f"{name} with {peer['site']}: {peer.get('wireVersion')} of {peer.get('wireVersions')}, not {wanted} of {spoken[peer['site']]}")
        return not faults

    wait_until(agreed, SECONDS, 0.5)
    stage.report.check(f"{when}: sessions have the newest version that both VRs speak", not faults, "; ".join(faults) or _told(spoken))


def _told(spoken: dict[str, str]) -> str:
    return ", ".join(f"{name} {versions}" for name, versions in spoken.items())


def _unread(stage: Stage, mesh: OwnMesh) -> None:
    """The founder's word in a form to come: kept, stored and passed on by VRs that cannot read it."""
    uf, nwu, pu = (mesh.vrs[name] for name in ("uf", "nwu", "pu"))
    uf.stop()
    bench = [str(uf.binaries / "vine-bench"), "newer", str(uf.state), "198.18.2.2:2247"]
    said = stage.runner.run(bench, ns=uf.ns)
    stage.report.check("a VR of a newer version is listened to", said.ok, said.line)

    def count(vr: VR) -> int:
        return int(vr.metrics().get("vine_unreadable_records", -1))

    wait_until(lambda: count(nwu) == count(pu) == 2, SECONDS, 0.2)
    stage.report.check("records that nobody here can read are kept and passed on", count(nwu) == count(pu) == 2, f"nwu {count(nwu)}, pu {count(pu)} of 2")
    nwu.stop()
    nwu.start()
    stage.report.check("they outlive a restart", count(nwu) == 2, f"nwu {count(nwu)} of 2")
    uf.start()
    wait_until(lambda: count(uf) == 2, SECONDS, 0.2)
    stage.report.check("a VR that was away gets them", count(uf) == 2, f"uf {count(uf)} of 2")
    late = mesh.converged()
    stage.report.check("the mesh settles with them", not late, "; ".join(late))


def _too_new(stage: Stage, mesh: OwnMesh) -> None:
    """A VR that left the others' versions behind is refused, and everybody is told why."""
    uf, nwu = mesh.vrs["uf"], mesh.vrs["nwu"]
    _restart(nwu, "3-4")
    told = "share no version of the wire format"
    for one, other in ((uf, "nwu"), (nwu, "uf")):
        wait_until(lambda v=one: told in v.tool("status", "--socket", str(v.socket)).out, SECONDS, 0.5)
        lines = one.tool("status", "--socket", str(one.socket)).out.splitlines()
        found = next((i for i, line in enumerate(lines) if f"no session with {other}: the two VRs {told}" in line), None)
        mend = lines[found + 1] if found is not None and found + 1 < len(lines) else ""
        side = one.name.rpartition("-")[2]
        stage.report.check(f"no common version: {side}'s status says why there is no session with {other}", "update the older one" in mend, (lines[found] if found is not None else "") + mend)
    hosts = {host.site.name: host for host in mesh.topology.hosts}
    answer = ping(stage.runner, hosts["pu"].ns, hosts["uf"].alias, count=5)
    stage.report.check("no common version: the others talk on", answer.all_back, answer.told)
    _restart(nwu, "1-2")
    _goes_on(stage, mesh, "nwu is back", {name: "1-2" for name in mesh.vrs})
