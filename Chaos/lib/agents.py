"""Agents of one system on a flock's machines: Debian's serf, and vine-mesh. Both are asked for the same things."""

from __future__ import annotations

import re
import signal
import time
from ipaddress import IPv4Network
from pathlib import Path
from typing import Protocol

from .flock import Flock
from .follow import Followed
from .processes import Processes, Program, wait_until
from .router import VR


class Agents(Protocol):
    """One agent a machine; agent 0 is the one that all others are given as their bootstrap peer."""

    name: str
    programs: list[Program]

    def prepare(self) -> None:
        """Whatever comes before agents start: keys, invitations. Agent 0 may run afterwards."""

    def join(self, number: int) -> None:
        """Starts the agent and lets it join through agent 0; called for all but those that run already."""

    def follow(self, number: int) -> Followed: ...

    def newcomer(self, line: str) -> str | None:
        """Whom the line tells to have come, if it tells that."""

    def label(self, number: int) -> str:
        """How lines name the agent."""

    def ready_to_change(self, numbers: list[int]) -> None:
        """Whatever comes before the first `change` of these agents."""

    def change(self, number: int) -> None:
        """Changes the agent's own record."""

    def tells_change(self, number: int, line: str) -> bool:
        """Whether the line tells that the agent's record changed."""

    def tells_death(self, number: int, line: str) -> bool: ...

    def tells_return(self, number: int, line: str) -> bool: ...

    def restart(self, number: int) -> None: ...


class SerfAgents:
    """Debian's serf with its default timing for a LAN, the faster of its two, and with encryption."""

    name = "serf"

    def __init__(self, processes: Processes, flock: Flock) -> None:
        self.processes = processes
        self.flock = flock
        self.programs: list[Program] = []
        self._started: dict[int, Program] = {}
        self._changes = 0
        self._key = ""

    def prepare(self) -> None:
        self._key = self.processes.runner.run(["serf", "keygen"], check=True).out.strip()

    def join(self, number: int) -> None:
        machine, first = self.flock.machines[number], self.flock.machines[0]
        argv = ["serf", "agent", f"-node={self.label(number)}", f"-bind={machine.address}", f"-encrypt={self._key}"]
        argv += ["-profile=lan", "-log-level=info"]
        if number:
            argv += [f"-retry-join={first.address}", "-retry-interval=1s"]
        self._started[number] = self.processes.start(f"serf-{number}-{time.monotonic_ns()}", argv, machine.ns)
        self.programs = [self._started[key] for key in sorted(self._started)]

    def follow(self, number: int) -> Followed:
        return Followed(self._started[number])

    def newcomer(self, line: str) -> str | None:
        found = re.search(r"EventMemberJoin: (\S+)", line)
        return found.group(1) if found else None

    def label(self, number: int) -> str:
        return f"agent-{number}"

    def ready_to_change(self, numbers: list[int]) -> None:
        pass

    def change(self, number: int) -> None:
        self._changes += 1
        words = ["serf", "tags", "-set", f"change={self._changes}"]
        self.processes.runner.run(words, ns=self.flock.machines[number].ns, check=True)

    def tells_change(self, number: int, line: str) -> bool:
        return re.search(rf"EventMemberUpdate: {self.label(number)}\b", line) is not None

    def tells_death(self, number: int, line: str) -> bool:
        return re.search(rf"EventMemberFailed: {self.label(number)}\b", line) is not None

    def tells_return(self, number: int, line: str) -> bool:
        return re.search(rf"EventMemberJoin: {self.label(number)}\b", line) is not None

    def restart(self, number: int) -> None:
        self.join(number)


class VineAgents:
    """VRs of one mesh; every VR's log tells each record that it takes and each verdict."""

    name = "vine-mesh"

    def __init__(self, processes: Processes, flock: Flock, binaries: Path) -> None:
        self.flock = flock
        self.vrs = [VR(processes, f"a{m.number}", m.ns, binaries) for m in flock.machines]
        self.programs: list[Program] = []
        self._tokens: list[str] = []
        self._nodes: dict[int, str] = {}
        self._blocks: dict[int, IPv4Network] = {}
        self._hosts: dict[int, int] = {}

    def prepare(self) -> None:
        first = self.vrs[0]
        outcome = first.init("bench", self.label(0), 5, self.flock.machines[0].address)
        if not outcome.ok:
            raise RuntimeError(f"vine-mesh init: {outcome.line}")
        self._speak_up(first)
        first.start()
        for number in range(1, len(self.vrs)):
            self._tokens.append(first.ask("invite", self.label(number), "--hosts", "5").strip())

    def _speak_up(self, vr: VR) -> None:
        with vr.config.open("a") as config:
            config.write("\nlogLevel: debug\n")

    def join(self, number: int) -> None:
        vr = self.vrs[number]
        if number and not vr.daemon:
            outcome = vr.join(self._tokens[number - 1], timeout=90)
            if not outcome.ok:
                raise RuntimeError(f"vine-mesh join at {self.label(number)}: {outcome.line}")
            self._speak_up(vr)
        if not vr.daemon or not vr.daemon.running:
            vr.launch()
        self.programs = [vr.daemon for vr in self.vrs if vr.daemon]

    def follow(self, number: int) -> Followed:
        daemon = self.vrs[number].daemon
        if not daemon:
            raise RuntimeError(f"{self.label(number)} was never started")
        return Followed(daemon)

    def newcomer(self, line: str) -> str | None:
        found = re.search(r"record \d+\.\d+ of (\S+)", line)
        return found.group(1) if found else None

    def label(self, number: int) -> str:
        return f"agent-{number}"

    def ready_to_change(self, numbers: list[int]) -> None:
        for number, vr in enumerate(self.vrs):
            identity = vr.identity()
            self._nodes[number] = identity.node
            self._blocks[number] = identity.blocks[0]
        self.vrs[0].ask("vine", "create", "lab")
        for number in numbers:
            joins = ("vine", "join", "lab")
            socket = ["--socket", str(self.vrs[number].socket)]
            if number and not wait_until(lambda n=number: self.vrs[n].tool(*joins, *socket).ok, 20, 0.3):
                raise RuntimeError(f"{self.label(number)} cannot take part in a ViNe")

    def change(self, number: int) -> None:
        self._hosts[number] = self._hosts.get(number, 1) + 1
        self.vrs[number].ask("host", "add", str(self._blocks[number][self._hosts[number]]), "--vine", "lab")

    def tells_change(self, number: int, line: str) -> bool:
        return re.search(rf"record \d+\.\d+ of {self._nodes[number]}\b", line) is not None

    def tells_death(self, number: int, line: str) -> bool:
        return f"{self.label(number)} is dead" in line

    def tells_return(self, number: int, line: str) -> bool:
        return f"{self.label(number)} is alive" in line

    def restart(self, number: int) -> None:
        self.vrs[number].launch()
        self.programs = [vr.daemon for vr in self.vrs if vr.daemon]


def kill(agents: Agents, number: int) -> float:
    """SIGKILL to one agent's process, by its id; when that was."""
    program = agents.programs[number]
    at = time.monotonic()
    program.popen.send_signal(signal.SIGKILL)
    program.popen.wait(5)
    return at
