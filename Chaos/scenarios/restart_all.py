"""A power cut: all VRs are killed within the same moment, and started again within a second."""

from __future__ import annotations

from faults.process import Killed
from lib.trial import Trial

ABOUT = "all VRs killed at once and started at once"
SIMULATED = "churn"


def play(trial: Trial) -> None:
    for _ in range(2):
        trial.suffer(Killed(set(trial.names())), 3)
        trial.settle()
