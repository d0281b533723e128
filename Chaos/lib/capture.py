"""Watches the underlay: virtual traffic must never cross it in clear, during the whole run."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from .processes import Processes, Program, wait_until
from .topology import NEVER_ALLOCATED, SPACE, Site, Topology

_VIRTUAL = f"(ip and net {SPACE})"
# A frame whose payload was not sealed: V.Net.ID after the 16-byte header, then an IPv4 packet between virtual
# addresses. 32 fixed bits, so sealed bytes look like it once in 4 * 10^9 frames.
_UNSEALED = "(udp[28]=0x45 and udp[40:2]&0xfff0=0xac10 and udp[44:2]&0xfff0=0xac10)"
FILTER = f"{_VIRTUAL} or (udp port 2247 and {_UNSEALED})"


class LeakWatch:
    """tcpdump on every interface of the public core and of each NAT gateway, one line for each clear packet."""

    def __init__(self, processes: Processes, topology: Topology) -> None:
        self.processes = processes
        self.topology = topology
        self.programs: list[Program] = []

    def start(self) -> None:
        gateways = [f"{site.name}-gw" for site in self.topology.sites if site.limited]
        for place in ["inet", *gateways]:
            argv = ["tcpdump", "-i", "any", "-nn", "-l", "-tttt", "-B", "8192", FILTER]
            program = self.processes.start(f"leaks-{place}", argv, self.topology.ns(place))
            if not wait_until(lambda: "listening on" in program.err.read_text() or not program.running, 10):
                raise RuntimeError(f"tcpdump does not start: {program.last_line()}")
            self.programs.append(program)

    def prove_it_sees(self) -> list[str]:
        """Sends one control packet in clear from each VR's namespace; returns the sites whose packet was not seen."""
        runner = self.topology.runner
        ping = ["ping", "-c", "1", "-W", "0.2", str(NEVER_ALLOCATED)]
        runner.together([lambda s=site: runner.run(ping, ns=self.topology.vr(s)) for site in self.topology.sites])
        unseen = lambda: [site.name for site in self.topology.sites if not self._saw_control_of(site)]  # noqa: E731
        wait_until(lambda: not unseen(), 3)
        return unseen()

    def _saw_control_of(self, site: Site) -> bool:
        # Behind NAT the gateway's own watch must see the VR's address and the core the gateway's.
        wanted = {site.endpoint, site.wan}
        return all(any(f"IP {source} > {NEVER_ALLOCATED}" in line for line in self._lines()) for source in wanted)

    def _lines(self) -> list[str]:
        return [line for program in self.programs for line in program.out.read_text().splitlines()]

    def leaks(self) -> list[str]:
        """Clear packets seen so far, control packets left out."""
        return [line for line in self._lines() if f"> {NEVER_ALLOCATED}:" not in line]

    def stop(self) -> list[str]:
        """Ends the watch; what speaks against trusting it (it died, the kernel dropped packets)."""
        time.sleep(0.3)
        doubts = []
        for program in self.programs:
            if not program.running:
                doubts.append(f"{program.name} ended early: {program.last_line()}")
            self.processes.end(program, signal.SIGINT)
            if "\n0 packets dropped by kernel" not in program.err.read_text():
                doubts.append(f"{program.name}: {program.last_line()}")
        return doubts


class WholeCapture:
    """A short capture of whole packets on the public core, to search for plain text in."""

    def __init__(self, processes: Processes, topology: Topology, path: Path) -> None:
        self.processes = processes
        self.path = path
        argv = ["tcpdump", "-i", "any", "-nn", "-U", "-s", "0", "-B", "8192", "-w", "-", "ip"]
        self.program = processes.start(path.name, argv, topology.ns("inet"))
        if not wait_until(lambda: "listening on" in self.program.err.read_text() or not self.program.running, 10):
            raise RuntimeError(f"tcpdump does not start: {self.program.last_line()}")

    def finish(self) -> bytes:
        """All captured bytes."""
        time.sleep(0.3)
        self.processes.end(self.program, signal.SIGINT)
        return self.program.out.read_bytes()
