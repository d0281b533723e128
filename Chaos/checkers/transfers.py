"""Every HTTP transfer that ends has the right checksum; one that fails needs a fault that touched its sites meanwhile."""

from __future__ import annotations

from lib.trial import Trial

CLAIM = "TCP transfers end with the right checksum"
AFTER = 15.0
"""Seconds after a fault's end in which a connection may still fail because of it."""


def violations(trial: Trial) -> list[str]:
    found = []
    for transfer in trial.load.transfers:
        if not transfer.fault:
            continue
        sites = {transfer.client, transfer.server}
        if "checksum" in transfer.fault or not excused(trial, transfer.began, transfer.ended, sites):
            found.append(f"at {transfer.began - trial.began:.0f} s: {transfer.fault}")
    for flow in trial.load.flows:
        if flow.fault and not excused(trial, flow.began, flow.ended, {flow.source, flow.target}):
            found.append(f"at {flow.began - trial.began:.0f} s: iperf3 {flow.source} to {flow.target}: {flow.fault}")
    if trial.load.wanted and all(transfer.fault for transfer in trial.load.transfers):
        found.append("no transfer ever ended well")
    return found


def excused(trial: Trial, began: float, ended: float, sites: set[str]) -> bool:
    """Whether a fault that touches these sites was there, or had just ended."""
    return any(
        span.began <= ended and (span.ended or ended) + AFTER >= began and (not span.fault.touched or span.fault.touched & sites)
        for span in trial.spans
    )


def figures(trial: Trial) -> list[tuple[str, float, str, float | None, str, str]]:
    right = sum(not transfer.fault for transfer in trial.load.transfers)
    flows = sum(not flow.fault for flow in trial.load.flows)
    told = f"{len(trial.load.transfers) - right} failed under a fault; {flows} of {len(trial.load.flows)} iperf3 flows went through"
    return [("HTTP transfers with the right checksum", right, "transfers", None, "higher", told)]
