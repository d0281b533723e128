"""A mesh grown from one bootstrap peer: up to 50 VRs with two hosts each, in two ViNes, on an `Underlay`."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from .processes import Program, wait_until
from .router import VR
from .sandbox import Sandbox
from .topology import Host, Site
from .underlay import DOUBLE, Underlay

VINES = {1: "physics", 2: "biology"}
"""ViNe of the first and of the second host of each site."""
HOSTS_WANTED = 20
READY_MAX = 60.0
"""Seconds in which a mesh that was just made has to know all its hosts."""
DISK = "12m"
"""Each VR's state is on a disk of its own, small enough to be filled."""
NATS = ("cone", "symmetric", "restricted", "full", DOUBLE)


def sites_of(count: int, limited: int) -> tuple[tuple[Site, ...], dict[str, str]]:
    """Sites s1 to s<count>; the last `limited` are behind NATs, of all kinds in turn. s1 founds."""
    public = count - limited
    sites = tuple(Site(f"s{n}", n, HOSTS_WANTED, n > public) for n in range(1, count + 1))
    return sites, dict(zip((site.name for site in sites if site.limited), cycle(NATS), strict=False))


@dataclass(frozen=True)
class Size:
    """How many VRs, how many of them behind NATs, and what a site's line does."""

    vrs: int
    limited: int
    shape: str = "rate=40mbit delay=4ms queue=256kB"
    hosts: int = 2


class GrownMesh:
    """Builds, founds and joins; then the VRs by site name, and the hosts."""

    def __init__(self, box: Sandbox, binaries: Path, size: Size) -> None:
        self.box, self.size = box, size
        self.sites, self.kinds = sites_of(size.vrs, size.limited)
        self.underlay = Underlay(
            box.processes, box.prefix, self.sites, self.kinds, size.shape, binaries, hosts=size.hosts
        )
        box.topology = self.underlay
        self.vrs: dict[str, VR] = {}
        self.binaries = binaries
        self.starts: dict[str, list[Program]] = {}

    @property
    def hosts(self) -> list[Host]:
        return self.underlay.hosts

    @property
    def names(self) -> list[str]:
        return [site.name for site in self.sites]

    def build(self) -> None:
        """The ground, without VRs."""
        self.underlay.build()
        self.underlay.start()
        for site in self.sites:
            vr = self.vrs[site.name] = VR(self.box.processes, site.name, self.underlay.vr(site), self.binaries)
            disk = vr.folder / "disk"
            disk.mkdir()
            self.box.runner.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=700", "none", str(disk)], check=True)
            vr.state = disk / "state"

    def grow(self) -> None:
        """Founder, joiners, ViNes, until all tables are the same."""
        self.found()
        self.create_vines()
        if missing := self.converged():
            raise RuntimeError(f"the mesh does not settle before the first fault: {'; '.join(missing)}")

    def found(self) -> None:
        """The founder is the one bootstrap peer that all others are told."""
        first, *others = self.sites
        founder = self.vrs[first.name]
        founder.init("chaos", first.name, first.hosts_wanted, first.endpoint).needed("vine-mesh init")
        founder.start()
        for site in others:
            self.vrs[site.name].join(founder.invite(site)).needed(f"vine-mesh join at {site.name}")
            self.vrs[site.name].start()
        if not wait_until(lambda: all(self._block(name) for name in self.names), READY_MAX, 0.3):
            raise RuntimeError("not every site got a block")
        for site in self.sites:
            self.underlay.give_block(site, self.vrs[site.name].identity().blocks[0])

    def _block(self, name: str) -> bool:
        return bool(self.vrs[name].identity().blocks)

    def create_vines(self) -> None:
        """Both ViNes, with every site in them and every host."""
        founder = self.vrs[self.sites[0].name]
        for vine in VINES.values():
            founder.ask("vine", "create", vine)
        jobs = [lambda n=site.name: self._take_part(n) for site in self.sites]
        for batch in _batches(jobs, 6):
            self.box.runner.together(batch)

    def _take_part(self, name: str) -> None:
        vr = self.vrs[name]
        if name != self.sites[0].name:
            for vine in VINES.values():
                vr.ask_when_known("vine", "join", vine, seconds=30)
        for host in self.hosts:
            if host.site.name == name:
                vr.ask_when_known("host", "add", host.alias, "--vine", VINES[host.number], seconds=30)

    def converged(self, seconds: float = READY_MAX, without: frozenset[str] = frozenset()) -> list[str]:
        """What is missing until all VRs have the same tables; empty once they do."""
        missing: list[str] = []

        def agree() -> bool:
            missing[:] = self.disagreements(without)
            return not missing

        wait_until(agree, seconds, 0.3)
        return missing

    def disagreements(self, without: frozenset[str] = frozenset()) -> list[str]:
        """Differences between the VRs' own GNDTs: their digests by ViNe."""
        digests: dict[str, dict[str, list[str]]] = {vine: {} for vine in VINES.values()}
        for name, vr in self.vrs.items():
            if name in without:
                continue
            try:
                tables = {table["name"]: table for table in vr.fetch("gndt")["tables"]}
            except (OSError, ValueError) as error:
                return [f"{name} does not answer: {error}"]
            for vine in VINES.values():
                digest = tables[vine]["digest"] if vine in tables else "no table"
                digests[vine].setdefault(digest, []).append(name)
        return [
            f"{vine}: " + ", ".join(f"{digest[:8]} at {'/'.join(names)}" for digest, names in found.items())
            for vine, found in digests.items()
            if len(found) != 1 or "no table" in found
        ]

    def delivered_bytes(self) -> int:
        """What all hosts have received so far, as their switch counts it."""
        ports = self._counts(self.underlay.ns("lans"))
        # Port 0 of a site's switch is its VR's, the others are its hosts'.
        return sum(ports[f"{host.site.name}p{host.number}"]["tx"]["bytes"] for host in self.hosts)

    def sent_bytes(self) -> dict[str, int]:
        """What each site has sent to the core so far."""
        ports = self._counts(self.underlay.ns("inet"))
        return {name: ports[name]["rx"]["bytes"] for name in self.names}

    def _counts(self, ns: str) -> dict[str, dict[str, dict[str, int]]]:
        text = self.box.runner.run(["ip", "-n", ns, "-s", "-j", "link"], check=True).out
        return {link["ifname"]: link["stats64"] for link in json.loads(text)}

    def restart_daemon(self, name: str) -> None:
        """Starts a VR that was ended; the caller waits for its answers if it wants."""
        self.vrs[name].launch()

    def stop(self, without: frozenset[str] = frozenset()) -> list[str]:
        """SIGTERM to all VRs; which did not end as they should. Some may be gone for good."""
        vrs = [vr for name, vr in self.vrs.items() if name not in without]
        codes = self.box.runner.together([vr.stop for vr in vrs])
        running = [(vr, code) for vr, code in zip(vrs, codes, strict=True) if vr.daemon]
        return [f"{vr.name}: {'killed after 10 s' if code is None else f'exit {code}'}" for vr, code in running if code]


def _batches(jobs: Sequence, count: int):  # noqa: ANN202
    """A few at a time: fifty programs at once would tell about the machine."""
    rest = iter(jobs)
    while batch := list(islice(rest, count)):
        yield batch


def wait_for(moment: float) -> None:
    """Sleeps until a moment of time.time()."""
    time.sleep(max(0.0, moment - time.time()))
