"""Many machines on one switch, all alike: the ground on which agents of several systems are compared.

    a0 eth ---+
    a1 eth ---+--- switch (a bridge in a namespace of its own)       198.18.0.0/24, without a way out
    ...       |
    a31 eth --+

Each machine loses a share of what comes in, by netfilter: the kernel need not have netem.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from .shell import Runner

MACHINES_MAX = 60


@dataclass(frozen=True)
class Machine:
    """One namespace with the interface `eth` on the switch, and an empty LAN `lan` for programs that want one."""

    number: int
    ns: str

    @property
    def address(self) -> str:
        return f"198.18.0.{self.number + 1}"


@dataclass(frozen=True)
class Traffic:
    """What a machine sent and received on its interface since it was made, whole Ethernet frames."""

    packets: int
    octets: int


class Flock:
    """Builds the machines; `Topology.remove` of the same prefix takes them away."""

    def __init__(self, runner: Runner, prefix: str, count: int) -> None:
        if not 2 <= count <= MACHINES_MAX:
            raise ValueError(f"2 to {MACHINES_MAX} machines, not {count}")
        self.runner = runner
        self.switch = f"{prefix}-switch"
        self.machines = [Machine(number, f"{prefix}-a{number}") for number in range(count)]

    def build(self, loss_percent: float) -> None:
        """All machines, each of which drops that share of the UDP and TCP packets that come to it."""
        self.runner.ip(None, [f"netns add {name}" for name in [self.switch, *(m.ns for m in self.machines)]])
        self.runner.ip(self.switch, ["link set lo up", "link add bridge type bridge", "link set bridge up"])
        for machine in self.machines:
            port = f"p{machine.number}"
            self.runner.ip(None, [f"link add eth netns {machine.ns} type veth peer name {port} netns {self.switch}"])
            self.runner.ip(self.switch, [f"link set {port} master bridge up"])
            self.runner.ip(
                machine.ns,
                [
                    "link set lo up",
                    "link set eth up",
                    f"addr add {machine.address}/24 dev eth",
                    "route add default via 198.18.0.254",
                    "link add lan type bridge",
                    "link set lan up",
                    "addr add 192.168.1.1/24 dev lan",
                ],
            )
        if loss_percent:
            self.runner.together([lambda m=machine: self._lose(m, loss_percent / 100) for machine in self.machines])

    def _lose(self, machine: Machine, share: float) -> None:
        for protocol in ("udp", "tcp"):
            rule = f"-A INPUT -i eth -p {protocol} -m statistic --mode random --probability {share:.4f} -j DROP"
            self.runner.run(["iptables", "-w", *rule.split()], ns=machine.ns, check=True)

    def traffic(self) -> list[Traffic]:
        """By machine; one command for all of them, so that counting disturbs nobody."""
        text = self.runner.run(["ip", "-n", self.switch, "-s", "-j", "link"], check=True).out
        ports = {link["ifname"]: link["stats64"] for link in json.loads(text)}
        counts = [ports[f"p{machine.number}"] for machine in self.machines]
        return [
            Traffic(c["rx"]["packets"] + c["tx"]["packets"], c["rx"]["bytes"] + c["tx"]["bytes"]) for c in counts
        ]
