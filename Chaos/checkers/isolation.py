"""No packet is delivered across ViNes, under a wrong address, to somebody it is not for, or twice.

Hosts probe the other ViNe's hosts all the time, and listen to all that comes on their wire.
"""

from __future__ import annotations

from lib.trial import Trial

CLAIM = "no packet delivered across ViNes, to a stranger or twice"


def violations(trial: Trial) -> list[str]:
    probes = trial.probes
    hosts = probes.hosts

    def name(number: int) -> str:
        return hosts[number].name if number < len(hosts) else f"unknown host {number}"

    found = [
        f"at {moment - trial.began:.1f} s {name(seer)} got a packet of {name(source)} for {name(target)}"
        for moment, seer, source, target in probes.strays
    ]
    found += [
        f"at {moment - trial.began:.1f} s {name(target)} got a packet of {name(source)} again"
        for moment, source, target in probes.doubled
    ]
    if not probes.strangers_sent and len({host.number for host in hosts}) > 1:
        found.append("nobody tried to reach another ViNe")
    return found


def figures(trial: Trial) -> list[tuple[str, float, str, float | None, str, str]]:
    told = "each to a host of the other ViNe at another site"
    return [("probes across ViNes, none of which may arrive", trial.probes.strangers_sent, "packets", None, "higher", told)]
