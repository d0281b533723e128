"""Rules before the VR's own let the kernel route a host's packets: they leave in clear."""

from __future__ import annotations

from lib.trial import Trial

CHECKER = "sealed"
ABOUT = "somebody's rules route virtual packets past the VR"
NOBODY = "172.31.200.1"
"""An address that no site has, so that nothing else is disturbed."""


def play(trial: Trial) -> None:
    ns = trial.mesh.vrs["s2"].ns
    for rule in (f"-t raw -I PREROUTING -i lan -d {NOBODY} -j ACCEPT", f"-I FORWARD -d {NOBODY} -j ACCEPT"):
        trial.box.runner.run(["iptables", "-w", *rule.split()], ns=ns, check=True)
    host = next(host for host in trial.mesh.hosts if host.site.name == "s2")
    trial.box.runner.run(["ping", "-c", "3", "-i", "0.2", "-W", "0.5", NOBODY], ns=host.ns)
    trial.pause(2)
