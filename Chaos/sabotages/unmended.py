"""A fault is said to be over, and its cut stays."""

from __future__ import annotations

from faults.network import Cut
from lib.trial import Trial

CHECKER = "reachable"
ABOUT = "two sites stay cut off from each other and from all others"
LOAD = {"transfers": 0, "flows": 0}


class Unmended(Cut):
    """Ends in name only."""

    def end(self, trial: Trial) -> None:
        others = set(trial.mesh.names) - {"s1", "s2"}
        # The control frames of the two find ways around; nothing between their hosts does.
        self.mended = {cut for cut in self.cuts if others & set(cut)}
        trial.mesh.underlay.mend(self.mended)


def play(trial: Trial) -> None:
    trial.clerk.stop()
    trial.suffer(Unmended("s1 and s2", {("s1", "s2"), ("s2", "s1")}), 4)
    trial.pause(6)
