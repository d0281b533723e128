#!/usr/bin/env python3
"""Tests the library itself: that its readers read, and that each check passes and fails when it should.

`--pure` needs nothing. `--underlay-only` (needs root) builds the three sites with plain kernel routing in place of the
VRs: programs and reports have to work, and every check that speaks of sealing or refusing has to fail, because kernel
routing does neither. A check that passes there would prove nothing in the demo.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from array import array
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lib import marked, mpi, pairs, restart, speed, views, work  # noqa: E402
from lib.badinput import Mistake  # noqa: E402
from lib.beside_etcd import Pace, parse_h2load  # noqa: E402
from lib.capture import LeakWatch  # noqa: E402
from lib.membership import Arrival, Fate, Membership, Packet, judge  # noqa: E402
from lib.own_mesh import Mirror  # noqa: E402
from lib.ping import parse  # noqa: E402
from lib.probes import Way  # noqa: E402
from lib.programs import parse_iperf  # noqa: E402
from lib.report import Console, Report  # noqa: E402
from lib.router import VR  # noqa: E402
from lib.sandbox import Interrupted, Sandbox  # noqa: E402
from lib.shell import Outcome  # noqa: E402
from lib.stage import Stage  # noqa: E402
from lib.topology import FIGURE_3, PU, UF, Site  # noqa: E402

NO_TIME_MS = 0.1
"""What the RTT comparison may say of kernel routing, which adds nothing: its measured error is below 0.02 ms."""

BLOCKS = {site.name: IPv4Network(f"172.16.{site.index}.0/24") for site in FIGURE_3}


class KernelRouter(VR):
    """Stands where a VR stands and only has what the kernel gives: a block, no counters, no daemon."""

    def __init__(self, stage: Stage, site: Site) -> None:
        super().__init__(stage.processes, site.name, stage.topology.vr(site), Path("/nonexistent"))

    def identity(self) -> views.Identity:
        return views.Identity("kernel", (BLOCKS[self.name],))

    def drops(self) -> dict[str, int]:
        return {}

    def explained(self, source: str, destination: str) -> tuple[str, str]:
        return "no daemon", f"{source} {destination}"


def route_by_kernel(stage: Stage) -> None:
    """Aliases and static routes as in the demo, and underlay routes that carry virtual packets in clear."""
    runner, topology = stage.runner, stage.topology

    def ip(namespace: str, *words: str) -> None:
        runner.run(["ip", "-n", namespace, *words], check=True)

    for site, block in ((site, BLOCKS[site.name]) for site in topology.sites):
        ip(topology.vr(site), "addr", "add", f"{block[1]}/24", "dev", "lan")
        topology.give_block(site, block)
        ip(topology.ns("inet"), "route", "add", str(block), "via", site.endpoint)
        stage.vrs[site.name] = KernelRouter(stage, site)
    gateway = topology.ns(f"{PU.name}-gw")
    ip(gateway, "route", "add", str(BLOCKS["pu"]), "via", PU.wan)
    runner.run(["iptables", "-w", "-I", "FORWARD", "-d", str(BLOCKS["pu"]), "-j", "ACCEPT"], ns=gateway, check=True)


def underlay(stage: Stage) -> None:
    """Plays the demo's phases over kernel routing; raises AssertionError where a check comes out wrong."""
    stage.topology.build()
    stage.watch.start()
    assert not stage.watch.prove_it_sees(), "the watch must see control packets on every leg"
    assert not stage.watch.leaks(), "control packets are no leaks"
    route_by_kernel(stage)
    _expect(stage, pairs.all_pairs, failed=[])
    _expect(stage, pairs.isolation, failed=None)
    _expect(stage, work.real_programs, failed=[])
    _expect(stage, work.large_packets, failed=["ping -s 1472 -M do reports the MTU that then passes"])
    _narrow(stage, 1436)
    _expect(stage, work.large_packets, failed=[])
    _expect(stage, work.sealed, failed=["no plain text between sites"])
    _expect(stage, speed.speed, failed=[])
    added = next(claim.value for claim in stage.report.claims if claim.unit == "ms")
    assert abs(added) < NO_TIME_MS, f"kernel routing adds no time, {added:.3f} ms measured"
    closed = lambda s: restart._fails_closed(s, UF, len(s.watch.leaks()))  # noqa: E731, SLF001
    _expect(stage, closed, failed=["a dead VR fails closed (UF)"])
    stage.report = Report("selftest", stage.console)
    work.no_leaks(stage)
    # The captures cannot write down a gigabyte in clear without drops: only the first of the two claims is certain.
    assert stage.report.claims[0].state == "failed", "clear packets must be found"


