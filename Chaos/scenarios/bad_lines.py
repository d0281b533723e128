"""Bad weather: loss, reordering, doubled packets, corruption, and a rate that collapses, each on a line of its own."""

from __future__ import annotations

from faults.network import BadLine, Corruption
from lib.trial import Trial

ABOUT = "loss, reordering, doubles, corruption, a rate that collapses"
SIMULATED = "lossy"


def play(trial: Trial) -> None:
    public, limited = trial.public(), trial.limited() or trial.public()
    for fault in (
        BadLine(public[1], "rate=40mbit delay=4ms loss=10%"),
        BadLine(public[2], "rate=40mbit delay=4ms jitter=8ms reorder=10%"),
        BadLine(limited[0], "rate=40mbit delay=4ms duplicate=20%"),
        Corruption(public[3], 50),
        BadLine(limited[-1], "rate=1mbit delay=50ms queue=64kB"),
    ):
        trial.suffer(fault, 15)
        trial.settle()
