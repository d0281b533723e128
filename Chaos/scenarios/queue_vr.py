"""Two limited VRs behind symmetric NATs, which find no direct way: their queue-VR dies, is slowed down, and is cut off."""

from __future__ import annotations

from faults.network import BadLine, partial
from faults.process import Frozen, Killed
from lib.trial import Trial

ABOUT = "queue-VRs that die, are overloaded, stop, and are cut off from one limited VR"
SIMULATED = "mixed"


def play(trial: Trial) -> None:
    limited = trial.limited()
    one, other = limited[0], limited[1]
    trial.suffer(Killed({trial.queue_of(one)} - {""}), 12)
    trial.settle()
    queue = trial.queue_of(other) or trial.public()[1]
    trial.suffer(BadLine(queue, "rate=2mbit delay=30ms queue=64kB"), 20)
    trial.settle()
    queue = trial.queue_of(one) or trial.public()[1]
    trial.suffer(partial({(one, queue)}), 15)
    trial.settle()
    trial.suffer(Frozen(trial.queue_of(other) or trial.public()[1]), 15)
    trial.settle()
