"""A configuration that cannot be read, and a SIGHUP: an error that no declared fault explains."""

from __future__ import annotations

import signal

from lib.trial import Trial

CHECKER = "logs"
ABOUT = "an error is logged that nothing explains"


def play(trial: Trial) -> None:
    vr = trial.mesh.vrs["s2"]
    good = vr.config.read_text()
    vr.config.write_text(good + "\ncolour: blue\n")
    vr.daemon.popen.send_signal(signal.SIGHUP)
    trial.pause(2)
    vr.config.write_text(good)
