"""Real load for as long as a trial lasts: HTTP transfers with checksums, and iperf3 flows, between hosts of a ViNe."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from .processes import Processes, wait_until
from .programs import IPERF_PORT, Web
from .shell import Stopped
from .topology import Host

MEGABYTES = 4
TRANSFER_SECONDS = 90
"""After which curl gives up: longer than any fault, so that a transfer has to outlive it."""
TRANSFER_RATE = "700k"
"""Bytes a second of one transfer: far below a line's rate, so that what is lost was not lost to it."""
FLOW_SECONDS = 15
FLOW_RATE = "3M"


@dataclass(frozen=True)
class Transfer:
    """One download: when, who, and what was wrong with it (empty: the checksum is right)."""

    began: float
    ended: float
    client: str
    server: str
    fault: str


@dataclass(frozen=True)
class Flow:
    """One iperf3 run and what its client said last if it failed."""

    began: float
    ended: float
    source: str
    target: str
    fault: str


class Load:
    """Some transfers and flows at a time, between pairs drawn from a seed; `gone` are sites that nobody asks any more."""

    def __init__(self, processes: Processes, hosts: list[Host], seed: int, transfers: int, flows: int) -> None:
        self.processes, self.hosts = processes, hosts
        self.transfers: list[Transfer] = []
        self.flows: list[Flow] = []
        self.gone: set[str] = set()
        self.wanted = transfers
        self._ends = threading.Event()
        folder = processes.folder / "fetched"
        folder.mkdir()
        servers = [host for host in hosts if host.number == 1]
        self.web = Web(processes, servers, MEGABYTES, b"VINE-MESH-PLAINTEXT-MARKER\n")
        self._threads = [
            threading.Thread(target=self._transfer, args=(random.Random(seed * 100 + k), folder / str(k)), daemon=True)
            for k in range(transfers)
        ] + [
            threading.Thread(target=self._flow, args=(random.Random(seed * 100 + 50 + k), k), daemon=True)
            for k in range(flows)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """No further ones; those under way may end."""
        self._ends.set()
        for thread in self._threads:
            thread.join(TRANSFER_SECONDS + 20)

    def _pair(self, draw: random.Random) -> tuple[Host, Host]:
        there = [host for host in self.hosts if host.number == 1 and host.site.name not in self.gone]
        return tuple(draw.sample(there, 2))

    def _transfer(self, draw: random.Random, folder: Path) -> None:
        folder.mkdir()
        while not self._ends.is_set():
            client, server = self._pair(draw)
            began = time.time()
            try:
                fault = self.web.fetch(client, server, folder, rate=TRANSFER_RATE, seconds=TRANSFER_SECONDS)
            except Stopped:
                return
            except OSError as error:
                fault = str(error)
            self.transfers.append(Transfer(began, time.time(), client.site.name, server.site.name, fault))
            if fault:
                self._ends.wait(0.5)

    def _flow(self, draw: random.Random, number: int) -> None:
        port = IPERF_PORT + 1000 * number
        while not self._ends.is_set():
            source, target = self._pair(draw)
            port += 1
            began = time.time()
            name = f"flow-{number}-{port}"
            try:
                argv = ["iperf3", "-s", "-1", "-B", target.alias, "-p", str(port)]
                server = self.processes.start(name, argv, target.ns)
                wait_until(lambda s=server, p=port: s.listens(p), 5)
                client = ["iperf3", "-c", target.alias, "-p", str(port), "--connect-timeout", "5000"]
                client += ["-t", str(FLOW_SECONDS), "-b", FLOW_RATE]
                outcome = self.processes.runner.run(client, ns=source.ns, timeout=FLOW_SECONDS + 60)
                self.processes.end(server)
            except Stopped:
                return
            fault = "" if outcome.ok else outcome.line
            self.flows.append(Flow(began, time.time(), source.site.name, target.site.name, fault))
            if fault:
                self._ends.wait(0.5)
