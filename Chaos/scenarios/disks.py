"""Disks: full, read-only after a crash, a store with damaged bytes, a store that is gone."""

from __future__ import annotations

from faults.disk import DamagedState, FullDisk, LostStore, ReadOnlyDisk
from lib.trial import Trial

ABOUT = "a full disk, a read-only one, a damaged store, a lost store"
SIMULATED = None
"""Torn writes are in `vine-sim consensus`; its meshes have no file system."""


def play(trial: Trial) -> None:
    public = trial.public()
    voters = trial.voters()
    observer = next(name for name in reversed(public) if name not in voters)
    trial.suffer(FullDisk(observer), 15)
    trial.settle()
    trial.suffer(FullDisk(voters[-1]), 15)
    trial.settle()
    trial.suffer(ReadOnlyDisk(observer), 10)
    trial.settle()
    trial.suffer(DamagedState((trial.limited() or public)[0]), 10)
    trial.settle()
    trial.suffer(LostStore(observer), 5)
    trial.settle()
