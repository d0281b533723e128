"""NAT churn: what home routers and providers do to mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fault import Fault

if TYPE_CHECKING:
    from lib.trial import Trial


class NATFault(Fault):
    """Befalls the gateway of one limited site."""

    def __init__(self, site: str, about: str) -> None:
        super().__init__(f"{site}: {about}", {site})
        self.site = site


class Forgets(NATFault):
    """All mappings are lost at once (over as soon as it happened)."""

    name = "nat flush"

    def __init__(self, site: str) -> None:
        super().__init__(site, "its NAT forgets all mappings")

    def begin(self, trial: Trial) -> None:
        trial.mesh.underlay.gateways[self.site].forget()


class MovesPorts(NATFault):
    """Each mapping gets another port, and gets its old one back at the end."""

    name = "nat ports"

    def __init__(self, site: str) -> None:
        super().__init__(site, "its NAT gives other ports")

    def begin(self, trial: Trial) -> None:
        trial.mesh.underlay.gateways[self.site].move_ports((30000, 30999))

    def end(self, trial: Trial) -> None:
        trial.mesh.underlay.gateways[self.site].move_ports(None)


class MovesAddress(NATFault):
    """The provider gives another public address."""

    name = "nat address"

    def __init__(self, site: str) -> None:
        super().__init__(site, "its NAT has another public address")

    def begin(self, trial: Trial) -> None:
        gateway = trial.mesh.underlay.gateways[self.site]
        endpoint = trial.mesh.underlay.site(self.site).endpoint
        base = endpoint if gateway.ns.endswith("-gw") and trial.mesh.kinds[self.site] != "double" else ""
        site = trial.mesh.underlay.site(self.site)
        gateway.move_address(base.rsplit(".", 1)[0] + ".77" if base else f"10.0.{site.index}.77")

    def end(self, trial: Trial) -> None:
        trial.mesh.underlay.gateways[self.site].move_address("")


class ChangesKind(NATFault):
    """Another kind of NAT, and the old one again."""

    name = "nat kind"

    def __init__(self, site: str, kind: str) -> None:
        super().__init__(site, f"its NAT becomes {kind}")
        self.kind = kind

    def begin(self, trial: Trial) -> None:
        gateway = trial.mesh.underlay.gateways[self.site]
        self.before = gateway.kind
        gateway.become(self.kind)

    def end(self, trial: Trial) -> None:
        trial.mesh.underlay.gateways[self.site].become(self.before)


class Reboots(NATFault):
    """No packet passes, and after that nothing is remembered."""

    name = "nat reboot"

    def __init__(self, site: str) -> None:
        super().__init__(site, "its NAT reboots")

    def begin(self, trial: Trial) -> None:
        trial.mesh.underlay.gateways[self.site].power(False)

    def end(self, trial: Trial) -> None:
        trial.mesh.underlay.gateways[self.site].power(True)
