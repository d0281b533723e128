"""50 VRs, all started within a second: memory, control traffic at its peak, and how long until all reach all.

The lines are cables, so that the emulator takes nothing of the processors. Traffic is what a VR sends in the seconds
after the start, less what probes and load cause before.
"""

from __future__ import annotations

import time

from faults.process import Killed
from lib.grown import Size
from lib.report import Report
from lib.trial import Trial

ABOUT = "50 VRs killed at once and started within a second"
SIMULATED = "churn"
ON_REQUEST = True
SIZE = Size(50, 0, shape="", hosts=1)
LOAD = {"rate": 0.5, "transfers": 0, "flows": 0}
"""2450 ordered pairs, each asked every two seconds."""
MEGABYTES_MAX, KILOBYTES_MAX, SECONDS_MAX = 150.0, 100.0, 20.0


def play(trial: Trial) -> None:
    trial.pause(10)
    begun = time.time()
    with trial.under(Killed(set(trial.names()))):
        trial.pause(2)
        began_again = time.time()
    trial.started_within = time.time() - began_again
    after = f"{began_again - begun:.0f} s after the kill"
    trial.note(f"{len(trial.names())} daemons started within {trial.started_within:.2f} s, {after}")
    trial.settle()
    trial.pause(20)


def claims(trial: Trial, report: Report) -> None:
    span = trial.spans[0]
    report.figure("all daemons were started within", trial.started_within, "s", 1.0, "lower")
    most = max(usage.kilobytes for usage in trial.sampler.usages) / 1024
    report.figure("memory of a VR at its peak", most, "MB", MEGABYTES_MAX, "lower")
    before, peak, longer = [], {}, {}
    for name, rows in trial.sampler.sent.items():
        rates = [(b, (y - x) / 1e3 / max(0.1, b - a)) for (a, x), (b, y) in zip(rows, rows[1:], strict=False)]
        before += [rate for at, rate in rates if at < span.began]
        after = [rate for at, rate in rates if at > span.ended]
        peak[name] = max(after, default=0.0)
        longer[name] = max((sum(after[k : k + 5]) / 5 for k in range(max(1, len(after) - 4))), default=0.0)
    worst = max(peak, key=peak.get)
    told = f"{worst}, one second; the mean of all VRs before: {sum(before) / max(1, len(before)):.1f} KB/s, probes included"
    report.figure("traffic that a VR sends at its peak", peak[worst], "KB/s", KILOBYTES_MAX, "lower", told)
    told = "mean of the worst five seconds of the worst VR"
    report.observe("traffic that a VR sends in its worst five seconds", max(longer.values()), "KB/s", "lower", told)
    backs = sorted(
        (back - span.ended if (back := way.first_after(span.ended, trial.ended)) else float("inf"))
        for way in trial.probes.ways.values()
    )
    told = f"{len(backs)} ordered pairs, asked each 2 s, so up to 2 s of it may be waiting for the question"
    report.figure("all VRs reach all others after", backs[-1] if backs else float("inf"), "s", SECONDS_MAX, "lower", told)
