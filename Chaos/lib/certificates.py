"""Phase `certificates`: certificates that have expired, or soon will, are renewed; the authority's key is sealed and carried.

Time passes for the VRs' own processes alone (`faketime`): the machine's clock stays as it is.
"""

from __future__ import annotations

from pathlib import Path

from .faketime import FakeTime
from .own_mesh import OwnMesh
from .processes import wait_until
from .router import VR
from .shell import Outcome
from .stage import Stage
from .topology import Site

SITES = (Site("ca", 1, 60), Site("other", 2, 60), Site("nat", 3, 60, limited=True))
LIFETIME = 90
"""Days; VRs ask for the next certificate in the last third, some a sixth of the lifetime sooner."""
WAIT = 45.0
"""Seconds for sessions, records and renewals on a busy machine."""


def certificates(stage: Stage) -> None:
    if not FakeTime.is_there():
        return stage.report.skip("certificates are renewed", "there is no faketime: `make deps`")
    binaries = stage.vrs["uf"].binaries
    mesh = OwnMesh("ce", stage.processes, binaries, stage.topology.prefix, SITES, hosts=1)
    # Founded and joined 95 days ago, and not run since: all certificates have expired.
    time = FakeTime(stage.processes)
    mesh.before = time.ahead(-(LIFETIME + 5))
    mesh.found()
    mesh.stop()
    _run_at(mesh, [])
    _expired(stage, mesh)
    _sealed_key(stage, mesh.vrs["ca"])
    _carried_key(stage, mesh)
    mesh.stop()
    _run_at(mesh, time.ahead(LIFETIME - 15))
    _in_the_last_third(stage, mesh)
    faults = mesh.stop()
    stage.report.check("the VRs end and leave nothing", not faults, "; ".join(faults) or "SIGTERM")
    return None


def _run_at(mesh: OwnMesh, before: list[str]) -> None:
    for vr in mesh.vrs.values():
        vr.before = before


def _days_left(vr: VR) -> float:
    return float(vr.view("status", "certs")["own"]["daysLeft"])


def _expired(stage: Stage, mesh: OwnMesh) -> None:
    founder, other, limited = (mesh.vrs[site.name] for site in SITES)
    alone = other.launch()
    wait_until(lambda: not alone.running, 20)
    line = alone.last_line()
    right = not alone.running and alone.popen.returncode == 78 and "expired" in line
    stage.report.check("an expired VR that reaches nobody ends with 78 and says what mends it", right, line)
    founder.start()
    days = _days_left(founder)
    stage.report.check("the VR with the authority's key renews itself at its start", days > LIFETIME - 1, f"{days:.1f} days left")
    for vr in (other, limited):
        vr.start(30)
        days = _days_left(vr)
        stage.report.check(f"{vr.name}, expired, gets its next certificate as a guest", days > LIFETIME - 1, f"{days:.1f} days left")
    faults = mesh.converged()
    stage.report.check("the mesh is one again", not faults, "; ".join(faults) or "converged")


def _sealed_key(stage: Stage, founder: VR) -> None:
    right, wrong = _passphrase(founder, "right", "correct horse battery"), _passphrase(founder, "wrong", "wrong horse battery")
    founder.ask("ca", "protect", "--passphrase-file", str(right))
    text = (founder.state / "authority.key").read_bytes()
    founder.stop()
    founder.start()
    state = founder.view("status", "certs")["authorityKey"]
    stage.report.check("a sealed key is locked after a restart", text.startswith(b"vine-ca1:") and state == "locked", state)
    refused = _asked(founder, "invite", "fifth", "--hosts", "10")
    stage.report.check("nobody is invited with a locked key", refused.code != 0 and "ca unlock" in refused.line, refused.line)
    denied = _asked(founder, "ca", "unlock", "--passphrase-file", str(wrong))
    stage.report.check("a wrong passphrase is refused", denied.code == 5 and "passphrase" in denied.line, denied.line)
    founder.ask("ca", "unlock", "--passphrase-file", str(right))
    invited = _asked(founder, "invite", "fifth", "--hosts", "10")
    stage.report.check("the right passphrase unlocks it", invited.ok, founder.view("status", "certs")["authorityKey"])


def _carried_key(stage: Stage, mesh: OwnMesh) -> None:
    founder, other = mesh.vrs["ca"], mesh.vrs["other"]
    right, carried = _passphrase(founder, "right", "correct horse battery"), founder.folder / "carried.key"
    founder.ask("ca", "export", str(carried), "--passphrase-file", str(right))
    stage.report.check("the exported key is for root alone", carried.stat().st_mode & 0o777 == 0o600, oct(carried.stat().st_mode & 0o777))
    other.ask("ca", "import", str(carried), "--passphrase-file", str(right))
    founder.ask("ca", "remove", "--yes")
    gone = not (founder.state / "authority.key").exists()
    limited = mesh.vrs["nat"]
    wait_until(lambda: limited.view("status", "certs")["signers"] == ["other"], WAIT, 0.3)
    signers = limited.view("status", "certs")["signers"]
    stage.report.check("all know that another VR holds the key now", gone and signers == ["other"], ", ".join(signers))
    invited = _asked(other, "invite", "sixth", "--hosts", "10")
    stage.report.check("which invites", invited.ok, invited.line or "a token")
    # Its daemon is to use the key without anybody there.
    with other.config.open("a") as file:
        file.write(f"authorityPassphraseFile: {right}\n")


def _in_the_last_third(stage: Stage, mesh: OwnMesh) -> None:
    """75 days later: all have certificates that are good for 15 days more, and sessions with one another."""
    for site in SITES:
        mesh.vrs[site.name].start(30)
    for vr in mesh.vrs.values():
        wait_until(lambda v=vr: _days_left(v) > LIFETIME - 1, WAIT, 0.3)
        days = _days_left(vr)
        stage.report.check(f"{vr.name} renews its certificate while it runs", days > LIFETIME - 1, f"{days:.1f} days left")


def _asked(vr: VR, *words: str) -> Outcome:
    return vr.tool(*words, "--socket", str(vr.socket))


def _passphrase(vr: VR, name: str, text: str) -> Path:
    path = vr.folder / f"passphrase-{name}"
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path
