"""Follows what programs write, all of them from one thread: the time at which each said something."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from .processes import Program

STEP = 0.02
"""Seconds between two looks, and so the error of what is timed."""


class Followed:
    """One program's output, line by line, from its beginning."""

    def __init__(self, program: Program) -> None:
        self.files = [os.open(path, os.O_RDONLY) for path in (program.out, program.err)]
        self._rests = [b"", b""]

    def lines(self) -> list[str]:
        """What it wrote since the last call, whole lines only."""
        found: list[str] = []
        for number, file in enumerate(self.files):
            while chunk := os.read(file, 1 << 16):
                self._rests[number] += chunk
            *whole, self._rests[number] = self._rests[number].split(b"\n")
            found += [line.decode(errors="replace") for line in whole]
        return found

    def close(self) -> None:
        for file in self.files:
            os.close(file)
        self.files = []


@contextmanager
def following(programs: Sequence[Program], *, from_now: bool = False) -> Iterator[list[Followed]]:
    """Follows these programs' outputs; `from_now` passes over what they wrote before."""
    followed = [Followed(program) for program in programs]
    try:
        if from_now:
            for one in followed:
                one.lines()
        yield followed
    finally:
        for one in followed:
            one.close()


def until_all(
    followed: Sequence[Followed],
    says: Callable[[int, str], bool],
    seconds: float,
    begun: float | None = None,
) -> list[float | None]:
    """When each program first wrote a line for which `says(number, line)` holds, in seconds after `begun` (now, unless
    given); None for those that did not in time."""
    start = time.monotonic() if begun is None else begun
    times: list[float | None] = [None] * len(followed)
    while None in times and time.monotonic() - start < seconds:
        for number, one in enumerate(followed):
            lines = one.lines()
            if times[number] is None and any([says(number, line) for line in lines]):
                times[number] = time.monotonic() - start
        if None in times:
            time.sleep(STEP)
    return times
