"""`make bench SUITE=table3`: the paper's Table 3 with its rates and latencies, beside the emulated links themselves.

Cases 2 to 5 go through queue-VRs as the paper's did, so direct paths are off there; then the mesh is left to itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from .ping import ping
from .processes import wait_until
from .programs import Transfer, iperf, parse_iperf
from .report import Console, Report
from .router import VR
from .sandbox import Sandbox
from .topology import Site
from .wan import Wan

NAMES = ("uf", "nwu", "pu")
PAIRS = (("uf", "pu"), ("uf", "nwu"), ("nwu", "pu"))

PAPER: dict[str, dict[tuple[str, str], tuple[float, float]]] = {
    "0": {("uf", "pu"): (24.1, 20.4), ("uf", "nwu"): (27.8, 17.5), ("nwu", "pu"): (6.82, 63.1)},
    "1": {("uf", "pu"): (25.5, 19.8), ("uf", "nwu"): (29.3, 15.7), ("nwu", "pu"): (8.26, 27.7)},
    "2": {("uf", "pu"): (27.0, 15.3), ("uf", "nwu"): (29.3, 15.8), ("nwu", "pu"): (31.1, 12.0)},
    "3": {("uf", "pu"): (32.5, 14.1), ("uf", "nwu"): (29.5, 15.5), ("nwu", "pu"): (8.11, 27.1)},
    "4": {("uf", "pu"): (25.6, 19.6), ("uf", "nwu"): (29.3, 15.6), ("nwu", "pu"): (54.9, 6.46)},
    "5": {("uf", "pu"): (37.5, 11.8), ("uf", "nwu"): (29.8, 15.2), ("nwu", "pu"): (8.32, 26.9)},
}
"""Round trip in ms and throughput in Mbit/s."""

TCP_SHARE = 1448 / 1500
"""What TCP makes of a line of full packets: the paper's throughputs are TCP's, the links' rates are packets'."""

RELAYED_MIN = 0.90
PUBLIC_MIN = 0.95
RTT_ADDED_MAX = 0.5


@dataclass(frozen=True)
class Case:
    """Who is limited, and whose channel leads where."""

    name: str
    limited: tuple[str, ...] = ()
    queue: str = ""
    direct: bool = False

    def relays(self, pair: tuple[str, str]) -> bool:
        """Frames between the two pass a third VR: a limited one has channels to two public ones, its queue-VR and the
        standby, and only others than these are reached through the queue-VR."""
        return all(site in self.limited for site in pair)

    def roads(self, pair: tuple[str, str]) -> list[tuple[str, str]]:
        """The links that frames pass."""
        if not self.relays(pair):
            return [pair]
        return [_ordered(pair[0], self.queue), _ordered(self.queue, pair[1])]


CASES = (
    Case("1"),
    Case("2", ("pu",), "uf"),
    Case("3", ("pu",), "nwu"),
    Case("4", ("nwu", "pu"), "uf"),
    Case("5", ("uf", "pu"), "nwu"),
)


def _shape(pair: tuple[str, str]) -> str:
    rtt, rate = PAPER["0"][_ordered(*pair)]
    return f"rate={rate / TCP_SHARE:.3f}mbit delay={rtt / 2:.3f}ms"


def _ordered(one: str, other: str) -> tuple[str, str]:
    return next(pair for pair in PAIRS if set(pair) == {one, other})


class Mesh:
    """One case on the emulated WAN: three VRs, a host each, one ViNe."""

    def __init__(
        self, box: Sandbox, case: Case, binaries: Path, names: tuple[str, ...] = NAMES, shape: str | None = None
    ) -> None:
        self.box, self.case = box, case
        self.sites = tuple(Site(n, i + 1, 60, n in case.limited) for i, n in enumerate(names))
        shapes = {frozenset(pair): shape or _shape(pair) for pair in combinations(names, 2)}
        self.wan = Wan(box.processes, box.prefix, self.sites, shapes, binaries)
        box.topology = self.wan
        self.vrs = {
            site.name: VR(box.processes, f"{site.name}{case.name}", self.wan.vr(site), binaries) for site in self.sites
        }
        self._port = 5201

    def site(self, name: str) -> Site:
        return next(site for site in self.sites if site.name == name)

    def start(self) -> None:
        self.wan.build()
        self.wan.emulator.start()

    def found(self) -> None:
        founder = next(site for site in self.sites if not site.limited)
        others = [site for site in self.sites if site is not founder]
        first = self.vrs[founder.name]
        first.init("table3", founder.name, 60, founder.endpoint).needed("vine-mesh init")
        self._configure(first)
        first.start()
        for site in others:
            vr = self.vrs[site.name]
            vr.join(first.invite(site)).needed(f"vine-mesh join at {site.name}")
            self._configure(vr)
            vr.start()
        if not wait_until(lambda: all(vr.identity().blocks for vr in self.vrs.values()), 20, 0.2):
            raise RuntimeError("not every site got a block")
        first.ask("vine", "create", "physics")
        for site in self.sites:
            vr = self.vrs[site.name]
            self.wan.give_block(site, vr.identity().blocks[0])
            if site is not founder:
                vr.ask_when_known("vine", "join", "physics")
        for host in (host for host in self.wan.hosts if host.number == 1):
            self.vrs[host.site.name].ask_when_known("host", "add", host.alias, "--vine", "physics")
        roles = {site.name: "limited" if site.limited else "public" for site in self.sites}
        if not wait_until(lambda: all(self.vrs[n].role()[0] == role for n, role in roles.items()), 20, 0.3):
            raise RuntimeError(f"roles: {({n: vr.role() for n, vr in self.vrs.items()})}")
        if self.case.queue and not self.case.direct:
            for name in self.case.limited:
                self.vrs[name].ask_when_known("relay", "pin", self.case.queue)
                if not wait_until(lambda n=name: self.queue_of(n) == self.case.queue, 40, 0.3):
                    raise RuntimeError(f"{name} has {self.queue_of(name)} as queue-VR, not {self.case.queue}")
        pairs = combinations([site.name for site in self.sites], 2)
        silent = [pair for pair in pairs if not wait_until(lambda p=pair: self._talks(p), 20, 0.2)]
        if silent:
            raise RuntimeError(f"hosts that do not reach each other: {silent}")

    def _talks(self, pair: tuple[str, str]) -> bool:
        source, target = (self.wan.host(self.site(name), 1) for name in pair)
        return ping(self.box.runner, source.ns, target.alias, count=1, interval=0.2).received == 1

    def queue_of(self, name: str) -> str:
        line = self.vrs[name].view("relay", "show").get("queueVR")
        return line["site"] if line and line["connected"] else ""

    def _configure(self, vr: VR) -> None:
        if not self.case.direct:
            with vr.config.open("a") as file:
                file.write("directPaths: false\n")

    def measure(self, pair: tuple[str, str], seconds: int) -> tuple[float, float]:
        """Round trip (ms, p50) and TCP throughput (Mbit/s) between the hosts of two sites."""
        source, target = (self.wan.host(self.site(name), 1) for name in pair)
        rtt = ping(self.box.runner, source.ns, target.alias, count=30, interval=0.05).median_ms
        self._port += 1
        result = iperf(self.box.processes, source, target, "-t", str(seconds), "-O", "2", port=self._port)
        return rtt, result.mbps

    def physical(self, pair: tuple[str, str], seconds: int) -> tuple[float, float]:
        """The same between the VRs' own addresses, past the mesh."""
        source, target = (self.site(name) for name in pair)
        runner = self.box.runner
        rtt = ping(runner, self.wan.vr(source), target.endpoint, count=30, interval=0.05).median_ms
        return rtt, self._tcp(source, target, seconds).mbps

    def _tcp(self, source: Site, target: Site, seconds: int) -> Transfer:
        self._port += 1
        argv = ["iperf3", "-s", "-1", "-B", target.endpoint, "-p", str(self._port)]
        server = self.box.processes.serve(f"iperf3-{self._port}", argv, self.wan.vr(target), self._port)
        client = ["iperf3", "-J", "-c", target.endpoint, "-p", str(self._port), "-t", str(seconds), "-O", "2"]
        try:
            outcome = self.box.runner.run(client, ns=self.wan.vr(source), timeout=seconds + 30)
            return parse_iperf(outcome.out)
        finally:
            self.box.processes.end(server)

    def stop(self) -> None:
        for vr in self.vrs.values():
            vr.stop()
        self.wan.emulator.stop()
        self.wan.remove()


