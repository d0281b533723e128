"""All VRs are put back to stores of a while ago: what was acknowledged since is known nowhere any more."""

from __future__ import annotations

import shutil

from lib.trial import Trial

CHECKER = "acknowledged"
ABOUT = "all stores are put back to older ones"
LOAD = {"transfers": 0, "flows": 0}


def play(trial: Trial) -> None:
    from faults.process import Killed

    vrs = trial.mesh.vrs.values()
    # A declared restart, so that only the loss is news. The clerk's changes before the copy are known in it.
    with trial.under(Killed(set(trial.mesh.names))):
        for vr in vrs:
            shutil.copytree(vr.state, vr.folder / "old")
    trial.settle()
    trial.pause(8)
    with trial.under(Killed(set(trial.mesh.names))):
        for vr in vrs:
            shutil.rmtree(vr.state)
            shutil.copytree(vr.folder / "old", vr.state)
            vr.state.chmod(0o700)
    trial.settle()
