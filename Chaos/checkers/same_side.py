"""During a partition pairs on the same side lose nothing.

Left out are pairs whose frames passed a queue-VR on the other side before, and partitions beside another fault.
"""

from __future__ import annotations

from lib.trial import Span, Trial

CLAIM = "during a partition pairs on the same side lose nothing"
BEFORE = 3.0
"""Seconds before the partition in which a pair has to be in order."""


def _alone(trial: Trial, span: Span) -> bool:
    return all(o is span or o.began > span.ended or o.ended + BEFORE < span.began for o in trial.spans)


def _kept(span: Span, a: str, b: str) -> bool:
    """Both on one side, and whoever passes their frames, too."""
    for side in span.fault.sides:
        if a in side and b in side:
            return all(not via or via in side for via in (span.ways.get((a, b), "?"), span.ways.get((b, a), "?")))
    return False


def judged(trial: Trial) -> list[tuple[Span, int, list[str]]]:
    """By partition: probes that pairs of one side sent, and the pairs that lost some."""
    found = []
    for span in trial.spans:
        if not span.fault.sides or not span.ended or not _alone(trial, span):
            continue
        sent, losses = 0, []
        for pair, way in trial.probes.ways.items():
            if not _kept(span, *trial.probes.sites(pair)) or way.lost(span.began - BEFORE, span.began):
                continue
            sent += way.count(span.began, span.ended)
            if lost := way.lost(span.began, span.ended):
                losses.append(f"{trial.probes.name(pair)} lost {lost} of {way.count(span.began, span.ended)}")
        found.append((span, sent, losses))
    return found


def violations(trial: Trial) -> list[str]:
    return [
        f"{span.fault.about} at {span.began - trial.began:.0f} s: {len(losses)} pairs: {', '.join(losses[:4])}"
        for span, _, losses in judged(trial)
        if losses
    ]


def figures(trial: Trial) -> list[tuple[str, float, str, float | None, str, str]]:
    rows = judged(trial)
    if not rows:
        return []
    told = f"{sum(bool(losses) for _, _, losses in rows)} of {len(rows)} partitions with a loss"
    return [("probes on the same side of partitions", sum(sent for _, sent, _ in rows), "packets", None, "higher", told)]
