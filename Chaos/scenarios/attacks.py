"""Somebody on the path, and strangers at port 2247, while honest traffic flows: what each attack gets, and what it costs.

For each: a TCP flow beside it keeps 90 % of what it had, nobody's host gets a packet it should not get, no daemon ends,
and the counters of the VR that was attacked say what came.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass

from faults.process import Killed
from lib import attacker
from lib.faketime import FakeTime
from lib.grown import Size
from lib.own_mesh import OwnMesh
from lib.processes import wait_until
from lib.programs import iperf
from lib.report import Report
from lib.router import VR
from lib.topology import Site
from lib.trial import Trial

ABOUT = "frames replayed, changed and misdirected, floods, slow and oversized TCP, forged records, an expired and a revoked VR"
SIMULATED = None
"""Its frames are not sealed."""
ON_REQUEST = True
SIZE = Size(5, 1)
LOAD = {"transfers": 0, "flows": 0}
KEPT_MIN = 0.9
SECONDS = 8
RATE = "10M"
HALF_OPEN = 10_000
REVOKED_MAX = 5.0
CLOCKS = (Site("ca", 1, 60), Site("peer", 2, 60), Site("old", 3, 60))
EXPIRED = "refused a VR: the VR's certificate has expired"
ACCEPTED_MAX = 256
"""Channels that a VR accepts (`acceptedChannelsMax`); each is closed after seconds without a session."""


@dataclass
class Result:
    """One attack: what it says of itself, what the flow beside it kept, and which counters moved by how much."""

    name: str
    did: str
    kept: float
    counters: dict[str, float]


def play(trial: Trial) -> None:
    trial.attacks = []
    trial.strangers = ACCEPTED_MAX
    trial.clerk.stop()
    endpoint = trial.mesh.underlay.site("s2").endpoint
    elsewhere = trial.mesh.underlay.site("s3").endpoint
    tag = trial.mesh.vrs["s1"].fetch("status")["mesh"]["meshId"]
    for mode in ("replay", "reorder", "truncate", "flip", "kinds"):
        _attack(trial, f"{mode} of frames", ["frames", mode, "--interface", "s2", "--seconds", str(SECONDS)])
    crossed = ["frames", "cross", "--interface", "s2", "--seconds", str(SECONDS), "--to", elsewhere]
    _attack(trial, "frames of another session", crossed, victim="s3")
    flood = ["flood", "--target", endpoint, "--count", str(HALF_OPEN), "--rate", "1500"]
    _attack(trial, f"{HALF_OPEN} half-open handshakes from addresses that are nobody's", [*flood, "--tag", tag])
    other = ["flood", "--target", endpoint, "--count", "2000", "--rate", "500", "--tag", f"{int(tag, 16) ^ 1:08x}"]
    _attack(trial, "first steps of another mesh", other)
    _attack(trial, "TCP that drips", ["drip", "--target", endpoint, "--connections", "300", "--seconds", str(SECONDS + 4)])
    _attack(trial, "TCP records of the greatest length", ["oversize", "--target", endpoint, "--connections", "50"])
    trial.settle()
    trial.forged = _forge(trial)
    trial.expired = _expired(trial)
    _revoke(trial, "s4")


def _attack(trial: Trial, name: str, argv: list[str], victim: str = "s2") -> None:
    """The flow alone, then the flow beside the attack; from s1 to the victim."""
    runner, processes = trial.box.runner, trial.box.processes
    source = next(host for host in trial.mesh.hosts if host.site.name == "s1" and host.number == 1)
    target = next(host for host in trial.mesh.hosts if host.site.name == victim and host.number == 1)
    port = 6000 + 2 * len(trial.attacks)
    alone = iperf(processes, source, target, "-t", "4", "-b", RATE, port=port).mbps
    vr = trial.mesh.vrs[victim]
    before = vr.metrics()
    program = processes.start(
        f"attack-{len(trial.attacks)}", [sys.executable, attacker.__file__, *argv], trial.mesh.underlay.ns("inet")
    )
    beside = iperf(processes, source, target, "-t", str(SECONDS), "-b", RATE, port=port + 1).mbps
    wait_until(lambda: not program.running, 30)
    processes.end(program)
    trial.pause(1)
    after = vr.metrics()
    drops = [key for key in after if key.startswith("vine_drops") and after[key] > before.get(key, 0)]
    moved = {_reason(key): after[key] - before.get(key, 0) for key in drops}
    result = Result(name, program.last_line(), beside / alone if alone else 0.0, moved)
    trial.attacks.append(result)
    trial.note(f"{name}: {result.did}; kept {result.kept:.2f}; {moved}")


def _reason(key: str) -> str:
    return key.split('"')[1]


def _revoke(trial: Trial, site: str) -> None:
    """Its key is taken out of the mesh: nobody speaks with it from some seconds later on, though its daemon runs on."""
    begun = time.time()
    trial.mesh.vrs["s1"].ask("peer", "revoke", site, "--yes")
    trial.revoked = begun
    trial.pause(15)
    trial.gone.add(site)


def _forge(trial: Trial) -> dict[str, object]:
    """The key of s4, in the hands of somebody who tells s2 lies about s3: `vine-bench forge`."""
    liar, heard = trial.mesh.vrs["s4"], trial.mesh.vrs["s2"]
    victim = next(peer["node"] for peer in heard.fetch("peers")["peers"] if peer["site"] == "s3")
    with trial.under(Killed({"s4"})):
        argv = [str(trial.mesh.binaries / "vine-bench"), "forge", str(liar.state), trial.mesh.underlay.site("s2").endpoint]
        outcome = trial.box.runner.run([*argv, "--victim", victim], ns=liar.ns, timeout=60)
        trial.pause(3)
        views = {name: vr.fetch("peers")["peers"] for name, vr in trial.mesh.vrs.items() if name != "s4"}
    told = [line for line in heard.log().splitlines() if "records were not authentic" in line]
    believed = sorted(name for name, peers in views.items() if "forged" in json.dumps(peers))
    trial.settle()
    found = {"did": outcome.out.strip() or outcome.line, "told": told, "believed": believed, "asked": len(views)}
    trial.note(f"forged records: {found}")
    return found


def _expired(trial: Trial) -> dict[str, object]:
    """A VR that takes its certificate for good by a clock that is behind, among VRs whose clocks are right: a mesh of its own.

    All join 95 days ago; 20 days ago all but one run, and get their next certificates; today that one comes with a clock that is 10
    days behind. Its certificate ended 5 days ago, and by its clock ends in 5 days.
    """
    if not FakeTime.is_there():
        return {}
    clock = FakeTime(trial.box.processes)
    mesh = OwnMesh("ex", trial.box.processes, trial.mesh.binaries, trial.box.prefix, CLOCKS, hosts=1)
    old, others = CLOCKS[-1].name, [site.name for site in CLOCKS[:-1]]
    mesh.before = clock.ahead(-95)
    mesh.found()
    mesh.stop()
    for name in others:
        mesh.vrs[name].before = clock.ahead(-20)
        mesh.vrs[name].start(30)
    renewed = wait_until(lambda: all(_days_left(mesh.vrs[name]) > 89 for name in others), 60, 0.5)
    trial.box.runner.together([mesh.vrs[name].stop for name in others])
    for name in others:
        mesh.vrs[name].before = []
        mesh.vrs[name].start(30)
    joined = wait_until(lambda: _partners(mesh.vrs[others[0]]) == {others[1]}, 30, 0.2)
    mesh.vrs[old].before = clock.ahead(-10)
    mesh.vrs[old].start(30)
    wait_until(lambda: all(EXPIRED in mesh.vrs[name].log() for name in others), 30, 0.3)
    trial.pause(5)
    told = {name: sum(EXPIRED in line for line in mesh.vrs[name].log().splitlines()) for name in others}
    found = {
        "renewed": renewed and joined,
        "refusals": told,
        "sessions": {name: sorted(_partners(vr)) for name, vr in mesh.vrs.items()},
        "own view": round(_days_left(mesh.vrs[old]), 1),
    }
    mesh.stop()
    mesh.topology.remove()
    trial.note(f"an expired VR: {found}")
    return found


def _days_left(vr: VR) -> float:
    return float(vr.fetch("certs")["own"]["daysLeft"])


def _partners(vr: VR) -> set[str]:
    """Sites with whose VRs it has a session."""
    return {peer["site"] for peer in vr.fetch("peers")["peers"] if peer.get("cipher")}


def claims(trial: Trial, report: Report) -> None:
    for result in trial.attacks:
        told = f"{result.did}; counted: {', '.join(f'{k} {v:.0f}' for k, v in sorted(result.counters.items())) or 'nothing'}"
        report.figure(f"{result.name}: the flow beside it keeps", result.kept, "of its rate", KEPT_MIN, detail=told)
        did = json.loads(result.did) if result.did.startswith("{") else {}
        report.check(f"{result.name}: the attack was made", did.get("sent", did.get("opened", 0)) > 0, result.did)
    counted = {"replay": "replayed", "truncate": "truncatedFrame", "flip": "badTag", "kinds": "unknownKind"}
    counted |= {"frames of another": "unknownSession"}
    for start, reason in counted.items():
        result = next((r for r in trial.attacks if r.name.startswith(start)), None)
        if result:
            report.check(f"{result.name}: counted as {reason}", result.counters.get(reason, 0) > 0, str(result.counters))
    if trial.expired:
        old, others = CLOCKS[-1].name, [site.name for site in CLOCKS[:-1]]
        told, sessions = trial.expired["refusals"], trial.expired["sessions"]
        report.check("an expired VR is refused by all others, who say why", all(told.values()) and trial.expired["renewed"], f"lines in the logs: {told}")
        # Its own list says nothing: who begins a handshake has the keys before the other side has judged.
        alone = all(old not in sessions[name] and sessions[name] for name in others)
        told = f"sessions of the others: {', '.join(f'{name} with {sessions[name]}' for name in others)}"
        report.check("nobody has a session with an expired VR, and all others have theirs", alone, f"{told}; by its own clock {trial.expired['own view']} days left")
    else:
        report.skip("an expired VR is refused by all others", "there is no faketime: `make deps`")
    late = [
        trial.probes.name(pair)
        for pair, way in trial.probes.ways.items()
        if "s4" in trial.probes.sites(pair) and any(moment > trial.revoked + REVOKED_MAX for moment in way.arrived)
    ]
    asked = sum("s4" in trial.probes.sites(pair) for pair in trial.probes.ways)
    told = ", ".join(late[:4]) or f"{asked} pairs of hosts, to it and from it"
    report.check(f"a revoked VR's hosts get and send nothing {REVOKED_MAX:g} s later", not late and asked > 0, told)
    did = json.loads(trial.forged["did"]) if trial.forged["did"].startswith("{") else {}
    report.check("forged records about another VR were sent over a session", did.get("sent", 0) > 0, trial.forged["did"])
    report.check("the VR that got them says so", bool(trial.forged["told"]), (trial.forged["told"] or ["no line"])[0].strip())
    report.check("no VR believes them", not trial.forged["believed"] and trial.forged["asked"] > 2, f"{trial.forged['asked']} VRs asked")
