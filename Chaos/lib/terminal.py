"""A program on a pseudo-terminal, and the screen that somebody in front of it would see (python3-pyte draws it)."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence

import pyte

from .shell import environment, inside

CTRL_C = "\x03"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


# A shell is the terminal's owner, as where a person sits: what the program left of the terminal's settings is seen before the
# terminal goes with its owner. It tells the exit code, and whether the settings are the ones from before, to descriptor {fd}.
OWNER = 'trap : INT; found=$(stty -g); "$@"; code=$?; test "$found" = "$(stty -g)"; echo "$code $?" >&{fd}'


class Terminal:
    """The terminal is the program's controlling one, so that Ctrl-C comes as a person's does: through the line discipline."""

    def __init__(
        self, argv: Sequence[str], ns: str | None, columns: int = 100, rows: int = 60, variables: dict[str, str] | None = None
    ) -> None:
        self.columns = columns
        self.raw = b""
        """All that came, as it came."""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._told, telling = os.pipe()
        mine = environment() | {"TERM": "xterm-256color"}
        del mine["NO_COLOR"]
        self._popen = subprocess.Popen(
            inside(ns, ["bash", "-c", OWNER.format(fd=telling), "bash", *argv]), stdin=slave, stdout=slave, stderr=slave,
            env=mine | (variables or {}), start_new_session=True, pass_fds=[telling],
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        os.close(telling)
        self._settings_are_as_found = False

    @property
    def text(self) -> str:
        """What stands on the screen now, without blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    @property
    def printed(self) -> list[str]:
        """All lines that it printed, without colours, as wide as it made them; what a line was before it was written anew, too."""
        return [part for part in re.split(r"[\r\n]+", ESCAPE.sub("", self.raw.decode(errors="replace"))) if part]

    @property
    def fits(self) -> bool:
        """Whether the terminal had to break no line itself: then the screen is what was printed."""
        return all(len(line) <= self.columns for line in self.printed)

    @property
    def is_coloured(self) -> bool:
        return COLOUR.search(self.raw.decode(errors="replace")) is not None

    @property
    def is_as_found(self) -> bool:
        """After the end: the keyboard's echo and all other settings as before, the cursor to be seen, no colour left on."""
        cursor = self._screen.cursor
        return self._settings_are_as_found and not cursor.hidden and cursor.attrs.fg == "default"

    @property
    def has_echo(self) -> bool:
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def wait_for(self, pattern: str, seconds: float = 10.0) -> bool:
        """Until the screen shows it."""
        return self._read(seconds, lambda: re.search(pattern, self.text, re.M) is not None)

    def wait_until(self, holds: Callable[[], bool], seconds: float = 10.0) -> bool:
        return self._read(seconds, holds)

    def wait_for_raw(self, text: bytes, times: int, seconds: float = 10.0) -> bool:
        """Until it has come so many times."""
        return self._read(seconds, lambda: self.raw.count(text) >= times)

    def ended(self, seconds: float = 20.0) -> int | None:
        """The exit code as a shell has it: 128 and the number for a program that a signal ended. None if it goes on."""
        if not self._read(seconds, lambda: self._popen.poll() is not None):
            return None
        with os.fdopen(os.dup(self._told)) as told:
            code, settings = told.read().split()
        self._settings_are_as_found = settings == "0"
        return int(code)

    def close(self) -> None:
        if self._popen.poll() is None:
            os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen.wait()
        os.close(self._told)
        os.close(self._master)

    def _read(self, seconds: float, holds: Callable[[], bool]) -> bool:
        end = time.monotonic() + seconds
        while not holds():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self._take(min(left, 0.05))
        # What was written before the end is in the terminal still.
        while self._take(0):
            pass
        return True

    def _take(self, patience: float) -> bool:
        if not select.select([self._master], [], [], patience)[0]:
            return False
        try:
            part = os.read(self._master, 65536)
        except OSError:
            # EIO: nobody has the terminal any more.
            part = b""
        self.raw += part
        self._stream.feed(part)
        return bool(part)
