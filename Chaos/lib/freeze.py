"""Stops one thread of a process and nothing else, as a bug that hangs it would: python3 freeze.py TID SECONDS."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from pathlib import Path

PTRACE_INTERRUPT, PTRACE_SEIZE = 0x4207, 0x4206
ANY_THREAD = 0x40000000
"""__WALL of waitpid(2)."""


def thread_named(pid: int, name: str) -> int:
    """The thread of a process by the name that `top -H` shows. Raises RuntimeError if there is none."""
    for entry in Path(f"/proc/{pid}/task").iterdir():
        if (entry / "comm").read_text().strip() == name:
            return int(entry.name)
    raise RuntimeError(f"process {pid} has no thread {name}")


def freeze(thread: int, seconds: float) -> None:
    """Returns when the thread is gone, or the time is over; then it goes on, as its tracer ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
        if libc.ptrace(request, ctypes.c_long(thread), None, None) != 0:
            raise OSError(ctypes.get_errno(), f"ptrace {request:#x} of {thread}")
    print("frozen", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            # Whoever traces has to take the news of the end, or the process stays half dead.
            pid, status = os.waitpid(thread, ANY_THREAD | os.WNOHANG)
        except ChildProcessError:
            return
        if pid and (os.WIFEXITED(status) or os.WIFSIGNALED(status)):
            return
        time.sleep(0.02)


if __name__ == "__main__":
    freeze(int(sys.argv[1]), float(sys.argv[2]))