def compare(binaries: Path, report: Report, console: Console, quick: bool, verbose: bool) -> None:
    """All cases, one after the other."""
    seconds = 5 if quick else 10
    with Sandbox.of_one_run(report, "table3", verbose) as box:
        physical: dict[tuple[str, str], tuple[float, float]] = {}
        for case in CASES:
            console.phase(f"case {case.name}", f"limited: {', '.join(case.limited) or 'nobody'}")
            mesh = Mesh(box, case, binaries)
            try:
                mesh.start()
                if not physical:
                    physical = {pair: mesh.physical(pair, seconds) for pair in PAIRS}
                    for pair, (rtt, rate) in physical.items():
                        _observe(report, "0", pair, rtt, rate)
                mesh.found()
                for pair in PAIRS:
                    rtt, rate = mesh.measure(pair, seconds)
                    _judge(report, case, pair, rtt, rate, physical)
            finally:
                mesh.stop()
        _left_to_itself(box, binaries, report, console, seconds, physical)
        report.skip("case 1a: without HMAC", "every frame is sealed; there is no mode without")


def _observe(report: Report, case: str, pair: tuple[str, str], rtt: float, rate: float) -> None:
    name, paper = f"case {case}, {'-'.join(pair)}", PAPER[case][pair]
    report.observe(f"{name}: round trip", rtt, "ms", "lower", f"the paper: {paper[0]}")
    report.observe(f"{name}: TCP", rate, "Mbit/s", detail=f"the paper: {paper[1]}")


