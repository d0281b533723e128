"""Somebody opens hundreds of connections to a daemon's local API and keeps them."""

from __future__ import annotations

import socket

from checkers.bounded import descriptors_max
from lib.trial import Trial

CHECKER = "bounded"
ABOUT = "hundreds of connections that nobody closes"


def play(trial: Trial) -> None:
    held = []
    for _ in range(2 * descriptors_max(trial.mesh.size.vrs)):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(2)
        connection.connect(str(trial.mesh.vrs["s2"].socket))
        held.append(connection)
    trial.pause(5)
    for connection in held:
        connection.close()
