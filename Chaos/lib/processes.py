"""Background programs (daemons, servers, captures): started, awaited, ended by their own pid, and accounted for."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .shell import Runner, environment, inside

PATIENCE = 3.0
"""Seconds a program gets between SIGTERM and SIGKILL in the clean-up."""


def wait_until(condition: Callable[[], bool], seconds: float, step: float = 0.05) -> bool:
    """Polls until the condition holds; False when the time is over."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True


def stat_fields(pid: int) -> list[str] | None:
    """What /proc/pid/stat says from the state on, which is its field 3. None if the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else fields


def start_ticks(pid: int) -> int | None:
    """When a process started (field 22): with the pid it names a process for good. None if gone."""
    fields = stat_fields(pid)
    return int(fields[19]) if fields else None


def processor_ticks(pid: int) -> int:
    """Processor time, in user and kernel (fields 14 and 15). Raises RuntimeError if the process is gone."""
    fields = stat_fields(pid)
    if fields is None:
        raise RuntimeError(f"process {pid} is gone")
    return int(fields[11]) + int(fields[12])


@dataclass
class Program:
    """One running program. Its standard output and error go to files `<name>.out` and `<name>.err`."""

    name: str
    popen: subprocess.Popen[bytes]
    out: Path
    err: Path
    ticks: int | None = field(default=None)

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def running(self) -> bool:
        return self.popen.poll() is None

    def text(self) -> str:
        """All it wrote so far, standard output first."""
        return self.out.read_text(errors="replace") + self.err.read_text(errors="replace")

    def last_line(self) -> str:
        lines = [line for line in self.text().splitlines() if line.strip()]
        return lines[-1].strip() if lines else "no output"

    def listens(self, port: int, protocol: str = "tcp") -> bool:
        """Whether its namespace has a listener on that port, read from /proc: no connection disturbs the server."""
        wanted = {"tcp": "0A", "udp": "07"}[protocol]
        for family in (protocol, protocol + "6"):
            try:
                rows = Path(f"/proc/{self.pid}/net/{family}").read_text().splitlines()[1:]
            except OSError:
                continue
            for row in rows:
                columns = row.split()
                if int(columns[1].rsplit(":", 1)[1], 16) == port and columns[3] == wanted:
                    return True
        return False


class Processes:
    """All background programs of one run, in the order of their start."""

    def __init__(self, runner: Runner, folder: Path) -> None:
        self.runner = runner
        self.folder = folder
        self.programs: list[Program] = []

    def start(self, name: str, argv: Sequence[str], ns: str | None = None) -> Program:
        """Starts a program in its own session, so that Ctrl-C reaches the demo alone."""
        out, err = self.folder / f"{name}.out", self.folder / f"{name}.err"
        with out.open("ab") as out_file, err.open("ab") as err_file:
            popen = subprocess.Popen(
                inside(ns, argv),
                stdin=subprocess.DEVNULL,
                stdout=out_file,
                stderr=err_file,
                start_new_session=True,
                env=environment(),
            )
        program = Program(name, popen, out, err, start_ticks(popen.pid))
        self.programs.append(program)
        return program

    def serve(self, name: str, argv: Sequence[str], ns: str, port: int, seconds: float = 10.0) -> Program:
        """Starts a server and waits until it listens on its TCP port."""
        program = self.start(name, argv, ns)
        ready = wait_until(lambda: program.listens(port) or not program.running, seconds)
        if not ready or not program.running:
            raise RuntimeError(f"{name} does not listen on port {port}: {program.last_line()}")
        return program

    def end(self, program: Program, with_signal: int = signal.SIGTERM, patience: float = PATIENCE) -> int | None:
        """Signals one program and waits; its exit code, or None if it had to be killed."""
        if program.running:
            program.popen.send_signal(with_signal)
        try:
            return program.popen.wait(patience)
        except subprocess.TimeoutExpired:
            program.popen.kill()
            program.popen.wait(PATIENCE)
            return None

    def end_all(self) -> None:
        """SIGTERM to all, newest first, then SIGKILL to what is left."""
        for program in reversed(self.programs):
            if program.running:
                program.popen.terminate()
        wait_until(lambda: not any(program.running for program in self.programs), PATIENCE)
        for program in self.programs:
            if program.running:
                program.popen.kill()
                program.popen.wait(PATIENCE)

    def left_over(self) -> list[str]:
        """Programs of this run that still live (same pid and same start: a reused pid does not count)."""
        return [
            f"{program.name} (pid {program.pid})"
            for program in self.programs
            if program.ticks is not None and start_ticks(program.pid) == program.ticks
        ]
