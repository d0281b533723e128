"""What befalls a VR's state: a full disk, a disk that came back read-only, damaged files, files that are gone."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

from lib.processes import wait_until

from .fault import Fault

if TYPE_CHECKING:
    from lib.trial import Trial


class FullDisk(Fault):
    """Not a byte is left on the disk that the state is on; afterwards there is room again, and a daemon that ended is
    started, as a service manager does."""

    name = "full disk"

    def __init__(self, site: str) -> None:
        super().__init__(site, {site}, {site})
        self.site = site

    def begin(self, trial: Trial) -> None:
        fill(trial, self.site)

    def end(self, trial: Trial) -> None:
        (trial.mesh.vrs[self.site].state.parent / "ballast").unlink()
        _revive(trial, self.site)


class ReadOnlyDisk(Fault):
    """The machine went down, and its disk came back read-only: the daemon cannot run until somebody mends it."""

    name = "read-only disk"

    def __init__(self, site: str) -> None:
        super().__init__(site, {site}, {site})
        self.site = site

    def begin(self, trial: Trial) -> None:
        vr = trial.mesh.vrs[self.site]
        trial.sampler.held.add(self.site)
        vr.kill()
        trial.box.runner.run(["mount", "-o", "remount,ro", str(vr.state.parent)], check=True)
        daemon = vr.launch()
        refused = wait_until(lambda: not daemon.running, 6)
        trial.note(f"{self.site} on a read-only disk: {daemon.last_line() if refused else 'runs on'}")

    def end(self, trial: Trial) -> None:
        vr = trial.mesh.vrs[self.site]
        trial.box.runner.run(["mount", "-o", "remount,rw", str(vr.state.parent)], check=True)
        trial.sampler.held.discard(self.site)
        _revive(trial, self.site)


class DamagedState(Fault):
    """Bytes in the middle of the store are not what was written; an operator puts the last good copy back at the end."""

    name = "corrupted state"

    def __init__(self, site: str) -> None:
        super().__init__(site, {site}, {site})
        self.site = site

    def begin(self, trial: Trial) -> None:
        vr = trial.mesh.vrs[self.site]
        trial.sampler.held.add(self.site)
        # Not told to stop: then its rules stay, and what its hosts send goes nowhere.
        vr.kill()
        self.copy = vr.folder / f"copy-{time.time_ns()}"
        shutil.copytree(vr.state, self.copy, ignore=shutil.ignore_patterns("*.sock"))
        store = vr.state / "mesh.sqlite"
        for name in ("mesh.sqlite-wal", "mesh.sqlite-shm"):
            (vr.state / name).unlink(missing_ok=True)
        data = bytearray(store.read_bytes())
        for at in range(len(data) // 4, len(data) * 3 // 4):
            data[at] ^= 0x5A
        store.write_bytes(data)
        daemon = vr.launch()
        ended = wait_until(lambda: not daemon.running, 6)
        trial.note(f"{self.site} with a damaged store: {daemon.last_line() if ended else 'runs on'}")

    def end(self, trial: Trial) -> None:
        vr = trial.mesh.vrs[self.site]
        vr.kill()
        shutil.rmtree(vr.state)
        shutil.copytree(self.copy, vr.state)
        vr.state.chmod(0o700)
        shutil.rmtree(self.copy)
        trial.sampler.held.discard(self.site)
        vr.launch()


class LostStore(Fault):
    """The key survived (a backup of it), the store did not: the VR learns the mesh anew, and its hosts are entered again."""

    name = "lost state"

    def __init__(self, site: str) -> None:
        super().__init__(site, {site}, {site})
        self.site = site

    def begin(self, trial: Trial) -> None:
        vr = trial.mesh.vrs[self.site]
        trial.sampler.held.add(self.site)
        vr.kill()
        for path in vr.state.glob("mesh.sqlite*"):
            path.unlink()

    def end(self, trial: Trial) -> None:
        from lib.grown import VINES

        vr = trial.mesh.vrs[self.site]
        vr.launch()
        trial.sampler.held.discard(self.site)
        wait_until(vr.answers, 20)
        for host in trial.mesh.hosts:
            if host.site.name == self.site:
                vr.ask_when_known("host", "add", host.alias, "--vine", VINES[host.number], seconds=30)


def fill(trial: Trial, site: str) -> None:
    """Takes all that is left on the disk of a VR's state."""
    disk = trial.mesh.vrs[site].state.parent
    with (disk / "ballast").open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    os.write(file.fileno(), bytes(size))
            except OSError:
                continue


def _revive(trial: Trial, site: str) -> None:
    vr = trial.mesh.vrs[site]
    if not vr.daemon.running:
        trial.note(f"{site}: its daemon had ended: {vr.daemon.last_line()}")
        vr.launch()
