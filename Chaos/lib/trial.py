"""One trial: a mesh under load, the faults that befell it with their times, and all that was seen meanwhile."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from faults.fault import Fault

from .capture import LeakWatch
from .clerk import Clerk
from .grown import VINES, GrownMesh, Size
from .load import Load
from .probes import GRACE, Probes
from .report import Console
from .router import VR
from .sampler import Sampler
from .sandbox import Sandbox

SETTLE_MAX = 45.0
"""Seconds the trial waits for all pairs after a fault, before it goes on all the same (the judge has seen it)."""
CALM = 4.0
AGREE_MAX = 30.0
"""Seconds after the last fault in which all VRs have to have the same tables."""


@dataclass
class Span:
    """A fault and when it was there; `ended` is when everything it had touched was in order again."""

    fault: Fault
    began: float
    ended: float = 0.0
    ways: dict[tuple[str, str], str] = field(default_factory=dict)
    """For partitions: which third site frames between two sites passed before, if any."""


@dataclass
class Evidence:
    """What only the end of a trial shows."""

    disagreements: list[str] = field(default_factory=list)
    agreed_after: float = 0.0
    vines_at: dict[str, set[str]] = field(default_factory=dict)
    """ViNes that each VR lists at the end."""
    drops: dict[str, dict[str, int]] = field(default_factory=dict)
    ledgers: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Of each VR's queues: frames queued, frames that left, frames that wait."""
    leaks: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    """What speaks against trusting the watchers."""
    stopped_badly: list[str] = field(default_factory=list)
    logs: dict[str, str] = field(default_factory=dict)


