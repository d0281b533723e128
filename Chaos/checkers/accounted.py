"""Every packet that a queue-VR queued was forwarded or counted as dropped; in calm, every lost probe is in a VR's counters."""

from __future__ import annotations

from lib.probes import GRACE
from lib.trial import Trial

CLAIM = "every queued packet delivered or counted"
QUIET = 12.0
"""Seconds without a fault after which a trial is calm: queues are empty, tables have come together."""


def violations(trial: Trial) -> list[str]:
    return _ledgers(trial) + _calm(trial)


def _ledgers(trial: Trial) -> list[str]:
    """The queues' own books, once nothing is under way any more."""
    found = []
    for name, (queued, gone, waiting) in sorted(trial.evidence.ledgers.items()):
        if queued != gone + waiting:
            found.append(f"{name}: {queued} frames queued, {gone} forwarded or counted as dropped, {waiting} wait")
    return found


def calm(trial: Trial) -> list[tuple[float, float]]:
    """Times without a fault for long enough."""
    edges = sorted((span.began, span.ended or trial.ended) for span in trial.spans)
    found, begin = [], trial.began + QUIET
    for fault_began, fault_ended in [*edges, (trial.ended - GRACE, trial.ended)]:
        if fault_began - begin > 2:
            found.append((begin, fault_began))
        begin = max(begin, fault_ended + QUIET)
    return found


def _calm(trial: Trial) -> list[str]:
    found = []
    for begin, end in calm(trial):
        lost = {pair: way.lost(begin, end - GRACE) for pair, way in trial.probes.ways.items()
                if not trial.gone & set(trial.probes.sites(pair))}  # fmt: skip
        total = sum(lost.values())
        if total > (counted := _counted(trial, begin - 4, end + 4)):
            worst = max(lost, key=lost.get)
            found.append(
                f"from {begin - trial.began:.0f} to {end - trial.began:.0f} s, without a fault: {total} probes lost, "
                f"{counted} packets counted as dropped; most at {trial.probes.name(worst)}: {lost[worst]}"
            )
    return found


def _counted(trial: Trial, begin: float, end: float) -> int:
    """How much the VRs' own drop counters, and the kernel's, grew in a time."""
    grown = 0
    for name in trial.mesh.names:
        totals = [_total(word) for word in trial.sampler.words if word.vr == name and begin <= word.at <= end]
        grown += max(0, totals[-1] - totals[0]) if len(totals) > 1 else 0
    return grown


def _total(word) -> int:  # noqa: ANN001
    # Refusals of strangers' probes have reasons of their own and excuse nothing.
    refused = ("noGNDTEntry", "sourceNotInLNDT", "wrongVine", "toVirtualRouter", "notVirtualDestination")
    rows = word.views["drops"]["drops"]
    kernel = word.views["queues"]["capture"]["kernelDroppedPackets"]
    return kernel + sum(row["total"] for row in rows if row["reason"] not in refused)


def figures(trial: Trial) -> list[tuple[str, float, str, float | None, str, str]]:
    spells = calm(trial)
    seconds = sum(end - begin for begin, end in spells)
    lost = sum(way.lost(b, e - GRACE) for way in trial.probes.ways.values() for b, e in spells)
    told = f"in {seconds:.0f} s without a fault, queue drops included"
    return [("probes lost in calm", lost, "packets", None, "lower", told)]
