"""After the last fault all VRs come to the same GNDTs, by their digests, within a bound."""

from __future__ import annotations

from lib.trial import AGREE_MAX, Trial

CLAIM = "GNDT digests are equal within the bound after the heal"


def violations(trial: Trial) -> list[str]:
    return list(trial.evidence.disagreements)


def figures(trial: Trial) -> list[tuple[str, float, str, float | None, str, str]]:
    told = "from the end of the story until all digests were the same"
    return [("GNDTs agree after the last fault", trial.evidence.agreed_after, "s", AGREE_MAX, "lower", told)]
