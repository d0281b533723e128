"""What a trial looks at while it runs: processes, traffic, the machine's pressure, and what each VR says of itself."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from .grown import GrownMesh
from .processes import processor_ticks
from .shell import Stopped
from .views import Json

EVERY = 1.0
ASKED_EACH = 3
"""Turns between two questions to all VRs; more where there are many of them."""


@dataclass(frozen=True)
class Usage:
    """One daemon at one moment; `start` tells its lives apart."""

    at: float
    vr: str
    pid: int
    kilobytes: int
    descriptors: int
    threads: int
    processor_seconds: float


@dataclass(frozen=True)
class Word:
    """What one VR said of itself at one moment: views by name."""

    at: float
    vr: str
    views: dict[str, Json]


@dataclass
class Sampler:
    """A thread that only looks. `held` are VRs that cannot answer now, because the trial holds them."""

    mesh: GrownMesh
    held: set[str] = field(default_factory=set)
    usages: list[Usage] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    delivered: list[tuple[float, int]] = field(default_factory=list)
    """Bytes that hosts have received, all together."""
    sent: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    """Bytes that left each VR by its underlay interface."""
    pressure: list[tuple[float, float, float]] = field(default_factory=list)
    """Share of time in which something waited for a processor (PSI, some), and the load average."""

    def __post_init__(self) -> None:
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._stalled = 0

    def start(self) -> None:
        self._stalled = _stalled()
        self._thread.start()

    def stop(self) -> None:
        self._ends.set()
        self._thread.join(30)

    def _run(self) -> None:
        turn, last = 0, time.monotonic()
        while not self._ends.wait(max(0.0, last + EVERY - time.monotonic())):
            now = time.monotonic()
            stalled = _stalled()
            share = (stalled - self._stalled) / 1e6 / max(0.001, now - last)
            self.pressure.append((time.time(), share, os.getloadavg()[0]))
            self._stalled, last = stalled, now
            try:
                self._look()
                # Questions cost the daemons something, too.
                if turn % max(ASKED_EACH, len(self.mesh.names) // 5) == 0:
                    self._ask()
            except Stopped:
                return
            except (OSError, RuntimeError, ValueError):
                # A daemon ended between two looks.
                pass
            turn += 1

    def _look(self) -> None:
        self.delivered.append((time.time(), self.mesh.delivered_bytes()))
        for name, octets in self.mesh.sent_bytes().items():
            self.sent.setdefault(name, []).append((time.time(), octets))
        for name, vr in self.mesh.vrs.items():
            if vr.daemon and vr.daemon.running and (usage := used(name, vr.daemon.pid)):
                self.usages.append(usage)

    def _ask(self) -> None:
        names = [name for name, vr in self.mesh.vrs.items() if name not in self.held and vr.daemon and vr.daemon.running]
        for word in self.mesh.box.runner.together([lambda n=name: asked(self.mesh, n) for name in names]):
            if word:
                self.words.append(word)


def asked(mesh: GrownMesh, name: str, views: tuple[str, ...] = ("status", "blocks", "gndt", "queues", "drops")) -> Word | None:
    """A VR's own views, or nothing if it does not answer."""
    try:
        return Word(time.time(), name, {view: mesh.vrs[name].fetch(view) for view in views})
    except (OSError, ValueError):
        return None


def used(name: str, pid: int) -> Usage | None:
    """What a process holds now; nothing if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        rows = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        ticks = processor_ticks(pid)
        return Usage(
            time.time(), name, pid, int(rows["VmRSS"].split()[0]), descriptors, int(rows["Threads"]), ticks / 100
        )
    except (OSError, KeyError, RuntimeError):
        return None


def _stalled() -> int:
    """Microseconds in which something waited for a processor, since the machine started."""
    line = Path("/proc/pressure/cpu").read_text().splitlines()[0]
    return int(line.rsplit("total=", 1)[1])
