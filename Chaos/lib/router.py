"""One VR: where its files are, how its daemon is started and killed, and how its control tool is asked."""

from __future__ import annotations

import json
import signal
import socket
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from . import views
from .processes import Processes, Program, wait_until
from .shell import Outcome
from .topology import Site


class UnixConnection(HTTPConnection):
    """HTTP over a daemon's Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=5)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class VR:
    """The real binaries in one namespace, with files of their own: many VRs run on one machine."""

    def __init__(self, processes: Processes, name: str, ns: str, binaries: Path) -> None:
        self.processes = processes
        self.name = name
        self.ns = ns
        self.binaries = binaries
        self.folder = processes.folder / f"vr-{name}"
        self.folder.mkdir(exist_ok=True)
        self.config = self.folder / "config.yaml"
        self.state = self.folder / "state"
        self.socket = self.folder / "control.sock"
        self.daemon: Program | None = None
        self.before: list[str] = []
        """What goes before its programs on their command lines: `FakeTime`, `setpriv`."""
        self._starts = 0

    @property
    def places(self) -> list[str]:
        """The three flags that move a VR's files."""
        return ["--config", str(self.config), "--state", str(self.state), "--socket", str(self.socket)]

    def tool(self, *arguments: str, stdin: str | None = None, timeout: float = 20.0) -> Outcome:
        """`vine-mesh` with exactly these arguments, in the VR's namespace."""
        argv = self._program("vine-mesh", *arguments)
        return self.processes.runner.run(argv, ns=self.ns, stdin=stdin, timeout=timeout)

    def _program(self, name: str, *arguments: str) -> list[str]:
        return [*self.before, str(self.binaries / name), *arguments]

    def ask(self, *arguments: str, timeout: float = 20.0) -> str:
        """A verb that talks to the running daemon; its standard output. Raises RuntimeError with the tool's line."""
        return self._asked(*arguments, timeout=timeout).needed(self._what(*arguments)).out

    def ask_when_known(self, *arguments: str, seconds: float = 10.0) -> None:
        """A command on a thing that gossip may still be bringing: repeated until it is accepted."""
        outcomes: list[Outcome] = []

        def accepted() -> bool:
            outcomes.append(self._asked(*arguments))
            return outcomes[-1].ok

        if not wait_until(accepted, seconds, 0.2):
            outcomes[-1].needed(self._what(*arguments))

    def _asked(self, *arguments: str, timeout: float = 20.0) -> Outcome:
        return self.tool(*arguments, "--socket", str(self.socket), timeout=timeout)

    def _what(self, *arguments: str) -> str:
        return f"{self.name}: vine-mesh {' '.join(arguments)}"

    def view(self, *arguments: str) -> views.Json:
        """A view as JSON."""
        return json.loads(self.ask(*arguments, "--json"))

    def fetch(self, name: str) -> views.Json:
        """A view from the daemon itself, without a program for the question. Raises OSError or ValueError."""
        return json.loads(self._got(f"/v1/{name}"))

    def metrics(self) -> dict[str, float]:
        """All of `/metrics`, by name with labels. Raises OSError or ValueError."""
        lines = [line for line in self._got("/metrics").decode().splitlines() if line and not line.startswith("#")]
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}

    def _got(self, path: str) -> bytes:
        connection = UnixConnection(str(self.socket))
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            if answer.status != 200:
                raise ValueError(f"{self.name}: {path}: HTTP {answer.status}")
            return answer.read()
        except HTTPException as error:
            raise ValueError(f"{self.name}: {path}: {error}") from error
        finally:
            connection.close()

    def init(self, mesh: str, site: str, hosts: int, endpoint: str) -> Outcome:
        """Founds a mesh; the daemon is started afterwards."""
        words = ["--mesh", mesh, "--site", site, "--hosts", str(hosts), "--lan", "lan", "--endpoint", endpoint]
        return self.tool("init", *words, *self.places)

    def join(self, token: str, timeout: float = 30.0) -> Outcome:
        """Joins with the token on standard input (secrets are never arguments)."""
        return self.tool("join", "--lan", "lan", *self.places, "-", stdin=token, timeout=timeout)

    def invite(self, site: Site) -> str:
        return self.ask("invite", site.name, "--hosts", str(site.hosts_wanted)).strip()

    def launch(self) -> Program:
        """Starts the daemon and returns at once."""
        self._starts += 1
        argv = self._program("vine-meshd", *self.places)
        self.daemon = self.processes.start(f"vr-{self.name}-{self._starts}", argv, self.ns)
        return self.daemon

    def start(self, seconds: float = 15.0) -> None:
        """Starts the daemon and waits until its socket answers."""
        daemon = self.launch()
        if not wait_until(lambda: self.answers() or not daemon.running, seconds) or not daemon.running:
            raise RuntimeError(f"vine-meshd of {self.name} does not come up: {daemon.last_line()}")

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            return probe.connect_ex(str(self.socket)) == 0

    def kill(self) -> None:
        """SIGKILL: no farewell, no clean-up."""
        if self.daemon:
            self.processes.end(self.daemon, signal.SIGKILL)

    def stop(self) -> int | None:
        """SIGTERM; the exit code, None if it had to be killed."""
        return self.processes.end(self.daemon, signal.SIGTERM, 10) if self.daemon else 0

    def identity(self) -> views.Identity:
        return views.identity(self.view("status"))

    def role(self) -> tuple[str, str]:
        return views.role(self.view("status"))

    def explained(self, source: str, destination: str) -> tuple[str, str]:
        """Verdict and drop reason of `vine-mesh explain`, whose exit code says the same."""
        outcome = self._asked("explain", source, destination, "--json")
        try:
            view = json.loads(outcome.out)
        except ValueError:
            return "no answer", outcome.line
        verdict = str(view["verdict"])
        if outcome.code != {"delivered": 0, "dropped": 5, "unknown": 4}[verdict]:
            return f"{verdict} with exit code {outcome.code}", ""
        return verdict, str(view.get("reason", ""))

    def drops(self) -> dict[str, int]:
        return views.drops(self.view("status", "drops"))

    def traces(self) -> list[str]:
        """Rules and addresses on virtual ranges in the VR's namespace: nothing may be there after SIGTERM."""
        runner = self.processes.runner
        rules = runner.run(["iptables-save"], ns=self.ns).out + runner.run(["nft", "list", "ruleset"], ns=self.ns).out
        addresses = runner.run(["ip", "-4", "-o", "addr"], ns=self.ns).out
        suspicious = [line for line in rules.splitlines() if "172.16." in line or "QUEUE" in line.upper()]
        return [line.strip() for line in suspicious + [a for a in addresses.splitlines() if "inet 172." in a]]

    def log(self) -> str:
        """All that its daemons wrote, oldest first."""
        return "".join(p.text() for p in self.processes.programs if p.name.startswith(f"vr-{self.name}-"))
