"""The voters part: first a minority is cut off, then the leader's side is the minority, then nobody has a majority.

The clerk asks all VRs for changes the whole time: those behind a minority are refused, and none that was answered is lost.
"""

from __future__ import annotations

import time

from faults.network import partition
from faults.process import Killed
from lib.trial import Trial

ABOUT = "voters split into minority and majority, and without any majority"
SIMULATED = "voters"
VOTERS_WITHIN = 60.0
"""Seconds after which the story is told with however many there are."""


def play(trial: Trial) -> None:
    # A young mesh has one voter; others learn first.
    end = time.time() + VOTERS_WITHIN
    while len(trial.voters()) < 3 and time.time() < end:
        trial.pause(1)
    voters, names = trial.voters(), trial.names()
    trial.note(f"voters: {' '.join(voters)}")
    few = len(voters) // 2
    for minority in (set(voters[len(voters) - few :]), set(voters[:few] or voters[:1])):
        rest = set(names) - minority
        # Observers go with both sides.
        observers = [name for name in names if name not in voters]
        minority |= set(observers[: len(observers) // 2])
        trial.suffer(partition(minority, rest - minority), 25)
        trial.settle()
    trial.suffer(Killed(set(voters[: len(voters) // 2 + 1])), 10)
    trial.settle()
