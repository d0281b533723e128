"""Decisions beside Debian's etcd: three voters each, on the same three machines, the same disk, in turn.

etcd is asked over gRPC by h2load on its leader's machine, vine-mesh by `vine-mesh check` on its leader's. Each round
asks one after the other; ratios are of one round, so that a slow moment of the machine meets both.
"""

from __future__ import annotations

import json
import re
import shutil
import statistics
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from . import views
from .agents import VineAgents
from .flock import Flock, Machine
from .processes import Processes, wait_until
from .report import Console, Report
from .sandbox import Sandbox

VOTERS = 3
CLIENTS = (1, 64)
SECONDS = 4
VALUE = b"v" * 32
"""What etcd is given to keep; a decision of vine-mesh that changes nothing has about as many bytes."""


@dataclass(frozen=True)
class Pace:
    """Decisions a second, and the median of how long one took, in milliseconds."""

    per_second: float
    median_ms: float


class Group(Protocol):
    name: str

    def start(self) -> None:
        """All voters vote. Raises RuntimeError if they do not in time."""

    def ask(self, clients: int) -> Pace: ...


class Etcd:
    """Three members with Debian's defaults: every write is synced before it is answered."""

    name = "etcd"

    def __init__(self, processes: Processes, flock: Flock) -> None:
        self.processes = processes
        self.machines = flock.machines
        self._leader: Machine | None = None
        self._body = processes.folder / "put.grpc"

    def start(self) -> None:
        cluster = ",".join(f"m{m.number}=http://{m.address}:2380" for m in self.machines)
        for m in self.machines:
            argv = ["etcd", "--name", f"m{m.number}", "--data-dir", str(self.processes.folder / f"etcd-{m.number}")]
            argv += ["--listen-client-urls", "http://127.0.0.1:2379", "--advertise-client-urls", "http://127.0.0.1:2379"]
            argv += ["--listen-peer-urls", f"http://{m.address}:2380"]
            argv += ["--initial-advertise-peer-urls", f"http://{m.address}:2380", "--initial-cluster", cluster]
            self.processes.start(f"etcd-{m.number}", argv, m.ns)
        if not wait_until(self._finds_leader, 20, 0.5):
            raise RuntimeError("etcd elects no leader")
        # etcdserverpb.PutRequest {key, value} behind gRPC's five bytes.
        put = b"\x0a\x03key\x12" + bytes([len(VALUE)]) + VALUE
        self._body.write_bytes(b"\0" + struct.pack(">I", len(put)) + put)

    def _finds_leader(self) -> bool:
        for machine in self.machines:
            answer = self.processes.runner.run(["etcdctl", "endpoint", "status", "-w", "json"], ns=machine.ns)
            if not answer.ok:
                continue
            status = json.loads(answer.out)[0]["Status"]
            if status.get("leader") == status["header"]["member_id"]:
                self._leader = machine
        return self._leader is not None

    def ask(self, clients: int) -> Pace:
        if self._leader is None:
            raise RuntimeError("etcd is not started")
        argv = ["h2load", "-c", str(clients), "-m", "1", f"--duration={SECONDS}", "-d", str(self._body)]
        argv += ["-H", "content-type: application/grpc", "-H", "te: trailers"]
        argv.append("http://127.0.0.1:2379/etcdserverpb.KV/Put")
        return parse_h2load(self.processes.runner.run(argv, ns=self._leader.ns, timeout=60, check=True).out)


def parse_h2load(text: str) -> Pace:
    """Raises ValueError unless all requests were answered well."""
    counts = re.search(r"requests: .* (\d+) succeeded, (\d+) failed, (\d+) errored", text)
    rate = re.search(r"finished in [\d.]+\w+, ([\d.]+) req/s", text)
    times = re.search(r"time for request:\s+\S+\s+\S+\s+([\d.]+)(us|ms|s)", text)
    if not counts or not rate or not times:
        raise ValueError(f"h2load says something else: {text[-200:]}")
    if int(counts.group(2)) or int(counts.group(3)) or not int(counts.group(1)):
        raise ValueError(f"h2load: {counts.group(0)}")
    scale = {"us": 1e-3, "ms": 1.0, "s": 1e3}[times.group(2)]
    return Pace(float(rate.group(1)), float(times.group(1)) * scale)


class VineVoters:
    """Three VRs that all vote."""

    name = "vine-mesh"

    def __init__(self, processes: Processes, flock: Flock, binaries: Path) -> None:
        self.agents = VineAgents(processes, flock, binaries, debug=False)

    def start(self) -> None:
        self.agents.prepare()
        for number in range(VOTERS):
            self.agents.join(number)
        # A VR votes once it has been there for half a minute.
        if not wait_until(self._all_vote, 120, 0.5):
            raise RuntimeError("vine-mesh: not all VRs vote")

    def _all_vote(self) -> bool:
        try:
            voters = list(views.values(self.agents.vrs[0].fetch("voters"), "voters"))[0]
        except (OSError, ValueError, IndexError):
            return False
        return sum(not voter["isLearner"] for voter in voters) == VOTERS

    def ask(self, clients: int) -> Pace:
        """At the leader, which is the founder as long as nothing goes wrong."""
        if self.agents.vrs[0].fetch("voters")["state"] != "leader":
            raise RuntimeError("vine-mesh: the founder leads no more")
        words = ["check", "--clients", str(clients), "--seconds", str(SECONDS), "--json"]
        answer = json.loads(self.agents.vrs[0].ask(*words, timeout=60))
        if answer["unanswered"]:
            raise RuntimeError(f"vine-mesh: {answer['unanswered']} decisions without an answer")
        return Pace(answer["perSecond"], answer["medianMilliseconds"])


def compare(binaries: Path, report: Report, console: Console, *, rounds: int, verbose: bool) -> None:
    """Both at once on the same machines, asked in turn."""
    missing = [tool for tool in ("etcd", "etcdctl", "h2load") if not shutil.which(tool)]
    if missing:
        return report.skip("vine-mesh beside etcd", f"there is no {', '.join(missing)}: see BENCH_PACKAGES in the Makefile")
    with Sandbox.of_one_run(report, "decisions", verbose) as box:
        flock = Flock(box.runner, box.prefix, VOTERS)
        flock.build(0)
        groups: list[Group] = [Etcd(box.processes, flock), VineVoters(box.processes, flock, binaries)]
        for group in groups:
            console.phase(group.name, f"{VOTERS} voters")
            group.start()
        for clients in CLIENTS:
            paces: dict[str, list[Pace]] = {group.name: [] for group in groups}
            for number in range(rounds):
                # Who goes first changes.
                for group in groups if number % 2 == 0 else reversed(groups):
                    paces[group.name].append(group.ask(clients))
            _report(report, clients, paces)
    return None


def _report(report: Report, clients: int, paces: dict[str, list[Pace]]) -> None:
    name = "decisions, one after the other" if clients == 1 else f"decisions of {clients} clients"
    for system, found in paces.items():
        report.observe(f"{system}: {name}", statistics.median(p.per_second for p in found), "1/s")
        report.observe(f"{system}: {name}, time", statistics.median(p.median_ms for p in found), "ms", "lower")
    ratios = [ours.per_second / theirs.per_second for ours, theirs in zip(paces["vine-mesh"], paces["etcd"], strict=True)]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f} in {len(ratios)} rounds"
    report.figure(f"{name}, vine-mesh / etcd", statistics.median(ratios), "x", 1.0, "higher", spread)
