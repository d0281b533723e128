"""The time of day of one machine jumps, as after a wrong setting or a lost battery."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lib.processes import wait_until

from .fault import Fault

if TYPE_CHECKING:
    from lib.trial import Trial


class ClockJumped(Fault):
    """A running daemon's clock is suddenly so many hours ahead, and at the end right again. The daemon has to follow `file`
    (`FakeTime.following`). Raises RuntimeError if its clock does not jump."""

    name = "clock jump"

    def __init__(self, site: str, file: Path, hours: int) -> None:
        super().__init__(f"{site} {hours:+d} h", {site})
        self.site, self.file, self.hours = site, file, hours

    def begin(self, trial: Trial) -> None:
        before = self._days_left(trial)
        self.file.write_text(f"{self.hours * 3600:+d}\n")
        wanted = before - self.hours / 24
        if not wait_until(lambda: abs(self._days_left(trial) - wanted) < 0.01, 10, 0.2):
            raise RuntimeError(f"the clock of {self.site} did not jump: {self._days_left(trial):.2f} days left")

    def end(self, trial: Trial) -> None:
        self.file.write_text("+0\n")

    def _days_left(self, trial: Trial) -> float:
        """Of the VR's certificate, by the VR's own clock."""
        return float(trial.mesh.vrs[self.site].fetch("certs")["own"]["daysLeft"])
