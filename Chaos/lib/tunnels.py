"""Systems that join two sites, each set up as its documentation has it: the kernel's own, Debian's packages, vine-mesh."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from .processes import Processes, wait_until
from .router import VR
from .two_sites import Side, TwoSites


@dataclass
class Tunnel:
    """One system on two sites of its own. `addresses` are the hosts', a's first."""

    name: str
    sites: TwoSites
    processes: Processes
    folder: Path
    addresses: tuple[str, str] = ("", "")
    vrs: list[VR] = field(default_factory=list)

    def run(self, side: Side | None, *argv: str, stdin: str | None = None) -> str:
        outcome = self.processes.runner.run(argv, ns=side.router if side else None, stdin=stdin)
        return outcome.needed(f"{self.name}: {' '.join(argv[:3])}").out

    def daemon(self, side: Side, *argv: str) -> None:
        self.processes.start(f"{self.name}-{side.name}".replace(" ", "-"), argv, side.router)

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def plain(self) -> None:
        """Hosts with addresses of their sites' networks, for systems that route those."""
        self.sites.address_hosts()
        self.addresses = (self.sites.a.address, self.sites.b.address)

    def route_when_there(self, side: Side, device: str, mtu: int) -> None:
        """The other site is behind the system's interface, once that is there."""
        show = ["ip", "link", "show", device]
        if not wait_until(lambda: self.processes.runner.run(show, ns=side.router).ok, 10):
            raise RuntimeError(f"{self.name}: no interface {device}")
        other = self.sites.other(side)
        commands = [f"link set {device} up mtu {mtu}", f"route replace {other.subnet} dev {device}"]
        self.processes.runner.ip(side.router, commands)


def kernel_routing(tunnel: Tunnel) -> None:
    """No tunnel: what the machine can do at all."""
    tunnel.plain()
    for side in tunnel.sites.sides:
        other = tunnel.sites.other(side)
        tunnel.processes.runner.ip(side.router, [f"route add {other.subnet} via {other.endpoint}"])


def kernel_vxlan(tunnel: Tunnel) -> None:
    """In the kernel and in clear."""
    tunnel.plain()
    for side in tunnel.sites.sides:
        other = tunnel.sites.other(side)
        remote = f"local {side.endpoint} remote {other.endpoint} dstport 4789"
        tunnel.processes.runner.ip(
            side.router,
            [
                f"link add vx type vxlan id 5 {remote}",
                f"addr add 10.9.0.{side.number}/24 dev vx",
                "link set vx up",
                f"route add {other.subnet} via 10.9.0.{other.number}",
            ],
        )


def wireguard_go(tunnel: Tunnel) -> None:
    tunnel.plain()
    keys = {side.name: tunnel.run(None, "wg", "genkey").strip() for side in tunnel.sites.sides}
    for side in tunnel.sites.sides:
        other = tunnel.sites.other(side)
        # Its control socket's name is the interface's: one name for each router of the machine.
        device = f"wg{side.name}{tunnel.folder.name[-6:]}"
        tunnel.daemon(side, "wireguard-go", "-f", device)
        tunnel.route_when_there(side, device, 1420)
        public = tunnel.run(None, "wg", "pubkey", stdin=keys[other.name]).strip()
        secret = tunnel.file(f"wg-{side.name}.key", keys[side.name])
        peer = f"peer {public} allowed-ips {other.subnet} endpoint {other.endpoint}:51820"
        tunnel.run(side, *f"wg set {device} private-key {secret} listen-port 51820 {peer}".split())


