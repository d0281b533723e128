"""Each VR loses some others and not the rest: everybody is still reached over somebody. No two VRs see the same mesh."""

from __future__ import annotations

from faults.network import partial
from lib.trial import Trial

ABOUT = "a fifth of all pairs of sites do not reach each other"
SIMULATED = "one-way"


def play(trial: Trial) -> None:
    for _ in range(2):
        names = trial.names()
        pairs = [(a, b) for a in names for b in names if a < b]
        trial.suffer(partial(set(trial.draw.sample(pairs, len(pairs) // 5))), 25)
        trial.settle()