def _judge(
    report: Report,
    case: Case,
    pair: tuple[str, str],
    rtt: float,
    rate: float,
    physical: dict[tuple[str, str], tuple[float, float]],
) -> None:
    name, paper = f"case {case.name}, {'-'.join(pair)}", PAPER[case.name][pair]
    roads = [physical[road] for road in case.roads(pair)]
    alone = sum(road[0] for road in roads)
    # Each VR on the way, and a queue-VR is one more pair.
    report.figure(
        f"{name}: round trip added", rtt - alone, "ms", RTT_ADDED_MAX * len(roads), "lower",
        f"{rtt:.2f} over links of {alone:.2f}; the paper: {paper[0]}",
    )  # fmt: skip
    possible = min(road[1] for road in roads)
    goal = RELAYED_MIN if case.relays(pair) else PUBLIC_MIN
    if not case.relays(pair) and case.limited and any(site in case.limited for site in pair):
        goal = RELAYED_MIN
    report.figure(
        f"{name}: share of the link", rate / possible, "of TCP over the links", goal,
        detail=f"{rate:.1f} of {possible:.1f} Mbit/s; the paper: {paper[1]} ({paper[1] / PAPER['0'][_slowest(case, pair)][1]:.2f})",
    )  # fmt: skip


def _slowest(case: Case, pair: tuple[str, str]) -> tuple[str, str]:
    return min(case.roads(pair), key=lambda road: PAPER["0"][road][1])


def _left_to_itself(
    box: Sandbox,
    binaries: Path,
    report: Report,
    console: Console,
    seconds: int,
    physical: dict[tuple[str, str], tuple[float, float]],
) -> None:
    console.phase("left to itself", "PU is limited and may choose; direct paths are on")
    mesh = Mesh(box, Case("own", ("pu",), direct=True), binaries)
    try:
        mesh.start()
        mesh.found()
        chosen = wait_until(lambda: mesh.queue_of("pu") == "nwu", 90, 0.5)
        print(mesh.vrs["pu"].ask("relay", "show", "--why"), flush=True)
        report.check("left to itself PU takes NWU as queue-VR (case 3 over 2)", chosen, mesh.queue_of("pu"))
        for link in mesh.vrs["pu"].view("status", "links")["links"]:
            if "outMbps" in link and "inMbps" in link:
                rate = PAPER["0"][_ordered("pu", link["to"])][1] / TCP_SHARE
                for word, value in (("to", link["outMbps"]), ("from", link["inMbps"])):
                    report.figure(
                        f"measured bandwidth, PU {word} {link['to'].upper()}", value / rate, "of the link's rate", 0.9,
                        detail=f"{value:.1f} of {rate:.1f} Mbit/s",
                    )  # fmt: skip
        for pair in PAIRS:
            rtt, rate = mesh.measure(pair, seconds)
            report.figure(
                f"direct paths, {'-'.join(pair)}: share of the link", rate / physical[pair][1],
                "of TCP over the link", PUBLIC_MIN, detail=f"{rate:.1f} of {physical[pair][1]:.1f} Mbit/s, {rtt:.2f} ms",
            )  # fmt: skip
    finally:
        mesh.stop()
