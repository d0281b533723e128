"""Lines go down and up: a public VR's each two seconds, a limited one's each six, the founder's each second."""

from __future__ import annotations

from faults.network import Flapping
from lib.trial import Trial

ABOUT = "lines that go down and up, each at a pace of its own"
SIMULATED = "lossy"


def play(trial: Trial) -> None:
    for site, period in ((trial.public()[2], 2.0), ((trial.limited() or trial.public())[0], 6.0), (trial.public()[0], 1.0)):
        trial.suffer(Flapping(site, period), 20)
        trial.settle()
