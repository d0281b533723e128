"""Changes of the registry all the time, through any VR: what was acknowledged has to stand at the end."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field

from .grown import GrownMesh
from .shell import Stopped

EVERY = 2.0
STANDING_MAX = 12
"""ViNes of the clerk's that exist at a time: a site has room for fifty."""
ANSWER_MAX = 15.0


@dataclass(frozen=True)
class Change:
    """One command and its answer. Without an acknowledgement nobody knows whether it counts."""

    began: float
    ended: float
    vr: str
    verb: str
    vine: str
    acknowledged: bool
    line: str


@dataclass
class Clerk:
    """Creates and deletes ViNes that nobody takes part in, at VRs drawn from a seed; a name is used once."""

    mesh: GrownMesh
    seed: int
    gone: set[str] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._draw = random.Random(self.seed)
        self._number = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ends.set()
        self._thread.join(ANSWER_MAX + 10)

    def _run(self) -> None:
        while not self._ends.wait(EVERY):
            try:
                self.change()
            except Stopped:
                return

    def change(self) -> Change:
        """One command, to its answer."""
        names = [name for name in self.mesh.names if name not in self.gone]
        standing = sorted(vine for vine, there in self.expected().items() if there)
        created_by = {change.vine: change.vr for change in self.changes if change.verb == "create"}
        mine = [vine for vine in standing if created_by[vine] not in self.gone]
        if len(standing) >= STANDING_MAX and mine:
            verb, vine = "delete", self._draw.choice(mine)
            name = created_by[vine]
        else:
            self._number += 1
            verb, vine, name = "create", f"clerk-{self._number}", self._draw.choice(names)
        vr, began = self.mesh.vrs[name], time.time()
        yes = ["--yes"] if verb == "delete" else []
        outcome = vr.tool("vine", verb, vine, *yes, "--socket", str(vr.socket), timeout=ANSWER_MAX)
        self.changes.append(Change(began, time.time(), name, verb, vine, outcome.ok, outcome.line))
        return self.changes[-1]

    def expected(self) -> dict[str, bool]:
        """ViNes that are known to stand or not to: the last change of each was acknowledged."""
        known: dict[str, bool] = {}
        for change in self.changes:
            if change.acknowledged:
                known[change.vine] = change.verb == "create"
            else:
                known.pop(change.vine, None)
        return known
