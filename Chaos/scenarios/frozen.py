"""SIGSTOP for 30 s: a VR that everybody gave up speaks again as if nothing had been, with old sessions and old news."""

from __future__ import annotations

from faults.process import Frozen
from lib.trial import Trial

ABOUT = "daemons stopped for 30 s that go on as if nothing had been"
SIMULATED = "stalls"


def play(trial: Trial) -> None:
    for site in ((trial.voters() or trial.public())[0], (trial.limited() or trial.public())[0]):
        trial.suffer(Frozen(site), 30)
        trial.settle()
