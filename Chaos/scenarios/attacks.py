"""Somebody on the path, and strangers at port 2247, while honest traffic flows: what each attack gets, and what it costs.

For each: a TCP flow beside it keeps 90 % of what it had, nobody's host gets a packet it should not get, no daemon ends,
and the counters of the VR that was attacked say what came.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass

from lib import attacker
from lib.grown import Size
from lib.processes import wait_until
from lib.programs import iperf
from lib.report import Report
from lib.trial import Trial

ABOUT = "replayed, reordered, truncated, changed and misdirected frames, floods, slow and oversized TCP, a revoked VR"
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
    late = [
        trial.probes.name(pair)
        for pair, way in trial.probes.ways.items()
        if "s4" in trial.probes.sites(pair) and any(moment > trial.revoked + REVOKED_MAX for moment in way.arrived)
    ]
    asked = sum("s4" in trial.probes.sites(pair) for pair in trial.probes.ways)
    told = ", ".join(late[:4]) or f"{asked} pairs of hosts, to it and from it"
    report.check(f"a revoked VR's hosts get and send nothing {REVOKED_MAX:g} s later", not late and asked > 0, told)
    why = "from outside a VR nothing that is signed can be made; decoders are for Fuzz/, records for the unit tests"
    report.skip("forged records about other VRs", why)
