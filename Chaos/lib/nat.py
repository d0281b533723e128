"""NAT gateways of each kind, and what befalls them: lost mappings, other ports, another address, another kind, a reboot.

The kinds are those of home routers, in the words of RFC 4787:

| kind | mapping | filtering |
|---|---|---|
| `cone` | endpoint-independent (the port is kept) | address and port-dependent: a port-restricted cone |
| `restricted` | endpoint-independent | address-dependent |
| `full` | endpoint-independent | endpoint-independent: a full cone |
| `symmetric` | address and port-dependent (each peer sees a port of its own) | address and port-dependent |

Only UDP of the VR's own port is let in by `restricted` and `full`: that is the mapping the VR has opened.
"""

from __future__ import annotations

from dataclasses import dataclass

from .shell import Runner

KINDS = ("cone", "restricted", "full", "symmetric")
PORT = 2247

_DOOR = {
    "cone": "",
    "symmetric": "",
    "full": 'iifname "out" udp dport {port} dnat to {vr}',
    "restricted": 'iifname "out" udp dport {port} ip saddr @contacted dnat to {vr}',
}


@dataclass
class Gateway:
    """One NAT: `in` is the side of the VR (or of a gateway before it), `out` the Internet's. `vr` is whom it serves."""

    runner: Runner
    ns: str
    vr: str
    kind: str = "cone"
    ports: tuple[int, int] | None = None
    """Ports that mappings get; otherwise the VR's own where that is free."""
    address: str = ""
    """Address that mappings get, if not the interface's first."""

    def apply(self) -> None:
        """Its rules, all at once. Mappings that exist live on, as on a real router."""
        where = f"to {self.address}" if self.address else ""
        ports = f":{self.ports[0]}-{self.ports[1]}" if self.ports else ""
        verb = f"snat {where}{ports}" if self.address else f"masquerade{f' to {ports}' if ports else ''}"
        # A range of ports says nothing to ICMP.
        only = 'meta l4proto { tcp, udp } oifname "out"' if ports else 'oifname "out"'
        random = " fully-random" if self.kind == "symmetric" else ""
        door = _DOOR[self.kind].format(port=PORT, vr=self.vr)
        text = f"""
table ip gateway
delete table ip gateway
table ip gateway {{
  set contacted {{ type ipv4_addr; flags dynamic,timeout; timeout 120s; }}
  chain pre {{
    type nat hook prerouting priority -100; policy accept;
    {door}
  }}
  chain post {{
    type nat hook postrouting priority 100; policy accept;
    {only} {verb}{random}
  }}
  chain through {{
    type filter hook forward priority 0; policy drop;
    iifname "in" oifname "out" udp sport {PORT} update @contacted {{ ip daddr timeout 120s }}
    iifname "in" oifname "out" accept
    iifname "out" oifname "in" ct state established,related accept
    iifname "out" oifname "in" ct status dnat accept
  }}
  chain self {{
    type filter hook input priority 0; policy accept;
    iifname "out" ct state established,related accept
    iifname "out" drop
  }}
}}
"""
        self.runner.run(["nft", "-f", "-"], ns=self.ns, stdin=text, check=True)

    def forget(self) -> None:
        """Loses all mappings."""
        self.runner.run(["conntrack", "-F"], ns=self.ns)

    def become(self, kind: str) -> None:
        """Another kind of NAT, from the next packet on."""
        self.kind = kind
        self.apply()
        self.forget()

    def move_ports(self, ports: tuple[int, int] | None) -> None:
        """Each mapping gets another port."""
        self.ports = ports
        self.apply()
        self.forget()

    def move_address(self, address: str, prefix: int = 24) -> None:
        """The provider gives it another address; mappings of the old one are gone. Empty: the first one again."""
        if address:
            self.runner.run(["ip", "-n", self.ns, "addr", "replace", f"{address}/{prefix}", "dev", "out"], check=True)
        self.address = address
        self.apply()
        self.forget()

    def power(self, on: bool) -> None:
        """Off: no packet passes, and nothing is remembered afterwards."""
        state = "up" if on else "down"
        self.runner.ip(self.ns, [f"link set in {state}", f"link set out {state}"])
        if on:
            route = self.runner.run(["ip", "-n", self.ns, "-4", "-o", "addr", "show", "dev", "out"]).out.split()
            address = next(word for word in route if "/" in word).split("/")[0]
            self.runner.run(["ip", "-n", self.ns, "route", "replace", "default", "via", _first_of(address)], check=True)
            self.forget()


def _first_of(address: str) -> str:
    """The router of a /24: its first address."""
    return address.rsplit(".", 1)[0] + ".1"
