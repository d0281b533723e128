"""The founder, the one bootstrap peer that everybody was told, dies and never comes back; then others restart without it."""

from __future__ import annotations

from faults.process import Gone, Killed
from lib.trial import Trial

ABOUT = "the bootstrap peer is gone for good, and others restart without it"
SIMULATED = "voters"


def play(trial: Trial) -> None:
    founder = trial.mesh.names[0]
    trial.suffer(Gone(founder), 15)
    trial.settle()
    public, limited = trial.public(), trial.limited() or trial.public()
    trial.suffer(Killed({public[0], limited[0]}), 5)
    trial.settle()
    trial.suffer(Killed(set(trial.names())), 3)
    trial.settle()
