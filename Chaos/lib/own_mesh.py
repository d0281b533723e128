"""A mesh of a phase's own, beside the demo's: sites of its choice, and hosts set up as `vine-mesh host setup` says."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from .processes import Processes, wait_until
from .router import VR
from .topology import Host, Site, Topology

READY_MAX = 20.0
"""Seconds in which blocks, roles and tables have to be there: a healthy mesh needs about three."""


@dataclass(frozen=True)
class Mirror:
    """What a site sees elsewhere, because its own network is there: its VR's line of configuration, and its sense."""

    line: str
    part: IPv4Network
    seen_at: IPv4Address

    def seen(self, address: IPv4Address) -> IPv4Address:
        """An address as the site's hosts write it."""
        offset = int(address) - int(self.part[0])
        return self.seen_at + offset if address in self.part else address


@dataclass
class OwnMesh:
    """`name` begins all its namespaces and VRs. `mirrors` and `lans` are of the sites of these names.

    `lans` are networks that a site uses besides its physical one: the VR has the first address and h1 the eleventh.
    """

    name: str
    processes: Processes
    binaries: Path
    prefix: str
    sites: tuple[Site, ...]
    hosts: int = 2
    mirrors: dict[str, Mirror] = field(default_factory=dict)
    lans: dict[str, IPv4Network] = field(default_factory=dict)
    vrs: dict[str, VR] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)
    """What goes before its VRs' programs (`FakeTime`)."""

    def __post_init__(self) -> None:
        self.topology = Topology(self.processes.runner, f"{self.prefix}-{self.name}", self.sites, self.hosts)

    def found(self) -> None:
        """Builds the sites and joins them; the first one founds. Raises RuntimeError if a VR gets no block or role."""
        self.topology.build()
        for site in self.sites:
            ns = self.topology.vr(site)
            self.vrs[site.name] = VR(self.processes, f"{self.name}-{site.name}", ns, self.binaries)
            self.vrs[site.name].before = self.before
            if lan := self.lans.get(site.name):
                self._use(site, lan)
        first, *others = self.sites
        founder = self.vrs[first.name]
        founder.init(self.name, first.name, first.hosts_wanted, first.endpoint).needed("vine-mesh init")
        self._start(first)
        for site in others:
            self.vrs[site.name].join(founder.invite(site)).needed(f"vine-mesh join at {site.name}")
            self._start(site)
        if not wait_until(lambda: all(vr.identity().blocks for vr in self.vrs.values()), READY_MAX, 0.2):
            raise RuntimeError("not every site got a block")
        roles = {site.name: "limited" if site.limited else "public" for site in self.sites}
        if not wait_until(lambda: all(self.vrs[n].role()[0] == r for n, r in roles.items()), READY_MAX, 0.3):
            raise RuntimeError(f"roles: {', '.join(f'{name} {vr.role()[0]}' for name, vr in self.vrs.items())}")

    def _use(self, site: Site, lan: IPv4Network) -> None:
        runner = self.processes.runner
        runner.ip(self.topology.vr(site), [f"addr add {lan[1]}/{lan.prefixlen} dev lan"])
        for host in (host for host in self.topology.hosts if host.site == site):
            runner.ip(host.ns, [f"addr add {lan[10 + host.number]}/{lan.prefixlen} dev eth"])

    def _start(self, site: Site) -> None:
        vr = self.vrs[site.name]
        if mirror := self.mirrors.get(site.name):
            with vr.config.open("a") as file:
                file.write(mirror.line + "\n")
        vr.start()

    def seen(self, site: Site, address: IPv4Address) -> str:
        """A virtual address as the hosts of a site write it."""
        mirror = self.mirrors.get(site.name)
        return str(mirror.seen(address) if mirror else address)

    def set_up(self, host: Host, address: IPv4Address, interface: str = "eth") -> None:
        """One more alias for a host, as its VR says; the first alias's routes stay."""
        seen = self.seen(host.site, address)
        commands = self.vrs[host.site.name].ask("host", "setup", seen, "--interface", interface).splitlines()
        if host.alias:
            commands = [command for command in commands if " route " not in command]
        self.processes.runner.ip(host.ns, [command.removeprefix("ip ") for command in commands])
        host.alias = host.alias or seen

    def converged(self) -> list[str]:
        """What VRs say that do not see the mesh settled in time."""
        wait = ["wait", "--converged", "--timeout", f"{READY_MAX:g}s"]
        vrs = list(self.vrs.values())
        jobs = [lambda v=vr: v.tool(*wait, "--socket", str(v.socket), timeout=READY_MAX + 5) for vr in vrs]
        outcomes = self.processes.runner.together(jobs)
        return [f"{vr.name}: {o.line}" for vr, o in zip(vrs, outcomes, strict=True) if not o.ok]

    def stop(self) -> list[str]:
        """SIGTERM to all VRs; what was not as it should be."""
        codes = self.processes.runner.together([vr.stop for vr in self.vrs.values()])
        faults = [f"{vr.name}: exit {code}" for vr, code in zip(self.vrs.values(), codes, strict=True) if code != 0]
        own = [f"inet {lan[1]}/{lan.prefixlen} " for lan in self.lans.values()]
        traces = [f"{vr.name}: {trace}" for vr in self.vrs.values() for trace in vr.traces()]
        return faults + [trace for trace in traces if not any(words in trace for words in own)]
