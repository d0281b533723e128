"""Others on the VR's machine: the site's cable is pulled, the underlay address changes, all netfilter rules are flushed."""

from __future__ import annotations

from faults.machine import LanDown, Renumbered, RulesFlushed
from lib.trial import Trial

ABOUT = "LAN down and up, another underlay address, netfilter rules flushed by somebody else"
SIMULATED = None
"""The simulator has no kernel."""


def play(trial: Trial) -> None:
    public = trial.public()
    trial.suffer(LanDown(public[1]), 10)
    trial.settle()
    for _ in range(2):
        trial.suffer(Renumbered(public[2]), 0)
        trial.settle()
    trial.suffer(RulesFlushed(public[-1]), 10)
    trial.settle()
