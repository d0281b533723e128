"""Clocks that jump a day ahead and a day back while the VRs run: traffic goes by other clocks, and notices nothing."""

from __future__ import annotations

from faults.clock import ClockJumped
from faults.process import Killed
from lib.faketime import FakeTime
from lib.trial import Trial

ABOUT = "the time of day of a voter and of a limited VR jumps by 26 hours, ahead and back"
SIMULATED = None
"""Its clocks drift; no VR's time of day jumps."""
HOURS = 26


def play(trial: Trial) -> None:
    time = FakeTime(trial.box.processes)
    founder = trial.names()[0]
    voter = next((site for site in trial.voters() if site != founder), founder)
    for site in (voter, (trial.limited() or trial.public())[-1]):
        vr = trial.mesh.vrs[site]
        file = vr.folder / "clock"
        file.write_text("+0\n")
        vr.before = time.following(file)
        trial.suffer(Killed({site}), 1)
        trial.settle()
        for hours in (HOURS, -HOURS):
            trial.suffer(ClockJumped(site, file, hours), 12)
            trial.settle()
        vr.before = []
