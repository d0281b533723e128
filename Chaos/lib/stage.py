"""What every phase of the demo works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import permutations

from .capture import LeakWatch
from .processes import Processes
from .programs import SecureShell, Web
from .report import Console, Report
from .router import VR
from .shell import Runner
from .topology import Host, Topology

MARKER = b"VINE-MESH-PLAINTEXT-MARKER\n"
"""Text that crosses the mesh and must never be seen on the underlay."""


@dataclass
class Stage:
    """Three sites, their VRs and the report; `tokens` keeps used invitations for the bad-input phase."""

    topology: Topology
    processes: Processes
    report: Report
    console: Console
    watch: LeakWatch
    vrs: dict[str, VR] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    _web: Web | None = None
    _ssh: SecureShell | None = None
    _port: int = 5201

    @property
    def runner(self) -> Runner:
        return self.processes.runner

    def members(self, vine: int) -> list[Host]:
        """Hosts of a ViNe: h1 of each site is in physics (1), h2 in biology (2)."""
        return [host for host in self.topology.hosts if host.number == vine]

    def pairs(self) -> list[tuple[Host, Host]]:
        """Ordered pairs that may talk: all of one ViNe, both directions."""
        return [pair for vine in (1, 2) for pair in permutations(self.members(vine), 2)]

    def strangers(self) -> list[tuple[Host, Host]]:
        """Ordered pairs of different ViNes at different sites (two hosts of one LAN reach each other without a VR)."""
        hosts = self.topology.hosts
        return [(a, b) for a, b in permutations(hosts, 2) if a.number != b.number and a.site != b.site]

    def next_port(self) -> int:
        """A TCP port that no earlier iperf3 of this run used."""
        self._port += 1
        return self._port

    def web(self) -> Web:
        """The web servers on the h1 hosts, started when first wanted."""
        if self._web is None:
            self._web = Web(self.processes, self.members(1), megabytes=8, marker=MARKER)
        return self._web

    def ssh(self) -> SecureShell:
        """The sshd of the h1 hosts, started when first wanted."""
        if self._ssh is None:
            self._ssh = SecureShell(self.processes, self.members(1))
        return self._ssh
