"""Short, for each test run: four VRs, one of them behind a NAT; a partition, a kill, a NAT that forgets."""

from __future__ import annotations

from faults.nat import Forgets
from faults.network import partition
from faults.process import Killed
from lib.grown import Size
from lib.trial import Trial

ABOUT = "a partition, a kill and a NAT that forgets, on four VRs"
SIMULATED = "mixed"
SIZE = Size(4, 1)
LOAD = {"transfers": 2, "flows": 1}


def play(trial: Trial) -> None:
    public, limited = trial.public(), trial.limited()
    trial.suffer(partition({public[0], public[1]}, {public[2], *limited}), 10)
    trial.settle()
    trial.suffer(Killed({public[1]}), 4)
    trial.settle()
    for site in limited:
        trial.suffer(Forgets(site), 1)
        trial.settle()
