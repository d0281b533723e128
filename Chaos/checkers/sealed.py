"""No virtual packet in clear on the underlay: tcpdump on each leg of the core and of the NATs, for the whole trial."""

from __future__ import annotations

from lib.trial import Trial

CLAIM = "no plaintext of virtual traffic on the underlay"


def violations(trial: Trial) -> list[str]:
    return list(trial.evidence.leaks)