def _narrow(stage: Stage, mtu: int) -> None:
    """Lowers the MTU of the core's legs at both ends, so that kernel routers have to report it."""
    inet = stage.topology.ns("inet")
    for site in stage.topology.sites:
        end = (stage.topology.ns(f"{site.name}-gw"), "out") if site.limited else (stage.topology.vr(site), "wan")
        for namespace, interface in ((inet, site.name), end):
            stage.runner.run(["ip", "-n", namespace, "link", "set", interface, "mtu", str(mtu)], check=True)


def _expect(stage: Stage, act: Callable[[Stage], None], failed: list[str] | None) -> None:
    """Runs a phase; exactly these claims must fail (None: all of them)."""
    stage.report = Report("selftest", stage.console)
    act(stage)
    claims = stage.report.claims
    expected = [claim.name for claim in claims] if failed is None else failed
    found = [claim.name for claim in claims if claim.state == "failed"]
    assert found == expected, f"failed: {found}, expected: {expected}"
    stage.console.note(f"as expected: {len(found)} of {len(claims)} claims fail")


def pure() -> None:
    """Readers and judges on texts as the programs write them."""
    lost = parse("[17.5] 64 bytes from 172.16.1.11: icmp_seq=1 ttl=62 time=0.31 ms\n3 packets transmitted, 1 received")
    assert (lost.sent, lost.received, lost.stamps, lost.all_back) == (3, 1, (17.5,), False)
    assert parse("64 bytes from 1.1.1.1: icmp_seq=1 ttl=62 time=1 ms (DUP!)\n").received == 0
    assert parse("From 172.16.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1436)").mtu == 1436
    assert parse("ping: local error: message too long, mtu=1436").mtu == 1436
    text = '{"end":{"sum_sent":{"retransmits":4},"sum_received":{"bits_per_second":5e8,"bytes":7}}}'
    assert (parse_iperf(text).mbps, parse_iperf(text).retransmits) == (500.0, 4)
    assert _raises(lambda: parse_iperf('{"error":"unable to connect"}')) and _raises(lambda: parse_iperf("cut"))
    text = """finished in 1.02s, 1968.90 req/s, 182.60KB/s
    requests: 2000 total, 2000 started, 2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout
    time for request:      222us      6.31ms       497us       242us    94.25%"""
    assert parse_h2load(text) == Pace(1968.9, 0.497)
    assert _raises(lambda: parse_h2load(text.replace("0 failed", "1 failed"))) and _raises(lambda: parse_h2load("cut"))
    status = {"schema": "vine-mesh.status/1", "identity": {"node": "ab"}, "role": {"name": "limited", "why": "NAT"}}
    assert views.role(status) == ("limited", "NAT") and views.identity(status) == views.Identity("ab", ())
    rows = {"drops": [{"reason": "noGNDTEntry", "total": 7}, {"reason": "badTag", "packets": 1}]}
    assert views.drops(rows) == {"noGNDTEntry": 7, "badTag": 1} and _raises(lambda: views.identity({}))

    def fault(code: int, err: str) -> str:
        return Mistake("", Outcome((), code, "", err, 0), (78,), "mend").fault()

    assert fault(78, "2026-11-23T10:00:00Z info vine: start\nvine-meshd: wrong; the mend is this\n") == ""
    bad = [(78, ""), (1, "the mend"), (78, "no remedy"), (78, "mend\nmend"), (78, "mend\nFatal error: x")]
    assert all(fault(code, err) for code, err in bad)
    report = Report("pure", Console())
    assert not report.holds, "an empty report must not pass"
    assert report.check("x", True) and report.figure("y", 1, "s", 2, "lower") and report.holds
    assert not report.figure("z", 1, "Mbit/s", 2) and not report.holds
    report.skip("w", "why")
    document = report.document()
    assert [document[key] for key in ("passed", "failed", "skipped")] == [2, 1, 1]
    assert [figure["goal"] for figure in document["figures"]] == [1.0, 2, 2]  # type: ignore[attr-defined]


def ranks() -> None:
    """What the MPI program prints, and what is wrong with it."""
    text = "rank 0 a\nrank 1 b\nnoise\nring 10\nsum 1498500\npair 0 1 0.5\nwrong 0\n"
    assert mpi.read(text).seconds == {(0, 1): 0.5} and mpi.wrong(mpi.read(text), ["a", "b"]) == ""
    for line, other in (("ring 10", "ring 5"), ("wrong 0", "wrong 1"), ("rank 1 b", ""), ("sum", "s"), ("pair", "p")):
        assert mpi.wrong(mpi.read(text.replace(line, other)), ["a", "b"]), f"{other!r} for {line!r} must be noticed"
    part = Mirror("", IPv4Network("172.17.0.0/16"), IPv4Address("10.117.0.0"))
    seen = [str(part.seen(IPv4Address(address))) for address in ("172.17.2.3", "172.16.2.3")]
    assert seen == ["10.117.2.3", "172.16.2.3"], seen


