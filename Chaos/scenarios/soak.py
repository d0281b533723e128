"""Churn for as long as is wanted (an hour is meant): one VR at a time is killed, cut off or forgotten by its NAT.

What grows is judged: resident memory of each daemon that lived all the time since the warm-up, and the sum of all.
"""

from __future__ import annotations

import statistics

from faults.nat import Forgets
from faults.network import BadLine, partition
from faults.process import Killed
from lib.report import Report
from lib.trial import Trial

ABOUT = "churn for MINUTES=, and whether memory grows"
SIMULATED = "churn"
ON_REQUEST = True
LOAD = {"rate": 2.0}
GROWTH_MAX = 5.0
"""Per cent of resident memory after the warm-up."""
WARM_UP_SHARE = 0.2
"""Of the time, ten minutes at most."""


def play(trial: Trial) -> None:
    names = trial.names()
    # These are never killed, so that their memory can be followed; the others churn.
    killed = names[1::3]
    while trial.left > 60:
        turn = trial.draw.random()
        if turn < 0.4:
            trial.suffer(Killed({trial.draw.choice(killed)}), 5)
        elif turn < 0.6 and trial.limited():
            trial.suffer(Forgets(trial.draw.choice(trial.limited())), 1)
        elif turn < 0.8:
            trial.suffer(BadLine(trial.draw.choice(names), "rate=40mbit delay=4ms loss=10%"), 10)
        else:
            side = set(trial.draw.sample(names, len(names) // 3))
            trial.suffer(partition(side, set(names) - side), 10)
        trial.settle()
        trial.pause(5)


def claims(trial: Trial, report: Report) -> None:
    """Growth from the first tenth after the warm-up to the last tenth, by daemon that lived through both."""
    seconds = trial.ended - trial.began
    warm = trial.began + min(600.0, seconds * WARM_UP_SHARE)
    tenth = (trial.ended - warm) / 10
    grown: dict[str, float] = {}
    for name in trial.mesh.names:
        lives: dict[int, list[tuple[float, int]]] = {}
        for usage in trial.sampler.usages:
            if usage.vr == name and usage.at >= warm:
                lives.setdefault(usage.pid, []).append((usage.at, usage.kilobytes))
        for rows in lives.values():
            early = [kb for at, kb in rows if at < warm + tenth]
            late = [kb for at, kb in rows if at > trial.ended - tenth]
            if early and late:
                grown[name] = 100 * (statistics.mean(late) / statistics.mean(early) - 1)
    if not grown:
        report.skip("memory growth", "no daemon lived from the warm-up to the end: give more MINUTES")
        return
    worst = max(grown, key=grown.get)
    told = f"{worst}, of {len(grown)} that lived through {seconds / 60:.0f} min, warm-up {(warm - trial.began) / 60:.0f}"
    report.figure("resident memory grows after the warm-up", grown[worst], "%", GROWTH_MAX, "lower", told)
