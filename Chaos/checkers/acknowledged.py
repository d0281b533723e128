"""No acknowledged registry change is lost: every VR lists at the end what was created, and not what was deleted."""

from __future__ import annotations

from lib.trial import Trial

CLAIM = "no acknowledged registry change lost"


def violations(trial: Trial) -> list[str]:
    found = []
    expected = trial.clerk.expected()
    for name, vines in sorted(trial.evidence.vines_at.items()):
        lost = sorted(vine for vine, there in expected.items() if there and vine not in vines)
        undead = sorted(vine for vine, there in expected.items() if not there and vine in vines)
        found += [f"{name} does not know {vine}, whose creation was acknowledged" for vine in lost]
        found += [f"{name} still knows {vine}, whose deletion was acknowledged" for vine in undead]
    if not any(change.acknowledged for change in trial.clerk.changes):
        found.append("no change was ever acknowledged")
    return found


def figures(trial: Trial) -> list[tuple[str, float, str, float | None, str, str]]:
    changes = trial.clerk.changes
    acknowledged = sum(change.acknowledged for change in changes)
    slowest = max((change.ended - change.began for change in changes if change.acknowledged), default=0.0)
    told = f"{len(changes) - acknowledged} of {len(changes)} were refused or not answered"
    return [
        ("registry changes acknowledged", acknowledged, "changes", None, "higher", told),
        ("slowest acknowledged registry change", slowest, "s", None, "lower", "faults included"),
    ]
