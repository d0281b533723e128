"""What two VRs send arrives nowhere, while they hear everybody; then they are deaf, and everybody hears them."""

from __future__ import annotations

from faults.network import one_way
from lib.trial import Trial

ABOUT = "two VRs mute for all others, then deaf"
SIMULATED = "one-way"


def play(trial: Trial) -> None:
    names = trial.names()
    few = {trial.public()[1], (trial.limited() or trial.public())[-1]}
    rest = set(names) - few
    trial.suffer(one_way(few, rest), 20)
    trial.settle()
    trial.suffer(one_way(rest, few), 20)
    trial.settle()
