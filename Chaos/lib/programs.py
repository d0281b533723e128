"""Real, unmodified programs as load: iperf3, python3 -m http.server with curl, sshd with ssh."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from .processes import Processes
from .shell import Runner
from .topology import Host

HTTP_PORT = 8080
SSH_PORT = 2222
IPERF_PORT = 5201


@dataclass(frozen=True)
class Transfer:
    """One iperf3 run, as the receiver counted it."""

    mbps: float
    bytes: int
    lost_percent: float
    retransmits: int


def needs_root(suite: str) -> tuple[int, str] | None:
    """Exit code and the line that names the mend, unless this is root."""
    if os.geteuid() == 0:
        return None
    return 77, f"the {suite} makes network namespaces and needs root: run `sudo make {suite}`"


def needs_build(suite: str, binaries: Path) -> tuple[int, str] | None:
    """Exit code and the line that names the mend, unless the programs are there."""
    for program in ("vine-meshd", "vine-mesh"):
        if not os.access(binaries / program, os.X_OK):
            return 1, f"{binaries / program} is not built: run `make {suite}`, or `swift build -c release` and again"
    return None


def parse_iperf(text: str) -> Transfer:
    """Reads `iperf3 -J`. Raises RuntimeError with iperf3's own words if the run failed."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise RuntimeError(f"iperf3 wrote no JSON: {text.strip()[:200]!r}") from error
    if "error" in document:
        raise RuntimeError(f"iperf3: {document['error']}")
    end = document["end"]
    total = end.get("sum_received") or end["sum"]
    if "lost_percent" in end.get("sum", {}):
        total = end["sum"]
    return Transfer(
        mbps=total["bits_per_second"] / 1e6,
        bytes=int(total["bytes"]),
        lost_percent=float(total.get("lost_percent", 0.0)),
        retransmits=int(end.get("sum_sent", {}).get("retransmits", 0)),
    )


def iperf(processes: Processes, source: Host, target: Host, *flags: str, port: int, timeout: float = 90) -> Transfer:
    """One iperf3 run from source to target: a fresh server (one test, then it ends) and a client.

    The port has to be unused by earlier runs of the same target.
    """
    name = f"iperf3-{target.name}-{port}"
    server = ["iperf3", "-s", "-1", "-B", target.alias, "-p", str(port)]
    program = processes.serve(name, server, target.ns, port)
    argv = ["iperf3", "-J", "-c", target.alias, "-p", str(port), "--connect-timeout", "5000", *flags]
    try:
        return parse_iperf(processes.runner.run(argv, ns=source.ns, timeout=timeout).out)
    finally:
        processes.end(program)


class Web:
    """python3 -m http.server on every host, serving a file of its own."""

    def __init__(self, processes: Processes, hosts: list[Host], megabytes: int, marker: bytes) -> None:
        self.runner = processes.runner
        self.sums: dict[str, str] = {}
        for host in hosts:
            folder = processes.folder / f"www-{host.name}"
            folder.mkdir(exist_ok=True)
            content = _content(host.name, megabytes)
            (folder / "file.bin").write_bytes(content)
            (folder / "marker.txt").write_bytes(marker * 2000)
            self.sums[host.name] = hashlib.sha256(content).hexdigest()
            argv = [sys.executable, "-m", "http.server", str(HTTP_PORT), "--bind", host.alias]
            processes.serve(f"http-{host.name}", [*argv, "--directory", str(folder)], host.ns, HTTP_PORT)

    def fetch(
        self, client: Host, server: Host, into: Path, address: str = "", rate: str = "", seconds: int = 30
    ) -> str:
        """Downloads the server's file with curl; empty if the checksum is right, else what is wrong.

        - address: the server's as the client writes it, if that is not its alias.
        - rate: as curl's --limit-rate has it. seconds: after which it gives up.
        """
        path = into / f"curl-{client.name}-{server.name}"
        url = f"http://{address or server.alias}:{HTTP_PORT}/file.bin"
        limits = ["--max-time", str(seconds), *(["--limit-rate", rate] if rate else [])]
        outcome = self.runner.run(
            ["curl", "-sS", "--fail", *limits, "-o", str(path), url], ns=client.ns, timeout=seconds + 10
        )
        if not outcome.ok:
            return f"{client.name} from {server.name}: {outcome.line}"
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        path.unlink()
        return "" if found == self.sums[server.name] else f"{client.name} from {server.name}: checksum differs"

    def fetch_marker(self, client: Host, server: Host) -> str:
        """Downloads the text that the plain text search looks for."""
        url = f"http://{server.alias}:{HTTP_PORT}/marker.txt"
        return self.runner.run(["curl", "-sS", "--fail", "--max-time", "10", url], ns=client.ns, check=True).out


