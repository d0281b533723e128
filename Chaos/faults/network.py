"""Faults of the underlay: what the core does not pass, and what lines do to packets."""

from __future__ import annotations

import threading
from itertools import product
from typing import TYPE_CHECKING

from .fault import Fault

if TYPE_CHECKING:
    from lib.trial import Trial


class Cut(Fault):
    """The core passes nothing of some ordered pairs of sites: any kind of partition."""

    name = "partition"

    def __init__(self, about: str, cuts: set[tuple[str, str]], sides: list[set[str]] | None = None) -> None:
        super().__init__(about, {name for cut in cuts for name in cut})
        self.cuts = cuts
        self.sides = sides or []

    def begin(self, trial: Trial) -> None:
        trial.mesh.underlay.cut(self.cuts)

    def end(self, trial: Trial) -> None:
        trial.mesh.underlay.mend(self.cuts)


def partition(*sides: set[str]) -> Cut:
    """Groups that reach only themselves."""
    cuts = {(a, b) for one in sides for other in sides if one is not other for a, b in product(one, other)}
    return Cut(" | ".join(" ".join(sorted(side, key=_number)) for side in sides), cuts, list(sides))


def one_way(senders: set[str], deaf: set[str]) -> Cut:
    """What the first send does not arrive at the second; the other direction works."""
    fault = Cut(f"{_told(senders)} -/-> {_told(deaf)}", set(product(senders, deaf)))
    fault.name = "one-way"
    return fault


def partial(pairs: set[tuple[str, str]]) -> Cut:
    """Some pairs of sites do not reach each other, while both reach all others."""
    told = ", ".join(f"{a}-{b}" for a, b in sorted(pairs))
    fault = Cut(told, pairs | {(b, a) for a, b in pairs})
    fault.name = "partial"
    return fault


class BadLine(Fault):
    """A site's line loses, doubles, reorders or throttles packets, as `vine-link` has it."""

    name = "line"

    def __init__(self, site: str, shape: str, into: str = "") -> None:
        super().__init__(f"{site}: {shape}{f', inwards {into}' if into else ''}", {site})
        self.site, self.shape, self.into = site, shape, into

    def begin(self, trial: Trial) -> None:
        trial.mesh.underlay.reshape(self.site, self.shape, self.into or self.shape)

    def end(self, trial: Trial) -> None:
        trial.mesh.underlay.reshape(self.site)


class Flapping(Fault):
    """A line goes down and up again, every so many seconds."""

    name = "flapping"

    def __init__(self, site: str, period: float) -> None:
        super().__init__(f"{site}: down and up each {period:g} s", {site})
        self.site, self.period = site, period
        self._ends = threading.Event()

    def begin(self, trial: Trial) -> None:
        self._thread = threading.Thread(target=self._flap, args=(trial,), daemon=True)
        self._thread.start()

    def _flap(self, trial: Trial) -> None:
        down = False
        while not self._ends.wait(self.period / 2):
            down = not down
            trial.mesh.underlay.reshape(self.site, "down" if down else "")

    def end(self, trial: Trial) -> None:
        self._ends.set()
        self._thread.join()
        trial.mesh.underlay.reshape(self.site)


class Corruption(Fault):
    """Datagrams of a site arrive with one byte changed and a checksum that says nothing of it."""

    name = "corruption"

    def __init__(self, site: str, permille: int) -> None:
        super().__init__(f"{site}: {permille / 10:g} % of its datagrams have a changed byte", {site})
        self.site, self.permille = site, permille

    def begin(self, trial: Trial) -> None:
        trial.mesh.underlay.corrupt(self.site, self.permille)

    def end(self, trial: Trial) -> None:
        trial.mesh.underlay.corrupt(self.site, 0)


def _told(names: set[str]) -> str:
    return " ".join(sorted(names, key=_number))


def _number(name: str) -> int:
    return int(name[1:])
