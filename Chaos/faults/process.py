"""What befalls daemons: killed, stopped, restarted all at once, gone for good."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from lib.processes import wait_until

from .fault import Fault

if TYPE_CHECKING:
    from lib.trial import Trial

UP_MAX = 20.0
"""Seconds a daemon gets until its socket answers."""


class Killed(Fault):
    """SIGKILL, all of them within the same moment; started again at the end."""

    name = "kill -9"

    def __init__(self, sites: set[str]) -> None:
        super().__init__(" ".join(sorted(sites)), sites)
        self.sites = sites

    def begin(self, trial: Trial) -> None:
        trial.sampler.held |= self.sites
        for site in self.sites:
            trial.mesh.vrs[site].daemon.popen.send_signal(signal.SIGKILL)
        for site in self.sites:
            trial.mesh.vrs[site].daemon.popen.wait(10)

    def end(self, trial: Trial) -> None:
        """The fault ends when the daemons are started, not when they answer."""
        trial.box.runner.together([trial.mesh.vrs[site].launch for site in self.sites])
        trial.sampler.held -= self.sites


class Frozen(Fault):
    """SIGSTOP: the process is there and does nothing; a laptop's lid, a swapping machine, a paused virtual one."""

    name = "SIGSTOP"

    def __init__(self, site: str) -> None:
        super().__init__(site, {site})
        self.site = site

    def begin(self, trial: Trial) -> None:
        trial.sampler.held.add(self.site)
        trial.mesh.vrs[self.site].daemon.popen.send_signal(signal.SIGSTOP)

    def end(self, trial: Trial) -> None:
        trial.mesh.vrs[self.site].daemon.popen.send_signal(signal.SIGCONT)
        trial.sampler.held.discard(self.site)


class Gone(Fault):
    """A VR that dies and never comes back; nobody waits for its hosts any more."""

    name = "gone for good"

    def __init__(self, site: str) -> None:
        super().__init__(site, {site})
        self.site = site

    def begin(self, trial: Trial) -> None:
        trial.gone.add(self.site)
        trial.sampler.held.add(self.site)
        trial.mesh.vrs[self.site].kill()


def start_again(trial: Trial, site: str) -> bool:
    """Starts a daemon and waits for its socket."""
    vr = trial.mesh.vrs[site]
    daemon = vr.launch()
    return wait_until(lambda: vr.answers() or not daemon.running, UP_MAX) and daemon.running
