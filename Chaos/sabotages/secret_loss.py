"""During a declared partition a line on one side loses packets, and nobody says so."""

from __future__ import annotations

from faults.network import partition
from lib.grown import Size
from lib.trial import Trial

CHECKER = "same_side"
ABOUT = "pairs on the same side of a partition lose packets"
SIZE = Size(4, 0)


def play(trial: Trial) -> None:
    trial.pause(4)
    with trial.under(partition({"s1", "s2"}, {"s3", "s4"})):
        trial.pause(4)
        trial.mesh.underlay.reshape("s1", "rate=40mbit delay=4ms loss=20%", "rate=40mbit delay=4ms loss=20%")
        trial.pause(6)
        trial.mesh.underlay.reshape("s1")
    trial.settle()
