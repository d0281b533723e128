"""Two sites joined by one cable, in network namespaces: what VPNs are measured on.

    host a -- lan [router a] wan ==== wan [router b] lan -- host b

Nothing leads out of it. Each system gets one of its own, so that all can stand side by side and be measured in turns.
"""

from __future__ import annotations

from dataclasses import dataclass

from .shell import Runner

SIDES = ("a", "b")


@dataclass(frozen=True)
class Side:
    """One of the two sites, with the namespaces of its host and its router."""

    name: str
    number: int
    host: str
    router: str

    @property
    def subnet(self) -> str:
        """The hosts' network, for systems that carry it as it is."""
        return f"172.16.{self.number}.0/24"

    @property
    def address(self) -> str:
        """The host's address there."""
        return f"172.16.{self.number}.10"

    @property
    def gateway(self) -> str:
        return f"172.16.{self.number}.1"

    @property
    def endpoint(self) -> str:
        """The router's address on the cable."""
        return f"198.18.0.{self.number}"


class TwoSites:
    """The namespaces of one system: `<run>-<system>-ha`, `-ra`, `-rb`, `-hb`."""

    def __init__(self, runner: Runner, prefix: str, system: str) -> None:
        self.runner = runner
        self.a, self.b = (
            Side(name, number, f"{prefix}-{system}-h{name}", f"{prefix}-{system}-r{name}")
            for number, name in enumerate(SIDES, 1)
        )

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.a, self.b

    def other(self, side: Side) -> Side:
        return self.b if side is self.a else self.a

    def build(self) -> None:
        """Links and underlay addresses; the hosts' network has none yet."""
        for side in self.sides:
            self.runner.ip(None, [f"netns add {side.host}", f"netns add {side.router}"])
            for namespace in (side.host, side.router):
                self.runner.ip(namespace, ["link set lo up"])
                quiet = ["net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0"]
                self.runner.run(["sysctl", "-qw", *quiet], ns=namespace, check=True)
            self.runner.ip(None, [f"link add eth netns {side.host} type veth peer name lan netns {side.router}"])
            self.runner.ip(side.host, ["link set eth up"])
            self.runner.ip(side.router, ["link set lan up"])
        self.runner.ip(None, [f"link add wan netns {self.a.router} type veth peer name wan netns {self.b.router}"])
        for side in self.sides:
            self.runner.ip(side.router, [f"addr add {side.endpoint}/24 dev wan", "link set wan up"])

    def address_hosts(self) -> None:
        """Hosts with the addresses that plain systems carry, and routers that forward."""
        for side in self.sides:
            self.runner.ip(side.host, [f"addr add {side.address}/24 dev eth"])
            self.runner.ip(side.router, [f"addr add {side.gateway}/24 dev lan"])
            self.runner.ip(side.host, [f"route add 172.16.0.0/12 via {side.gateway}"])
            self.runner.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"], ns=side.router, check=True)

    def pids(self) -> list[int]:
        """Programs on the two routers."""
        found = []
        for side in self.sides:
            found += [int(pid) for pid in self.runner.run(["ip", "netns", "pids", side.router]).out.split()]
        return found