def model() -> None:
    """The model of the matrix, and what its judge says of packets that are lost, doubled, changed or misled."""
    a, b, reused = (IPv4Address(f"172.16.{text}") for text in ("0.11", "1.11", "2.5"))
    members = Membership(blocks={"x": {IPv4Network("172.16.0.0/24")}, "y": {IPv4Network("172.16.1.0/24")}})
    for site, address, host, vines in (
        ("x", a, "x.h1", ("p", "east")),
        ("y", b, "y.h1", ("p", "west")),
        ("x", reused, "x.h2", ("east",)),
        ("y", reused, "y.h2", ("west",)),
    ):
        members.add(site, address, host, vines)
    assert members.fate("x", a, b) == Fate(host="y.h1") and members.fate("y", a, b) == Fate(reason="sourceNotInLNDT")
    assert members.fate("x", a, reused) == Fate(host="x.h2") and members.fate("y", b, reused) == Fate(host="y.h2")
    assert members.fate("x", reused, b) == Fate(reason="noGNDTEntry")
    assert members.fate("x", a, IPv4Address("172.16.0.1")) == Fate(reason="toVirtualRouter")
    assert members.fate("x", a, IPv4Address("198.18.2.2")) == Fate(reason="notVirtualDestination")
    members.vines["x", a].add("west")
    assert _raises(lambda: members.fate("x", a, reused)), "two hosts that could get one packet must be noticed"
    members.vines["x", a].remove("west")
    packets = [Packet(0, "x", "x.h1", a, b), Packet(1, "y", "y.h1", a, b)]

    def verdict(*arrivals: Arrival) -> tuple[int, ...]:
        result = judge(members, packets, list(arrivals))
        told = (result.missing, result.doubled, result.foreign)
        return (result.expected, result.delivered, *map(len, told))

    right = Arrival(0, "y.h1", a, b)
    assert verdict(right) == (1, 1, 0, 0, 0) and verdict() == (1, 0, 1, 0, 0)
    assert verdict(right, right) == (1, 1, 0, 1, 0)
    wrong = [Arrival(1, "y.h1", a, b), Arrival(0, "y.h2", a, b), Arrival(0, "y.h1", b, a), Arrival(9, "y.h1", a, b)]
    assert all(verdict(right, arrival) == (1, 1, 0, 0, 1) for arrival in wrong)
    data = marked.packet(7, a, b)
    assert marked.arrival(data) == (7, a, b) and marked.arrival(data[:-1]) is None and not marked.checksum(data[:20])


def ways() -> None:
    """What became of the probes of one pair: ten, a second apart, of which the fourth to the sixth and the eighth got lost."""
    lost = (3, 4, 5, 7)
    sent = array("d", range(10))
    way = Way(sent, array("d", (math.nan if k in lost else k + 0.25 for k in range(10))), 9.25)
    assert (way.count(0, 9), way.lost(0, 9), way.lost(6, 6.5)) == (10, 4, 0)
    # The seventh arrives alone: it is back with the ninth, of two in a row.
    assert (way.first_after(3, 9), way.first_two_after(3, 9), way.first_two_after(3, 6)) == (6.25, 8, None)


def _raises(act: Callable[[], object]) -> bool:
    try:
        act()
    except (RuntimeError, ValueError):
        return True
    return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pure", action="store_true", help="only the readers and judges, no root needed")
    parser.add_argument("--underlay-only", action="store_true", help="also the sites with kernel routing (default)")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    pure()
    model()
    ranks()
    ways()
    print("pure: ok")
    if options.pure and not options.underlay_only:
        return 0
    if os.geteuid() != 0:
        print("selftest: the part with network namespaces is skipped, it needs root")
        return 0
    box, code = Sandbox(options.verbose), 1
    console = Console()
    watch = LeakWatch(box.processes, box.topology)
    stage = Stage(box.topology, box.processes, Report("selftest", console), console, watch)
    try:
        box.catch_signals()
        underlay(stage)
        code = 0
    except Interrupted as interrupt:
        print(f"selftest: interrupted by {interrupt}")
    except (AssertionError, RuntimeError) as error:
        print(f"selftest: FAILED: {error}")
    finally:
        left = box.remove()
        print("; ".join(left) or "nothing left behind")
    return 1 if left else code


if __name__ == "__main__":
    sys.exit(main())
