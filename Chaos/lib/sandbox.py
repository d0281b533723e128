"""The run folder, its lock, the signals, and the promise that nothing is left behind."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from .processes import Processes
from .report import Report
from .shell import Runner
from .topology import Topology

FOLDER_MARK = "vine-demo-"
KEPT = "kept"
"""File in the run folder of `--keep`: the next run's sweep leaves it alone."""


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM. Not an `Exception`: a phase that catches errors must not catch this."""


class Sandbox:
    """Everything one run makes on the machine: namespaces `<prefix>-*`, a folder, processes."""

    def __init__(self, verbose: bool = False) -> None:
        self.prefix = f"vd{os.getpid()}"
        self.folder = Path(tempfile.gettempdir()) / f"{FOLDER_MARK}{self.prefix}"
        self.folder.mkdir(mode=0o755)
        self.folder.chmod(0o755)
        self._lock = (self.folder / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.runner = Runner(verbose)
        self.processes = Processes(self.runner, self.folder)
        self.topology = Topology(self.runner, self.prefix)
        self.rules_before = machine_rules(self.runner)

    def catch_signals(self) -> None:
        """From here on Ctrl-C, SIGTERM and SIGHUP end the running commands and raise `Interrupted`."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._interrupted)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        ignore_signals()
        self.runner.stop()
        raise Interrupted(signal.Signals(number).name)

    @classmethod
    @contextmanager
    def of_one_run(cls, report: Report, name: str, verbose: bool) -> Iterator[Sandbox]:
        """A sandbox that is removed whatever happens, and claims so."""
        box = cls(verbose)
        try:
            box.catch_signals()
            yield box
        finally:
            left = box.remove()
            report.check(f"{name}: nothing is left behind", not left, "; ".join(left) or "no namespace, process or folder")

    def keep(self) -> None:
        """Leaves the run as it is, for exploring; `remove_run` takes it away later."""
        (self.folder / KEPT).touch()

    def remove(self) -> list[str]:
        """Removes all of it, undisturbed by further signals, and says what is left behind all the same."""
        ignore_signals()
        self.runner.resume()
        self.processes.end_all()
        self.topology.remove()
        unmount(self.runner, self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        left = [f"namespace {name}" for name in self.topology.present()] + self.processes.left_over()
        left += users_of(self.folder)
        if self.folder.exists():
            left.append(f"folder {self.folder}")
        if machine_rules(self.runner) != self.rules_before:
            left.append("packet filter rules of the machine itself differ from before")
        return left


def machine_rules(runner: Runner) -> list[str]:
    """The packet filter rules outside all namespaces, without comments and counters."""
    text = runner.run(["nft", "-s", "list", "ruleset"]).out + runner.run(["iptables-save"]).out
    return [re.sub(r"\[\d+:\d+\]", "", line) for line in text.splitlines() if not line.startswith("#")]


def users_of(folder: Path) -> list[str]:
    """Processes whose command line names the run folder: daemons that nobody knows of any more."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if any(word.startswith(f"{folder}/".encode()) for word in words):
                found.append(f"process {entry.name} ({words[0].decode(errors='replace')})")
    return found


def sweep(runner: Runner) -> list[str]:
    """Removes what runs that were killed outright (SIGKILL, power) left; live and kept runs hold on to theirs."""
    swept = []
    for folder in sorted(Path(tempfile.gettempdir()).glob(f"{FOLDER_MARK}vd*")):
        if (folder / KEPT).exists() or not (folder / "lock").exists():
            continue
        with (folder / "lock").open("r+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            remove_run(runner, folder.name.removeprefix(FOLDER_MARK))
            swept.append(folder.name)
    return swept


def remove_run(runner: Runner, prefix: str) -> bool:
    """Removes another run by its prefix; False if the prefix is none or there is nothing of that name."""
    folder = Path(tempfile.gettempdir()) / f"{FOLDER_MARK}{prefix}"
    topology = Topology(runner, prefix)
    if not re.fullmatch(r"vd\d+", prefix) or not (folder.exists() or topology.present()):
        return False
    topology.remove()
    unmount(runner, folder)
    shutil.rmtree(folder, ignore_errors=True)
    return True


def unmount(runner: Runner, folder: Path) -> None:
    """Takes away what a run mounted below its folder."""
    below = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in reversed([place for place in below if place.startswith(f"{folder}/")]):
        runner.run(["umount", "-l", place])


def ignore_signals() -> None:
    """A second Ctrl-C must not cut the clean-up short."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
