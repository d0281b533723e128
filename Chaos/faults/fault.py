"""What all faults have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lib.trial import Trial

TELLS = 15.0
"""Seconds after a fault's end in which a daemon may still speak of it."""


class Fault:
    """`begin` and `end` act on a trial; between them the fault is there.

    - touched: sites whose pairs it may disturb; empty for all.
    - sides: for a partition, groups of sites that reach each other as before.
    - excuses: sites whose daemons may log errors because of it.
    """

    name = "fault"

    def __init__(self, about: str, touched: set[str], excuses: set[str] | None = None) -> None:
        self.about = about
        self.touched = touched
        self.excuses = excuses or set()
        self.sides: list[set[str]] = []

    def begin(self, trial: Trial) -> None:
        raise NotImplementedError

    def end(self, trial: Trial) -> None:
        """Everything is as before; for faults that are over at once there is nothing to do."""