class Trial:
    """Founds the mesh, puts load on it and is handed to a scenario, which says what happens."""

    def __init__(
        self, box: Sandbox, binaries: Path, console: Console, scenario: str, seed: int, minutes: float, size: Size
    ) -> None:
        self.box, self.console, self.scenario, self.seed, self.minutes = box, console, scenario, seed, minutes
        self.draw = random.Random(f"{scenario} {seed}")
        self.mesh = GrownMesh(box, binaries, size)
        self.spans: list[Span] = []
        self.gone: set[str] = set()
        self.agree_max = AGREE_MAX
        self.first_took = 0.0
        """Seconds from the first probe until all pairs talked, in a mesh whose tables agreed already."""
        self.strangers = 0
        """Connections of nobody's that a VR may hold at a time in this trial."""
        self.evidence = Evidence()
        self.events: list[tuple[float, str]] = []
        self.began = self.ended = 0.0
        self.sampler = Sampler(self.mesh)
        self.clerk = Clerk(self.mesh, seed)
        self.watch = LeakWatch(box.processes, self.mesh.underlay)
        self.probes: Probes | None = None
        self.load: Load | None = None

    # MARK: for the runner

    def found(
        self,
        rate: float = 4.0,
        transfers: int = 3,
        flows: int = 2,
        grow: Callable[[GrownMesh], None] = GrownMesh.grow,
        await_max: float = SETTLE_MAX,
    ) -> None:
        """The mesh, settled, with load on it. `rate`: probes a second of each ordered pair; `grow`: founds and joins."""
        self.mesh.build()
        self.watch.start()
        if unseen := self.watch.prove_it_sees():
            raise RuntimeError(f"the leak watch does not see {', '.join(unseen)}")
        grow(self.mesh)
        self.probes = Probes(self.box.processes, self.mesh.hosts, VINES, rate)
        self.probes.start(self.minutes * 60 + 3600)
        self.load = Load(self.box.processes, self.mesh.hosts, self.seed, transfers, flows)
        self.load.gone = self.clerk.gone = self.gone
        self.began = time.time()
        self.sampler.start()
        self.load.start()
        self.clerk.start()
        self.first_took = self._await_all(await_max)
        self.pause(2)

    def conclude(self) -> None:
        """After the story: no load, then what the VRs agree on, then an orderly end."""
        healed = time.time()
        self.clerk.stop()
        out = frozenset(self.gone)
        self.evidence.disagreements = self.mesh.converged(self.agree_max, out)
        self.evidence.agreed_after = time.time() - healed
        self.load.stop()
        self.evidence.doubts = [doubt for doubt in [self.probes.stop()] if doubt]
        self.ended = time.time()
        self.sampler.stop()
        for name, vr in self.mesh.vrs.items():
            if name in self.gone:
                continue
            try:
                self.evidence.vines_at[name] = {vine["name"] for vine in vr.fetch("vines")["vines"]}
                self.evidence.drops[name] = vr.drops()
                self.evidence.ledgers[name] = _ledger(vr)
            except (OSError, ValueError, RuntimeError) as error:
                self.evidence.disagreements.append(f"{name} does not answer at the end: {error}")
        self.evidence.leaks = self.watch.leaks()
        self.evidence.stopped_badly = self.mesh.stop(without=out)
        self.evidence.doubts += self.watch.stop()
        self.evidence.logs = {name: vr.log() for name, vr in self.mesh.vrs.items()}
        self.mesh.underlay.stop()

    # MARK: for scenarios

    @property
    def left(self) -> float:
        """Seconds until the wanted time is over."""
        return self.began + self.minutes * 60 - time.time()

    def note(self, text: str) -> None:
        self.events.append((time.time(), text))
        self.console.note(text)

    def pause(self, seconds: float) -> None:
        """Lets time go by, and keeps up with the prober."""
        end = time.time() + seconds
        while time.time() < end:
            time.sleep(max(0.0, min(0.5, end - time.time())))
            self.probes.follow()

    @contextmanager
    def under(self, fault: Fault) -> Iterator[Span]:
        """The fault is there inside, and is taken away afterwards."""
        span = Span(fault, time.time())
        if fault.sides:
            span.ways = self._ways()
            span.began = time.time()
        self.spans.append(span)
        self.console.note(f"[{time.time() - self.began:5.0f} s] {fault.name}: {fault.about}")
        fault.begin(self)
        try:
            yield span
        finally:
            fault.end(self)
            span.ended = time.time()

    def suffer(self, fault: Fault, seconds: float) -> None:
        """A fault for some time."""
        with self.under(fault):
            self.pause(seconds)

    def settle(self) -> float:
        """Waits until all pairs talk again, then for some calm; how long it took."""
        # Who has just fallen silent is noticed only then.
        self.pause(max(GRACE, 3 / self.probes.rate) + 0.3)
        took = self._await_all(SETTLE_MAX)
        self.pause(CALM)
        return took

    def public(self) -> list[str]:
        return [site.name for site in self.mesh.sites if not site.limited and site.name not in self.gone]

    def limited(self) -> list[str]:
        return [site.name for site in self.mesh.sites if site.limited and site.name not in self.gone]

    def names(self) -> list[str]:
        return [name for name in self.mesh.names if name not in self.gone]

    def voters(self) -> list[str]:
        """Sites that vote, as the first VR that answers says."""
        for name in self.names():
            try:
                rows = self.mesh.vrs[name].fetch("voters")["voters"]
                return [row["site"] for row in rows if not row["isLearner"]]
            except (OSError, ValueError):
                continue
        return []

    def queue_of(self, name: str) -> str:
        """Site of a limited VR's queue-VR; empty without one."""
        line = self.mesh.vrs[name].fetch("relay").get("queueVR")
        return line["site"] if line else ""

    def _await_all(self, seconds: float) -> float:
        begun = time.time()
        silent: list[str] = []
        while time.time() - begun < seconds:
            self.pause(0.3)
            silent = self.probes.silent(time.time(), self.gone)
            if not silent:
                break
        took = time.time() - begun
        told = f"{len(silent)} pairs are silent, {', '.join(silent[:4])}" if silent else "all pairs talk"
        self.console.note(f"[{time.time() - self.began:5.0f} s] {told} after {took:.1f} s")
        return took

    def _ways(self) -> dict[tuple[str, str], str]:
        ways = {}
        for name in self.names():
            try:
                for peer in self.mesh.vrs[name].fetch("peers")["peers"]:
                    ways[name, peer["site"]] = peer["via"] if peer["path"] == "relay" else ""
            except (OSError, ValueError):
                continue
        return ways


def _ledger(vr: VR) -> tuple[int, int, int]:
    metrics = vr.metrics()
    gone = sum(metrics[f"vine_queue_{way}_frames_total"] for way in ("forwarded", "expired", "overflow"))
    waiting = sum(line["queuedFrames"] for line in vr.fetch("queues")["relay"])
    return int(metrics["vine_queue_queued_frames_total"]), int(gone), waiting