def _content(seed: str, megabytes: int) -> bytes:
    """Bytes that differ from host to host and do not compress, quickly made."""
    return hashlib.shake_128(seed.encode()).digest(1 << 20) * megabytes


class SecureShell:
    """sshd with its own host key, configuration and authorized_keys in the run folder; nothing of the machine's."""

    def __init__(self, processes: Processes, hosts: list[Host], name: str = "ssh") -> None:
        self.runner = processes.runner
        self.folder = processes.folder / name
        self.folder.mkdir(mode=0o700, exist_ok=True)
        for key in ("host", "user"):
            argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / key)]
            if not (self.folder / key).exists():
                self.runner.run(argv, check=True)
        public = (self.folder / "host.pub").read_text()
        (self.folder / "authorized_keys").write_text((self.folder / "user.pub").read_text())
        (self.folder / "known_hosts").write_text("".join(f"[{h.alias}]:{SSH_PORT} {public}" for h in hosts))
        for host in hosts:
            self._serve(processes, host)

    def _serve(self, processes: Processes, host: Host) -> None:
        config = self.folder / f"sshd-{host.name}.conf"
        config.write_text(
            f"ListenAddress {host.alias}\nPort {SSH_PORT}\nHostKey {self.folder}/host\nPidFile none\n"
            f"AuthorizedKeysFile {self.folder}/authorized_keys\nStrictModes no\nPasswordAuthentication no\n"
            f"KbdInteractiveAuthentication no\nPermitRootLogin yes\nUsePAM {'yes' if _root_is_locked() else 'no'}\n"
            f"SetEnv VINE_HOST={host.name}\n"
        )
        # sshd wants /run/sshd. `ip netns exec` gave it a mount namespace of its own: a tmpfs there leaves no trace.
        script = f"hostname {shlex.quote(host.name)} && mount -t tmpfs none /run && mkdir /run/sshd && "
        script += f"exec /usr/sbin/sshd -D -e -f {shlex.quote(str(config))}"
        processes.serve(f"sshd-{host.name}", ["unshare", "--uts", "sh", "-c", script], host.ns, SSH_PORT)

    def agent(self) -> str:
        """The ssh command for programs that start others on hosts, whichever way the client writes their addresses."""
        known = self.folder / "known_alias"
        known.write_text(f"vine {(self.folder / 'host.pub').read_text()}")
        options = ["-F none", f"-i {self.folder}/user", f"-p {SSH_PORT}", f"-o UserKnownHostsFile={known}"]
        settings = ["HostKeyAlias=vine", "BatchMode=yes", "GlobalKnownHostsFile=none", "StrictHostKeyChecking=yes"]
        settings += ["ConnectTimeout=10", "IdentitiesOnly=yes", "LogLevel=ERROR"]
        return " ".join(["ssh", *options, *(f"-o {setting}" for setting in settings)])

    def visit(self, client: Host, server: Host) -> str:
        """Runs a command on the server through ssh; empty if it answered as itself and saw the client's alias."""
        options = ["-F", "none", "-i", f"{self.folder}/user", "-p", str(SSH_PORT), "-o", "BatchMode=yes"]
        options += ["-o", f"UserKnownHostsFile={self.folder}/known_hosts", "-o", "GlobalKnownHostsFile=none"]
        options += ["-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10", "-o", "IdentitiesOnly=yes"]
        argv = ["ssh", *options, f"root@{server.alias}", 'echo "$VINE_HOST $SSH_CONNECTION"']
        outcome = self.runner.run(argv, ns=client.ns, timeout=25)
        words = outcome.out.split()
        if not outcome.ok or len(words) != 5:
            return f"{client.name} to {server.name}: {outcome.line}"
        name, source, _, target, _ = words
        as_wanted = (name, source, target) == (server.name, client.alias, server.alias)
        return "" if as_wanted else f"{client.name} to {server.name}: {outcome.out.strip()}"


def _root_is_locked() -> bool:
    """Without PAM sshd refuses a locked root even with a key; with PAM it does not."""
    try:
        lines = Path("/etc/shadow").read_text().splitlines()
    except OSError:
        return False
    return any(line.startswith("root:!") for line in lines)


def missing_tools(runner: Runner) -> list[str]:
    """Debian packages whose programs the demo needs and does not find."""
    needed = {
        "ip": "iproute2",
        "iptables": "iptables",
        "nft": "nftables",
        "ping": "iputils-ping",
        "iperf3": "iperf3",
        "curl": "curl",
        "ssh": "openssh-client",
        "sshd": "openssh-server",
        "tcpdump": "tcpdump",
        "setpriv": "util-linux",
        "sysctl": "procps",
    }
    return [package for tool, package in needed.items() if not runner.run(["sh", "-c", f"command -v {tool}"]).ok]