def tinc(tunnel: Tunnel) -> None:
    tunnel.plain()
    public = {}
    for side in tunnel.sites.sides:
        folder = tunnel.folder / f"tinc-{side.name}"
        (folder / "hosts").mkdir(parents=True)
        connect = "ConnectTo = b\n" if side.name == "a" else ""
        (folder / "tinc.conf").write_text(f"Name = {side.name}\nInterface = tinc0\nDeviceType = tun\n{connect}")
        (folder / "tinc-up").write_text("#!/bin/sh\n")
        (folder / "tinc-up").chmod(0o700)
        key = folder / "rsa_key.priv"
        tunnel.run(None, "openssl", "genrsa", "-traditional", "-out", str(key), "2048")
        key.chmod(0o600)
        text = tunnel.run(None, "openssl", "rsa", "-in", str(key), "-RSAPublicKey_out")
        public[side.name] = f"Address = {side.endpoint}\nSubnet = {side.subnet}\n{text}"
    for side in tunnel.sites.sides:
        folder = tunnel.folder / f"tinc-{side.name}"
        for name, text in public.items():
            (folder / "hosts" / name).write_text(text)
        tunnel.daemon(side, "tincd", "-D", "-c", str(folder), f"--pidfile={folder}/pid")
        tunnel.route_when_there(side, "tinc0", 1400)


def nebula(tunnel: Tunnel) -> None:
    tunnel.plain()
    authority = ["-out-crt", f"{tunnel.folder}/ca.crt", "-out-key", f"{tunnel.folder}/ca.key"]
    tunnel.run(None, "nebula-cert", "ca", "-name", "bench", *authority)
    signing = ["-ca-crt", f"{tunnel.folder}/ca.crt", "-ca-key", f"{tunnel.folder}/ca.key"]
    for side in tunnel.sites.sides:
        base = f"{tunnel.folder}/{side.name}"
        out = ["-out-crt", f"{base}.crt", "-out-key", f"{base}.key"]
        who = ["-name", side.name, "-ip", f"10.9.0.{side.number}/24", "-subnets", side.subnet]
        tunnel.run(None, "nebula-cert", "sign", *who, *signing, *out)
    for side in tunnel.sites.sides:
        other, base = tunnel.sites.other(side), f"{tunnel.folder}/{side.name}"
        config = tunnel.file(
            f"{side.name}.yml",
            f"""pki: {{ca: {tunnel.folder}/ca.crt, cert: {base}.crt, key: {base}.key}}
static_host_map: {{"10.9.0.{other.number}": ["{other.endpoint}:4242"]}}
lighthouse: {{am_lighthouse: false}}
listen: {{host: 0.0.0.0, port: 4242, read_buffer: 4000000, write_buffer: 4000000}}
tun:
  dev: neb0
  mtu: 1300
  tx_queue: 5000
  unsafe_routes: [{{route: {other.subnet}, via: 10.9.0.{other.number}}}]
logging: {{level: error}}
cipher: aes
firewall:
  outbound: [{{port: any, proto: any, host: any}}]
  inbound: [{{port: any, proto: any, host: any, local_cidr: 0.0.0.0/0}}]
""",
        )
        tunnel.daemon(side, "nebula", "-config", str(config))


def fastd(tunnel: Tunnel) -> None:
    tunnel.plain()
    keys = {}
    for side in tunnel.sites.sides:
        secret = tunnel.run(None, "fastd", "--generate-key", "--machine-readable").strip()
        config = tunnel.file(f"fastd-{side.name}.secret", f'secret "{secret}";\n')
        public = tunnel.run(None, "fastd", "--config", str(config), "--show-key", "--machine-readable").strip()
        keys[side.name] = (secret, public)
    for side in tunnel.sites.sides:
        other = tunnel.sites.other(side)
        config = tunnel.file(
            f"fastd-{side.name}.conf",
            f"""log level error;
interface "fd0";
mode tun;
method "salsa2012+umac";
bind {side.endpoint}:10000;
secret "{keys[side.name][0]}";
mtu 1400;
peer "other" {{ key "{keys[other.name][1]}"; remote {other.endpoint}:10000; }}
""",
        )
        tunnel.daemon(side, "fastd", "-c", str(config))
        tunnel.route_when_there(side, "fd0", 1400)


