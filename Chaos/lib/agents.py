"""Agents of one system on a flock's machines: Debian's serf, and vine-mesh. Both are asked for the same things."""

from __future__ import annotations

import re
import time
from ipaddress import IPv4Network
from pathlib import Path
from typing import Protocol

from . import views
from .flock import Flock
from .follow import following, until_all
from .processes import Processes, Program
from .router import VR

ASK_STEP = 0.2
"""Seconds between two rounds of questions to VRs that do not know all others yet."""


def label(number: int) -> str:
    """How both systems, and so their logs, name an agent."""
    return f"agent-{number}"


class Agents(Protocol):
    """One agent a machine; agent 0 is the one that all others are given as their bootstrap peer."""

    name: str
    processes: Processes

    @property
    def programs(self) -> list[Program]:
        """Those that were started, by number."""

    def prepare(self) -> None:
        """Whatever comes before agents start: keys, invitations. Agent 0 may run afterwards."""

    def join(self, number: int) -> None:
        """Lets the agent join through agent 0 if it never did, and starts it if it does not run."""

    def known_to_all(self, begun: float, seconds: float) -> list[float | None]:
        """When each agent first knew all others to be alive, in seconds after `begun`."""

    def ready_to_change(self, numbers: list[int]) -> None:
        """Whatever comes before the first `change` of these agents."""

    def change(self, number: int) -> None:
        """Changes the agent's own record."""

    def tells_change(self, number: int, line: str) -> bool:
        """Whether the line tells that the agent's record changed."""

    def tells_death(self, number: int, line: str) -> bool: ...

    def tells_return(self, number: int, line: str) -> bool: ...


class SerfAgents:
    """Debian's serf with its default timing for a LAN, the faster of its two, and with encryption."""

    name = "serf"

    def __init__(self, processes: Processes, flock: Flock) -> None:
        self.processes = processes
        self.flock = flock
        self._started: dict[int, Program] = {}
        self._changes = 0
        self._key = ""

    @property
    def programs(self) -> list[Program]:
        return [self._started[number] for number in sorted(self._started)]

    def prepare(self) -> None:
        self._key = self.processes.runner.run(["serf", "keygen"], check=True).out.strip()

    def join(self, number: int) -> None:
        machine, first = self.flock.machines[number], self.flock.machines[0]
        argv = ["serf", "agent", f"-node={label(number)}", f"-bind={machine.address}", f"-encrypt={self._key}"]
        argv += ["-profile=lan", "-log-level=info"]
        if number:
            argv += [f"-retry-join={first.address}", "-retry-interval=1s"]
        self._started[number] = self.processes.start(f"serf-{number}-{time.monotonic_ns()}", argv, machine.ns)

    def known_to_all(self, begun: float, seconds: float) -> list[float | None]:
        count = len(self.flock.machines)
        heard: list[set[str]] = [set() for _ in range(count)]

        def knows_all(number: int, line: str) -> bool:
            if found := re.search(r"EventMemberJoin: (\S+)", line):
                heard[number].add(found.group(1))
            return len(heard[number]) == count

        with following(self.programs) as followed:
            return until_all(followed, knows_all, seconds, begun)

    def ready_to_change(self, numbers: list[int]) -> None:
        pass

    def change(self, number: int) -> None:
        self._changes += 1
        words = ["serf", "tags", "-set", f"change={self._changes}"]
        self.processes.runner.run(words, ns=self.flock.machines[number].ns, check=True)

    def tells_change(self, number: int, line: str) -> bool:
        return re.search(rf"EventMemberUpdate: {label(number)}\b", line) is not None

    def tells_death(self, number: int, line: str) -> bool:
        return re.search(rf"EventMemberFailed: {label(number)}\b", line) is not None

    def tells_return(self, number: int, line: str) -> bool:
        return re.search(rf"EventMemberJoin: {label(number)}\b", line) is not None


class VineAgents:
    """VRs of one mesh; every VR's log tells each record that it takes and each verdict."""

    name = "vine-mesh"

    def __init__(self, processes: Processes, flock: Flock, binaries: Path, debug: bool = True) -> None:
        self.processes = processes
        self.flock = flock
        self.debug = debug
        self.vrs = [VR(processes, f"a{m.number}", m.ns, binaries) for m in flock.machines]
        self._tokens: list[str] = []
        self._nodes: dict[int, str] = {}
        self._blocks: dict[int, IPv4Network] = {}
        self._hosts: dict[int, int] = {}

    @property
    def programs(self) -> list[Program]:
        return [vr.daemon for vr in self.vrs if vr.daemon]

    def prepare(self) -> None:
        first = self.vrs[0]
        first.init("bench", label(0), 5, self.flock.machines[0].address).needed("vine-mesh init")
        self._speak_up(first)
        first.start()
        for number in range(1, len(self.vrs)):
            self._tokens.append(first.ask("invite", label(number), "--hosts", "5").strip())

    def _speak_up(self, vr: VR) -> None:
        if not self.debug:
            return
        with vr.config.open("a") as config:
            config.write("\nlogLevel: debug\n")

    def join(self, number: int) -> None:
        vr = self.vrs[number]
        if number and not vr.daemon:
            vr.join(self._tokens[number - 1], timeout=90).needed(f"vine-mesh join at {label(number)}")
            self._speak_up(vr)
        if not vr.daemon or not vr.daemon.running:
            vr.launch()

    def known_to_all(self, begun: float, seconds: float) -> list[float | None]:
        """Asks each VR's API until it is content: what comes with the invitation's answer stands in no log."""
        times: list[float | None] = [None] * len(self.vrs)
        while None in times and time.monotonic() - begun < seconds:
            for number, vr in enumerate(self.vrs):
                if times[number] is None and self._knows_all(vr):
                    times[number] = time.monotonic() - begun
            time.sleep(ASK_STEP)
        return times

    def _knows_all(self, vr: VR) -> bool:
        try:
            peers = next(views.values(vr.fetch("peers"), "peers"))
        except (OSError, ValueError):
            return False
        return sum(peer["state"] == "up" for peer in peers) == len(self.vrs) - 1

    def ready_to_change(self, numbers: list[int]) -> None:
        for number, vr in enumerate(self.vrs):
            identity = vr.identity()
            # As logs have it: ten characters of its name in two groups.
            self._nodes[number] = f"{identity.node[:5]}-{identity.node[5:10]}"
            self._blocks[number] = identity.blocks[0]
        self.vrs[0].ask("vine", "create", "lab")
        for number in numbers:
            if number:
                self.vrs[number].ask_when_known("vine", "join", "lab", seconds=20)

    def change(self, number: int) -> None:
        self._hosts[number] = self._hosts.get(number, 1) + 1
        self.vrs[number].ask("host", "add", str(self._blocks[number][self._hosts[number]]), "--vine", "lab")

    def tells_change(self, number: int, line: str) -> bool:
        return re.search(rf"record \d+\.\d+ of {self._nodes[number]}\b", line) is not None

    def tells_death(self, number: int, line: str) -> bool:
        return f"{label(number)} is dead" in line

    def tells_return(self, number: int, line: str) -> bool:
        return f"{label(number)} is alive" in line
