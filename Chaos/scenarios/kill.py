"""SIGKILL: a public VR, a limited one, three at once; each comes back as itself."""

from __future__ import annotations

from faults.process import Killed
from lib.trial import Trial

ABOUT = "daemons killed without farewell, one by one and three at once"
SIMULATED = "churn"


def play(trial: Trial) -> None:
    public, limited = trial.public(), trial.limited() or trial.public()
    for sites in ({public[1]}, {limited[0]}, {public[0], public[-1], limited[-1]}):
        trial.suffer(Killed(sites), 8)
        trial.settle()
