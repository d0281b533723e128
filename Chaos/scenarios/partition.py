"""The mesh parts into two halves, each with public and limited VRs, and meets again; twice, the second time in three."""

from __future__ import annotations

from faults.network import partition
from lib.trial import Trial

ABOUT = "halves, then thirds, that do not reach each other"
SIMULATED = "partition"


def play(trial: Trial) -> None:
    names = trial.names()
    left, right = set(names[::2]), set(names[1::2])
    trial.suffer(partition(left, right), 30)
    trial.settle()
    trial.suffer(partition(set(names[::3]), set(names[1::3]), set(names[2::3])), 30)
    trial.settle()
