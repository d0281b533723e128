"""Three sites of the paper's Figure 3 in network namespaces: UF and NWU public, PU behind a NAT gateway.

    h1, h2 -- lan switch -- [VR] wan ---- 198.18.1.0/24 ---- inet     UF    (NWU alike with 198.18.2.0/24)
    h1, h2 -- lan switch -- [VR] wan -- [gateway, NAT] -- 198.18.3.0/24 -- inet     PU

`inet` is the public core; it knows its own legs and nothing else, so nothing can leave the sandbox.
Every interface is made inside a namespace: the machine's own network is never touched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from .shell import Runner

SPACE = IPv4Network("172.16.0.0/12")
"""The virtual address space, as the hosts' one static route names it."""

NEVER_ALLOCATED = IPv4Address("172.31.255.254")
"""A virtual address far from every block that the demo asks for: the leak watch's control packets go there."""


@dataclass(frozen=True)
class Site:
    """A site: its VR's namespace is `<run>-<name>`, its hosts' are `<run>-<name>-h1` and `-h2`."""

    name: str
    index: int
    hosts_wanted: int
    limited: bool = False

    @property
    def endpoint(self) -> str:
        """Where the Internet sees the site: its VR's address, or its gateway's if it is behind NAT."""
        return f"198.18.{self.index}.2"

    @property
    def wan(self) -> str:
        """The VR's own underlay address."""
        return f"192.168.{100 + self.index}.2" if self.limited else self.endpoint

    @property
    def lan(self) -> str:
        """The VR's physical address on the site's LAN."""
        return f"192.168.{self.index}.1"


@dataclass
class Host:
    """A host without any software: a physical address, later an alias in its site's block and one static route."""

    site: Site
    number: int
    ns: str
    alias: str = field(default="")

    @property
    def name(self) -> str:
        return f"{self.site.name}.h{self.number}"

    @property
    def physical(self) -> str:
        return f"192.168.{self.site.index}.{10 + self.number}"


UF = Site("uf", 1, 200)
NWU = Site("nwu", 2, 100)
PU = Site("pu", 3, 100, limited=True)
FIGURE_3 = (UF, NWU, PU)


