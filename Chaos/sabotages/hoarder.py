"""A daemon starts with hundreds of descriptors that it never closes; by its own doors nobody can make it hold so many."""

from __future__ import annotations

import sys

from checkers.bounded import descriptors_max
from lib.trial import Trial

CHECKER = "bounded"
ABOUT = "hundreds of descriptors that nobody closes"
HOARD = """
import os, sys
for _ in range(int(sys.argv[1])): os.set_inheritable(os.open("/dev/null", os.O_RDONLY), True)
os.execvp(sys.argv[2], sys.argv[2:])
"""


def play(trial: Trial) -> None:
    from faults.process import Killed

    vr = trial.mesh.vrs["s2"]
    before = vr.before
    # A declared restart, so that only the descriptors are news.
    with trial.under(Killed({"s2"})):
        vr.before = [sys.executable, "-c", HOARD, str(2 * descriptors_max(trial.mesh.size.vrs)), *before]
    vr.before = before
    trial.settle()
    trial.pause(5)
