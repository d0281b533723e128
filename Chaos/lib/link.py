"""Emulated links: vine-link between interfaces of this run's namespaces."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass, field
from pathlib import Path

from .processes import Processes, Program, wait_until


@dataclass
class Link:
    """Two interfaces, `namespace:interface`, and what each direction does (see `vine-link --help`)."""

    name: str
    a: str
    b: str
    a_to_b: str = ""
    b_to_a: str = ""

    def shape(self, both: str) -> None:
        self.a_to_b = self.b_to_a = both


@dataclass
class Emulator:
    """One process for all links of a run; shapes may change while it runs."""

    processes: Processes
    binaries: Path
    links: list[Link]
    plain: list[str] = field(default_factory=list)
    """Interfaces whose offloads are turned off besides the links' own."""
    program: Program | None = None

    @property
    def config(self) -> Path:
        return self.processes.folder / "links.json"

    @property
    def counters(self) -> Path:
        return self.processes.folder / "links-report.json"

    def start(self) -> None:
        self._write()
        argv = [str(self.binaries / "vine-link"), "--config", str(self.config), "--report", str(self.counters)]
        self.program = program = self.processes.start("vine-link", argv)
        if not wait_until(lambda: "ready" in program.text() or not program.running, 5) or not program.running:
            raise RuntimeError(f"vine-link does not come up: {program.last_line()}")

    def reload(self) -> None:
        """The shapes as they are in `links` now."""
        self._write()
        if self.program:
            self.program.popen.send_signal(signal.SIGHUP)

    def stop(self) -> list[dict[str, object]]:
        """What each direction counted."""
        if self.program:
            self.processes.end(self.program)
        return json.loads(self.counters.read_text()) if self.counters.exists() else []

    def _write(self) -> None:
        rows = [
            {"name": link.name, "a": link.a, "b": link.b, "aToB": link.a_to_b, "bToA": link.b_to_a}
            for link in self.links
        ]
        # At once, so that a reload never reads half of it.
        fresh = self.config.with_suffix(".new")
        fresh.write_text(json.dumps({"plain": self.plain, "links": rows}, indent=1))
        fresh.rename(self.config)
