"""The paper's WAN (Figure 4): sites joined pairwise, each pair by a link of its own rate and latency.

    [VR or gateway] wan -- 198.18.<i>.0/24 -- [edge i] ==== emulated link ==== [edge j] -- 198.18.<j>.0/24 -- [VR]

An edge routes to each other site over the link between the two; no packet takes another way.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from .link import Emulator, Link
from .processes import Processes
from .topology import Site, Topology


class Wan(Topology):
    """Builds the edges in place of the public core; `emulator` is to be started after `build`."""

    def __init__(
        self, processes: Processes, prefix: str, sites: tuple[Site, ...], shapes: dict[frozenset[str], str], bin: Path
    ) -> None:
        super().__init__(processes.runner, prefix, sites)
        links, plain = [], []
        for one, other in combinations(sites, 2):
            a, b = self._port(one, other), self._port(other, one)
            links.append(Link(f"{one.name}-{other.name}", f"{self.ns('links')}:{a}", f"{self.ns('links')}:{b}"))
            links[-1].shape(shapes[frozenset((one.name, other.name))])
            plain += [f"{self._edge(one)}:{a}", f"{self._edge(other)}:{b}"]
        self.emulator = Emulator(processes, bin, links, plain)

    def link(self, one: str, other: str) -> Link:
        return next(link for link in self.emulator.links if set(link.name.split("-")) == {one, other})

    @property
    def namespaces(self) -> list[str]:
        return [self.ns("links"), *map(self._edge, self.sites), *super().namespaces]

    def build(self) -> None:
        super().build()
        for one, other in combinations(self.sites, 2):
            for near, far in ((one, other), (other, one)):
                port, edge = self._port(near, far), self._edge(near)
                self.runner.ip(
                    None, [f"link add {port} netns {edge} type veth peer name {port} netns {self.ns('links')}"]
                )
                self.runner.ip(self.ns("links"), [f"link set {port} up"])
                low, high = sorted((near.index, far.index))
                self.runner.ip(
                    edge,
                    [f"link set {port} up", f"addr add 198.19.{10 * low + high}.{near.index}/24 dev {port}"],
                )
            for near, far in ((one, other), (other, one)):
                low, high = sorted((near.index, far.index))
                via = f"198.19.{10 * low + high}.{far.index}"
                self.runner.ip(self._edge(near), [f"route add 198.18.{far.index}.0/24 via {via}"])
        for site in self.sites:
            self._forward(f"edge-{site.name}")

    def _leg(self, namespace: str, name: str, leg: int, interface: str = "wan") -> None:
        site = next(site for site in self.sites if site.index == leg)
        edge = self._edge(site)
        self.runner.ip(None, [f"link add {interface} netns {namespace} type veth peer name {name} netns {edge}"])
        self.runner.ip(edge, [f"link set {name} up", f"addr add 198.18.{leg}.1/24 dev {name}"])
        self.runner.ip(namespace, [f"link set {interface} up", f"addr add 198.18.{leg}.2/24 dev {interface}"])
        self.runner.ip(namespace, [f"route add default via 198.18.{leg}.1"])

    def _edge(self, site: Site) -> str:
        return self.ns(f"edge-{site.name}")

    @staticmethod
    def _port(near: Site, far: Site) -> str:
        return f"p{near.index}{far.index}"
