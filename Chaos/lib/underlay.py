"""Up to 50 sites around a public core, each on a line of its own, some behind NATs: the ground of the chaos suite.

    h1, h2 -- lan switch -- [VR] wan ------------------ line ----+
    h1, h2 -- lan switch -- [VR] wan - [NAT] ---------- line ----+-- inet: cuts, corruption
    h1, h2 -- lan switch -- [VR] wan - [NAT] - [NAT] -- line ----+

A line is an emulated link (vine-link: rate, latency, loss, reordering, doubles); without a shape it is a cable.
What joins lines is the core, and what the core refuses to pass is a partition. Nothing leads out of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .link import Emulator, Link
from .nat import PORT, Gateway
from .processes import Processes
from .topology import Site, Topology

Cut = tuple[str, str]
"""Site that sends, site that does not get it."""

DOUBLE = "double"
"""Two port-restricted NATs, one behind the other."""


class Underlay(Topology):
    """`kinds` tells the NAT of limited sites; `start` and `stop` are of the lines' emulator."""

    def __init__(
        self,
        processes: Processes,
        prefix: str,
        sites: tuple[Site, ...],
        kinds: dict[str, str],
        shape: str,
        binaries: Path,
        hosts: int = 2,
    ) -> None:
        super().__init__(processes.runner, prefix, sites, hosts)
        self.kinds = kinds
        self.shape = shape
        self.gateways: dict[str, Gateway] = {}
        self.cuts: set[Cut] = set()
        self.corrupted: dict[str, int] = {}
        lines = [Link(s.name, f"{self.ns('lines')}:a{s.index}", f"{self.ns('lines')}:b{s.index}") for s in sites]
        for line in lines:
            line.shape(shape)
        plain = [f"{self._outermost(s)[0]}:{self._outermost(s)[1]}" for s in sites]
        plain += [f"{self.ns('inet')}:{s.name}" for s in sites]
        self.emulator = Emulator(processes, binaries, lines, plain) if shape else None

    @property
    def namespaces(self) -> list[str]:
        outer = [self.ns(f"{site.name}-gw2") for site in self.sites if self.kinds.get(site.name) == DOUBLE]
        return [self.ns("lines"), *outer, *super().namespaces]

    def site(self, name: str) -> Site:
        return next(site for site in self.sites if site.name == name)

    def start(self) -> None:
        if self.emulator:
            self.emulator.start()

    def stop(self) -> None:
        if self.emulator:
            self.emulator.stop()

    # MARK: what may be done to it

    def reshape(self, site: str, out: str = "", into: str = "") -> None:
        """What the site's line does to packets out of the site and into it; empty: what it did at the start."""
        assert self.emulator, "these lines are cables"
        line = next(line for line in self.emulator.links if line.name == site)
        line.a_to_b, line.b_to_a = out or self.shape, into or self.shape
        self.emulator.reload()

    def cut(self, cuts: Iterable[Cut]) -> None:
        """From now on the core passes nothing of these."""
        self.cuts |= set(cuts)
        self._rule()

    def mend(self, cuts: Iterable[Cut]) -> None:
        self.cuts -= set(cuts)
        self._rule()

    def corrupt(self, site: str, permille: int) -> None:
        """A byte of so many of a thousand of the site's datagrams is not what it was; the UDP checksum is right."""
        self.corrupted[site] = permille
        self.corrupted = {name: share for name, share in self.corrupted.items() if share}
        self._rule()

    def _rule(self) -> None:
        """All rules of the core, in one transaction."""
        pairs = ", ".join(f'"{a}" . "{b}"' for a, b in sorted(self.cuts))
        cutting = f"iifname . oifname {{ {pairs} }} counter drop" if pairs else ""
        lines = []
        for site, permille in sorted(self.corrupted.items()):
            for side in ("iifname", "oifname"):
                # Behind the header of a frame: an index, a counter and the sealed bytes are each hit in turn.
                for offset in (96, 160, 320):
                    share = f"numgen random mod 3000 < {permille}"
                    lines.append(f'{side} "{site}" udp length > 60 {share} @th,{offset},8 set 0xa5 udp checksum set 0')
        text = f"""
table ip chaos
delete table ip chaos
table ip chaos {{
  chain cut {{
    type filter hook forward priority -10; policy accept;
    {cutting}
  }}
  chain corrupt {{
    type filter hook forward priority -5; policy accept;
    {chr(10).join(lines)}
  }}
}}
"""
        self.runner.run(["nft", "-f", "-"], ns=self.ns("inet"), stdin=text, check=True)

    # MARK: building

    def _outermost(self, site: Site) -> tuple[str, str]:
        """Namespace and interface at the site's end of its line."""
        if not site.limited:
            return self.vr(site), "wan"
        return self.ns(f"{site.name}-gw2" if self.kinds.get(site.name) == DOUBLE else f"{site.name}-gw"), "out"

    def _leg(self, namespace: str, name: str, leg: int, interface: str = "wan") -> None:
        if not self.shape:
            super()._leg(namespace, name, leg, interface)
            return
        inet, lines = self.ns("inet"), self.ns("lines")
        self.runner.ip(None, [f"link add {interface} netns {namespace} type veth peer name a{leg} netns {lines}"])
        self.runner.ip(None, [f"link add {name} netns {inet} type veth peer name b{leg} netns {lines}"])
        self.runner.ip(lines, [f"link set a{leg} up", f"link set b{leg} up"])
        self.runner.ip(inet, [f"link set {name} up", f"addr add 198.18.{leg}.1/24 dev {name}"])
        self.runner.ip(namespace, [f"link set {interface} up", f"addr add 198.18.{leg}.2/24 dev {interface}"])
        self.runner.ip(namespace, [f"route add default via 198.18.{leg}.1"])

    def _behind_nat(self, site: Site) -> None:
        kind = self.kinds.get(site.name, "cone")
        inner, vr, inside = self.ns(f"{site.name}-gw"), self.vr(site), 100 + site.index
        if kind == DOUBLE:
            outer = self.ns(f"{site.name}-gw2")
            self._leg(outer, site.name, site.index, "out")
            self.runner.ip(None, [f"link add out netns {inner} type veth peer name in netns {outer}"])
            self.runner.ip(outer, ["link set in up", f"addr add 10.0.{site.index}.1/24 dev in"])
            self.runner.ip(inner, ["link set out up", f"addr add 10.0.{site.index}.2/24 dev out"])
            self.runner.ip(inner, [f"route add default via 10.0.{site.index}.1"])
            Gateway(self.runner, outer, f"10.0.{site.index}.2:{PORT}").apply()
            self._forward(f"{site.name}-gw2")
        else:
            self._leg(inner, site.name, site.index, "out")
        self.runner.ip(None, [f"link add wan netns {vr} type veth peer name in netns {inner}"])
        self.runner.ip(inner, ["link set in up", f"addr add 192.168.{inside}.1/24 dev in"])
        self.runner.ip(vr, ["link set wan up", f"addr add {site.wan}/24 dev wan"])
        self.runner.ip(vr, [f"route add default via 192.168.{inside}.1"])
        gateway = Gateway(self.runner, inner, f"{site.wan}:{PORT}", "cone" if kind == DOUBLE else kind)
        gateway.apply()
        self.gateways[site.name] = gateway
        self._forward(f"{site.name}-gw")
        self._forward(site.name)
