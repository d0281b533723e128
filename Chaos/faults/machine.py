"""What others do to the machine a VR runs on: flushed rules, interfaces down and up, another address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fault import Fault

if TYPE_CHECKING:
    from lib.trial import Trial


class RulesFlushed(Fault):
    """Somebody flushes all netfilter rules of the VR's machine, its own among them, and nobody mends it but the VR."""

    name = "rules flushed"

    def __init__(self, site: str) -> None:
        super().__init__(site, {site}, {site})
        self.site = site

    def begin(self, trial: Trial) -> None:
        trial.box.runner.run(["nft", "flush", "ruleset"], ns=trial.mesh.vrs[self.site].ns, check=True)

    def end(self, trial: Trial) -> None:
        pass


class LanDown(Fault):
    """The cable of the site's network is pulled and plugged in again."""

    name = "lan down"

    def __init__(self, site: str) -> None:
        super().__init__(site, {site}, {site})
        self.site = site

    def begin(self, trial: Trial) -> None:
        trial.box.runner.ip(trial.mesh.vrs[self.site].ns, ["link set lan down"])

    def end(self, trial: Trial) -> None:
        trial.box.runner.ip(trial.mesh.vrs[self.site].ns, ["link set lan up"])


class Renumbered(Fault):
    """The VR's underlay address is another one from now on, without a word (over as soon as it happened). Only of public
    VRs that do not declare their endpoint."""

    name = "address changed"

    def __init__(self, site: str) -> None:
        super().__init__(site, {site}, {site})
        self.site = site

    def begin(self, trial: Trial) -> None:
        base = trial.mesh.underlay.site(self.site).endpoint.rsplit(".", 1)[0]
        ns = trial.mesh.vrs[self.site].ns
        now = trial.box.runner.run(["ip", "-n", ns, "-4", "-o", "addr", "show", "dev", "wan"], check=True).out
        old, new = ("2", "66") if f"{base}.2/" in now else ("66", "2")
        lines = [f"addr del {base}.{old}/24 dev wan", f"addr add {base}.{new}/24 dev wan"]
        trial.box.runner.ip(ns, [*lines, f"route replace default via {base}.1"])