class Topology:
    """Builds and removes the namespaces of one run; all names begin with the run's prefix."""

    def __init__(self, runner: Runner, prefix: str, sites: tuple[Site, ...] = FIGURE_3, hosts: int = 2) -> None:
        self.runner = runner
        self.prefix = prefix
        self.sites = sites
        self.hosts = [Host(site, n, self.ns(f"{site.name}-h{n}")) for site in sites for n in range(1, hosts + 1)]

    def ns(self, name: str) -> str:
        return f"{self.prefix}-{name}"

    def vr(self, site: Site) -> str:
        return self.ns(site.name)

    def host(self, site: Site, number: int) -> Host:
        return next(host for host in self.hosts if host.site == site and host.number == number)

    @property
    def namespaces(self) -> list[str]:
        gateways = [self.ns(f"{site.name}-gw") for site in self.sites if site.limited]
        return [self.ns("inet"), self.ns("lans"), *map(self.vr, self.sites), *gateways, *(h.ns for h in self.hosts)]

    def build(self) -> None:
        """Makes all namespaces, links, addresses and default routes. The caller removes, also after a failure."""
        self.runner.ip(None, [f"netns add {name}" for name in self.namespaces])
        self.runner.together([lambda name=name: self.runner.ip(name, ["link set lo up"]) for name in self.namespaces])
        for site in self.sites:
            self._lan(site)
            (self._behind_nat if site.limited else self._public)(site)
        self._forward("inet")

    def give_block(self, site: Site, block: IPv4Network) -> None:
        """The one-time set-up of the site's hosts (paper 3.2): IP alias and static route, nothing else."""
        gateway = block[1]
        for host in (host for host in self.hosts if host.site == site):
            host.alias = str(block[10 + host.number])
            self.runner.ip(
                host.ns,
                [f"addr add {host.alias}/{block.prefixlen} dev eth", f"route add {SPACE} via {gateway}"],
            )

    def plug(self, host: Host, interface: str) -> None:
        """One more network card for a host, on its site's switch."""
        lans, port = self.ns("lans"), f"{host.site.name}-{interface}{host.number}"
        self.runner.ip(None, [f"link add {interface} netns {host.ns} type veth peer name {port} netns {lans}"])
        self.runner.ip(lans, [f"link set {port} master br-{host.site.name} up"])
        self.runner.ip(host.ns, [f"link set {interface} up"])

    def attach(self, name: str, leg: int) -> str:
        """One more public machine with a LAN of its own on leg 198.18.<leg>.0/24; returns its namespace."""
        namespace = self.ns(name)
        self.runner.ip(None, [f"netns add {namespace}"])
        self.runner.ip(namespace, ["link set lo up", "link add lan type bridge", "link set lan up"])
        self.runner.ip(namespace, [f"addr add 192.168.{leg}.1/24 dev lan"])
        self._leg(namespace, name, leg)
        return namespace

    def present(self) -> list[str]:
        """Namespaces of this run that exist now."""
        listed = self.runner.run(["ip", "netns", "list"]).out.split()
        return sorted(name for name in listed if name.startswith(self.prefix + "-"))

    def remove(self) -> None:
        """Ends what still runs inside this run's namespaces, then removes them; the links go with them."""
        for name in self.present():
            for pid in self.runner.run(["ip", "netns", "pids", name]).out.split():
                self.runner.run(["kill", "-KILL", pid])
        for name in self.present():
            self.runner.run(["ip", "netns", "del", name])

    def _lan(self, site: Site) -> None:
        """A switch with a port for the VR and one for each host in the namespace `lans`."""
        lans, bridge = self.ns("lans"), f"br-{site.name}"
        ports = {self.vr(site): "lan"} | {host.ns: "eth" for host in self.hosts if host.site == site}
        self.runner.ip(lans, [f"link add {bridge} type bridge", f"link set {bridge} up"])
        for number, (namespace, interface) in enumerate(ports.items()):
            port = f"{site.name}p{number}"
            self.runner.ip(None, [f"link add {interface} netns {namespace} type veth peer name {port} netns {lans}"])
            self.runner.ip(lans, [f"link set {port} master {bridge} up"])
        self.runner.ip(self.vr(site), ["link set lan up", f"addr add {site.lan}/24 dev lan"])
        for host in (host for host in self.hosts if host.site == site):
            self.runner.ip(host.ns, ["link set eth up", f"addr add {host.physical}/24 dev eth"])

    def _public(self, site: Site) -> None:
        self._leg(self.vr(site), site.name, site.index)
        self._forward(site.name)

    def _leg(self, namespace: str, name: str, leg: int, interface: str = "wan") -> None:
        """Joins a namespace to the public core with 198.18.<leg>.2 and a default route."""
        inet = self.ns("inet")
        self.runner.ip(None, [f"link add {interface} netns {namespace} type veth peer name {name} netns {inet}"])
        self.runner.ip(inet, [f"link set {name} up", f"addr add 198.18.{leg}.1/24 dev {name}"])
        self.runner.ip(namespace, [f"link set {interface} up", f"addr add 198.18.{leg}.2/24 dev {interface}"])
        self.runner.ip(namespace, [f"route add default via 198.18.{leg}.1"])

    def _behind_nat(self, site: Site) -> None:
        """A gateway that masquerades what its site opens and lets nothing in."""
        name = f"{site.name}-gw"
        gateway, vr, inside = self.ns(name), self.vr(site), 100 + site.index
        self._leg(gateway, site.name, site.index, "out")
        self.runner.ip(None, [f"link add wan netns {vr} type veth peer name in netns {gateway}"])
        self.runner.ip(gateway, ["link set in up", f"addr add 192.168.{inside}.1/24 dev in"])
        self.runner.ip(vr, ["link set wan up", f"addr add {site.wan}/24 dev wan"])
        self.runner.ip(vr, [f"route add default via 192.168.{inside}.1"])
        established = "-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"
        for rule in (
            "-P FORWARD DROP",
            "-A FORWARD -i in -o out -j ACCEPT",
            f"-A FORWARD -i out -o in {established}",
            f"-A INPUT -i out {established}",
            "-A INPUT -i out -j DROP",
            f"-t nat -A POSTROUTING -s 192.168.{inside}.0/24 -o out -j MASQUERADE",
        ):
            self.runner.run(["iptables", "-w", *rule.split()], ns=gateway, check=True)
        self._forward(name)
        self._forward(site.name)

    def _forward(self, name: str) -> None:
        """VRs forward too: a machine that routes anyway is the hard case for `never leaks, never to the Internet`."""
        self.runner.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"], ns=self.ns(name), check=True)
