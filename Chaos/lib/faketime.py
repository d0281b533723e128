"""Another time of day for single processes: libfaketime, of Debian's package faketime. The machine's clock stays as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

from .processes import Processes, wait_until

SECONDS_MAX = 600


class FakeTime:
    """`faketime` itself would stand between a VR and its signals; without its shared memory the library changes the environment
    behind the program's back, where Swift looks for the arguments. So one program holds the memory for all."""

    def __init__(self, processes: Processes) -> None:
        holder = processes.start("faketime", ["faketime", "-f", "+0d", "sh", "-c", f'echo "$FAKETIME_SHARED"; exec sleep {SECONDS_MAX}'])
        wait_until(lambda: holder.text().strip() != "" or not holder.running, 10)
        self._memory = holder.text().strip()
        self._library = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
        if not self._memory or not self._library:
            raise RuntimeError(f"faketime does not start: {holder.last_line()}")

    @staticmethod
    def is_there() -> bool:
        return shutil.which("faketime") is not None

    def ahead(self, days: int) -> list[str]:
        """What goes before a program so that its time of day is so many days ahead; timers go by the other clock."""
        return self._words(f"FAKETIME={days:+d}d")

    def following(self, file: Path) -> list[str]:
        """The same with seconds, `+3600`, that stand in a file: the program looks there again each second."""
        return self._words(f"FAKETIME_TIMESTAMP_FILE={file}", "FAKETIME_CACHE_DURATION=1")

    def _words(self, *variables: str) -> list[str]:
        common = [f"LD_PRELOAD={self._library}", f"FAKETIME_SHARED={self._memory}", "FAKETIME_DONT_FAKE_MONOTONIC=1"]
        return ["env", *common, *variables]
