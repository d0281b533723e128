"""Runs short commands, each inside a network namespace if wanted, and can stop all of them at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

TIMED_OUT = 124
"""Exit code of a command that was ended at its time limit (as timeout(1) has it)."""

WIDTH = 16
"""Commands at a time in `together`: enough for all host pairs of three sites, few enough for two cores."""


class Stopped(RuntimeError):
    """The runner was stopped (Ctrl-C, SIGTERM): no further command is started."""


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str
    seconds: float

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def line(self) -> str:
        """Its last line that says something, errors first: for reports."""
        for text in (self.err, self.out):
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            if lines:
                return lines[-1]
        return f"exit code {self.code}, no output"

    def needed(self, what: str) -> Outcome:
        """Itself if it went well. Raises RuntimeError with `what` failed, the code and the last line."""
        if not self.ok:
            raise RuntimeError(f"{what}: exit {self.code}: {self.line}")
        return self


def environment() -> dict[str, str]:
    """The environment of every command: plain C texts, no colours, system tools in the path."""
    inherited = dict(os.environ)
    inherited |= {"LC_ALL": "C", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    inherited["PATH"] = inherited.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
    return inherited


def inside(namespace: str | None, argv: Sequence[str]) -> list[str]:
    """The command as it runs in a namespace. `ip netns exec` replaces itself: the pid is the program's own."""
    return [*(["ip", "netns", "exec", namespace] if namespace else []), *argv]


class Runner:
    """The one door to other programs that end by themselves. Safe to use from many threads."""

    def __init__(self, verbose: bool = False) -> None:
        self.verbose = verbose
        self._live: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(
        self,
        argv: Sequence[str],
        *,
        ns: str | None = None,
        stdin: str | None = None,
        timeout: float = 20.0,
        check: bool = False,
    ) -> Outcome:
        """Runs a command to its end.

        - timeout: seconds; then it is killed with all its children and the code is `TIMED_OUT`.
        - check: raise RuntimeError with its last line unless the code is 0.
        """
        full = inside(ns, argv)
        begun = time.monotonic()
        with self._lock:
            if self._stopped:
                raise Stopped("stopped before: " + " ".join(full))
            process = subprocess.Popen(
                full,
                stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env=environment(),
            )
            self._live.add(process)
        try:
            out, err = process.communicate(stdin.encode() if stdin is not None else None, timeout)
            code = process.returncode
        except subprocess.TimeoutExpired:
            _kill_group(process)
            out, err = process.communicate()
            code, err = TIMED_OUT, err + f"\ntimed out after {timeout:g} s".encode()
        except BaseException:
            _kill_group(process)
            process.communicate()
            raise
        finally:
            with self._lock:
                self._live.discard(process)
        outcome = Outcome(
            tuple(full), code, out.decode(errors="replace"), err.decode(errors="replace"), time.monotonic() - begun
        )
        if self.verbose:
            print(f"    $ {' '.join(full)}  -> {code} ({outcome.seconds:.2f} s)", file=sys.stderr, flush=True)
        if check and not outcome.ok:
            raise RuntimeError(f"{' '.join(full)}: {outcome.line}")
        return outcome

    def ip(self, namespace: str | None, lines: Sequence[str]) -> None:
        """ip(8) with one command a line, all in one process. Raises RuntimeError at the first that fails."""
        where = ["-n", namespace] if namespace else []
        self.run(["ip", *where, "-batch", "-"], stdin="\n".join(lines) + "\n", check=True)

    def together(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """Does jobs at the same time and answers in their order; the first exception is raised after all ended."""
        if not jobs:
            return []
        with ThreadPoolExecutor(min(WIDTH, len(jobs))) as pool:
            return [future.result() for future in [pool.submit(job) for job in jobs]]

    def stop(self) -> None:
        """Kills what runs and refuses more; may be called from a signal handler's thread."""
        self._stopped = True
        for process in list(self._live):
            _kill_group(process)

    def resume(self) -> None:
        """Takes commands again: the clean-up needs them."""
        self._stopped = False


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Ends one of our own commands with its children: each was started as leader of its own group."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