def openvpn(tunnel: Tunnel) -> None:
    tunnel.plain()
    key = tunnel.folder / "openvpn.key"
    tunnel.run(None, "openvpn", "--genkey", "secret", str(key))
    for side in tunnel.sites.sides:
        other = tunnel.sites.other(side)
        words = f"""--dev ov0 --dev-type tun --local {side.endpoint} --remote {other.endpoint}
            --ifconfig 10.9.0.{side.number} 10.9.0.{other.number} --secret {key} --cipher AES-256-CBC
            --tun-mtu 1400 --sndbuf 4000000 --rcvbuf 4000000 --verb 1"""
        tunnel.daemon(side, "openvpn", *words.split())
        tunnel.route_when_there(side, "ov0", 1400)


def vine_mesh(binaries: Path, config: str = "", only_b: str = "") -> Callable[[Tunnel], None]:
    """Two VRs; `config` is added to the configuration of both, `only_b` to that of the second."""

    def start(tunnel: Tunnel) -> None:
        runner = tunnel.processes.runner
        for side in tunnel.sites.sides:
            runner.ip(side.host, [f"addr add 192.168.{side.number}.10/24 dev eth"])
            runner.ip(side.router, [f"addr add 192.168.{side.number}.1/24 dev lan"])
            name = f"{tunnel.name}-{side.name}".replace(" ", "-").replace(",", "")
            tunnel.vrs.append(VR(tunnel.processes, name, side.router, binaries))
        first, second = tunnel.vrs
        first.init("bench", "a", 60, tunnel.sites.a.endpoint).needed("vine-mesh init")
        _add(first, config)
        first.start()
        token = first.ask("invite", "b", "--hosts", "60").strip()
        second.join(token).needed("vine-mesh join")
        _add(second, config + only_b)
        second.start()
        if not wait_until(lambda: all(vr.identity().blocks for vr in tunnel.vrs), 20, 0.2):
            raise RuntimeError("not both sites got a block")
        first.ask("vine", "create", "bench")
        second.ask_when_known("vine", "join", "bench")
        addresses = []
        for side, vr in zip(tunnel.sites.sides, tunnel.vrs, strict=True):
            address = str(vr.identity().blocks[0][10])
            addresses.append(address)
            vr.ask_when_known("host", "add", address, "--vine", "bench")
            _set_up(vr, side, _seen(vr, address))
        tunnel.addresses = (addresses[0], addresses[1])

    return start


def _seen(vr: VR, address: str) -> str:
    """An address of the VR's block as its site sees it."""
    block = vr.view("status")["ownBlocks"][0]
    offset = int(IPv4Address(address)) - int(IPv4Network(block["block"])[0])
    return str(IPv4Network(block.get("mirror", block["block"]))[offset])


def _set_up(vr: VR, side: Side, address: str) -> None:
    """Does on the host what `vine-mesh host setup` says."""
    commands = vr.ask("host", "setup", address, "--interface", "eth").splitlines()
    vr.processes.runner.ip(side.host, [command.removeprefix("ip ") for command in commands])


def _add(vr: VR, config: str) -> None:
    with vr.config.open("a") as file:
        file.write(config)


OTHERS: dict[str, tuple[Callable[[Tunnel], None], str]] = {
    "kernel routing": (kernel_routing, "ip"),
    "kernel VXLAN": (kernel_vxlan, "ip"),
    "wireguard-go": (wireguard_go, "wireguard-go"),
    "tinc": (tinc, "tincd"),
    "nebula": (nebula, "nebula"),
    "fastd": (fastd, "fastd"),
    "openvpn": (openvpn, "openvpn"),
}
"""What it is measured beside: how it is started, and the program that has to be there."""


def installed() -> dict[str, Callable[[Tunnel], None]]:
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {name: start for name, (start, program) in OTHERS.items() if shutil.which(program, path=path)}
