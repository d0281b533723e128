"""NATs of every kind forget mappings, give other ports, another address, become another kind, and reboot."""

from __future__ import annotations

from faults.nat import ChangesKind, Forgets, MovesAddress, MovesPorts, Reboots
from lib.grown import Size
from lib.trial import Trial

ABOUT = "what home routers and providers do to mappings, at each kind of NAT"
SIMULATED = "nat-churn"
SIZE = Size(11, 5)


def play(trial: Trial) -> None:
    for site in trial.limited():
        kind = trial.mesh.kinds[site]
        trial.note(f"{site} is behind a NAT of kind {kind}")
        trial.suffer(Forgets(site), 1)
        trial.settle()
        trial.suffer(MovesPorts(site), 8)
        trial.settle()
        trial.suffer(MovesAddress(site), 8)
        trial.settle()
        trial.suffer(ChangesKind(site, "cone" if kind == "symmetric" else "symmetric"), 8)
        trial.settle()
        trial.suffer(Reboots(site), 8)
        trial.settle()
