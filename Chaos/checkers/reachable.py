"""After any single fault ends all pairs reach each other within ten seconds, p99.

Judged are faults that nothing else overlapped, neither while they were there nor in the seconds after them. A pair is
back with the first of two probes in a row that arrive.
"""

from __future__ import annotations

from lib.trial import SETTLE_MAX, Span, Trial

CLAIM = "all pairs reach each other again, p99 after any single fault"
SECONDS_MAX = 10.0


def recoveries(trial: Trial) -> list[tuple[Span, list[float]]]:
    """By single fault: for each pair how long after its end it talked again; SETTLE_MAX stands for never."""
    found = []
    for span in trial.spans:
        others = [other for other in trial.spans if other is not span]
        alone = all(other.began > span.ended or other.ended + 3 < span.began for other in others)
        until = min([other.began for other in others if other.began > span.ended], default=trial.ended)
        if not alone or not span.ended or until - span.ended < 1:
            continue
        seconds = []
        for pair, way in trial.probes.ways.items():
            if trial.gone & set(trial.probes.sites(pair)) or way.count(span.ended, until) < 2:
                continue
            back = way.first_two_after(span.ended, until)
            seconds.append(SETTLE_MAX if back is None else max(0.0, back - span.ended))
        if seconds:
            found.append((span, sorted(seconds)))
    return found


def p99(ordered: list[float]) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]


def violations(trial: Trial) -> list[str]:
    found = [
        f"{span.fault.name} ({span.fault.about}) at {span.began - trial.began:.0f} s: p99 {p99(seconds):.1f} s, "
        f"{sum(s > SECONDS_MAX for s in seconds)} of {len(seconds)} pairs later than {SECONDS_MAX:g} s"
        for span, seconds in recoveries(trial)
        if p99(seconds) > SECONDS_MAX
    ]
    silent = trial.probes.silent_at_end(trial.gone)
    if silent:
        found.append(f"at the end {len(silent)} pairs are silent: {', '.join(silent[:5])}")
    return found


def figures(trial: Trial) -> list[tuple[str, float, str, float | None, str, str]]:
    judged = recoveries(trial)
    told = "in a mesh that was just made, its tables agreed"
    first = ("all pairs talk for the first time", trial.first_took, "s", None, "lower", told)
    if not judged:
        return [first]
    worst, seconds = max(judged, key=lambda item: p99(item[1]))
    every = sorted(second for _, seconds in judged for second in seconds)
    told = f"worst of {len(judged)} single faults: {worst.fault.name}, {worst.fault.about}"
    sent, arrived = trial.probes.totals()
    return [
        first,
        ("reachability after a single fault, worst fault's p99", p99(seconds), "s", SECONDS_MAX, "lower", told),
        ("reachability after a single fault, p99 of all", p99(every), "s", SECONDS_MAX, "lower", f"{len(every)} recoveries"),
        ("probes sent between hosts", sent, "packets", None, "higher", f"{arrived} arrived, faults included"),
    ]
