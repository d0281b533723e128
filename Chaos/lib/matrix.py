"""Phase `matrix`: every source, true or claimed, to every destination, through every site, held against a model.

    uf    public, founds    physics  biology  east
    nwu   public            physics  biology  east  chemistry
    osu   public            physics  chemistry      west
    pu    behind NAT        physics  biology        west

East and west never meet, so uf has a block in east and pu one in west with the same addresses.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from ipaddress import IPv4Address, IPv4Network
from itertools import product
from pathlib import Path

from . import marked
from .membership import Arrival, Judgement, Membership, Packet, judge
from .own_mesh import OwnMesh
from .ping import ping
from .processes import Program, wait_until
from .router import VR
from .stage import Stage
from .topology import Host, Site

SITES = (Site("uf", 1, 200), Site("nwu", 2, 100), Site("osu", 3, 25), Site("pu", 4, 50, limited=True))
"""The founder first; blocks of a /24, /25, /27 and /26."""

VINES = {
    "physics": ("uf", "nwu", "osu", "pu"),
    "biology": ("uf", "nwu", "pu"),
    "chemistry": ("nwu", "osu"),
    "east": ("uf", "nwu"),
    "west": ("osu", "pu"),
}
REUSED = {"east": "uf", "west": "pu"}
"""ViNes with a block that counts in them alone, and whose it is."""
REUSED_HOSTS = 10

ALIASES: list[tuple[str, int, int, str, tuple[str, ...]]] = [
    ("uf", 1, 11, "own", ("physics", "biology")),
    ("uf", 2, 12, "own", ("biology",)),
    ("uf", 2, 22, "own", ("east",)),
    ("uf", 3, 14, "own", ()),
    ("uf", 3, 5, "reused", ("east",)),
    ("nwu", 1, 11, "own", ("physics", "biology", "east")),
    ("nwu", 2, 12, "own", ("chemistry",)),
    ("nwu", 2, 22, "own", ("physics",)),
    ("nwu", 3, 13, "own", ("east", "chemistry")),
    ("osu", 1, 11, "own", ("physics", "chemistry")),
    ("osu", 2, 12, "own", ("west",)),
    ("osu", 2, 22, "own", ("physics",)),
    ("osu", 3, 13, "own", ("chemistry", "west")),
    ("osu", 3, 14, "own", ()),
    ("pu", 1, 11, "own", ("physics", "west")),
    ("pu", 2, 12, "own", ("biology",)),
    ("pu", 2, 22, "own", ("west",)),
    ("pu", 3, 14, "own", ()),
    ("pu", 3, 5, "reused", ("west",)),
]
"""Site, host, offset in its block, which block, ViNes; none: the host has the alias, and no LNDT does."""

NOBODY_VIRTUAL = IPv4Address("172.31.255.250")
OUTSIDE = (IPv4Address("198.18.2.2"), IPv4Address("203.0.113.9"))
"""The first is another site's VR on the underlay, the second is nobody."""

RATE = 100.0
"""Packets a second of each of twelve hosts: far below what two busy cores carry."""
SEND_MAX = 30.0
QUIET = 1.5
"""Seconds after the last arrival in which a packet too many would still come: a round trip takes milliseconds."""
EXPLAINED = 60
SEED = 2006


def matrix(stage: Stage) -> None:
    """A mesh of its own with four sites."""
    mesh = OwnMesh("mx", stage.processes, stage.vrs["uf"].binaries, stage.topology.prefix, SITES, hosts=3)
    mesh.found()
    members = _decide(mesh)
    _tables(stage, mesh, members)
    _warm(mesh, members)
    packets = plan(members, mesh.topology.hosts)
    before = _drops(mesh)
    arrivals, lost = _send(stage, mesh, packets, members)
    _judge(stage, members, packets, arrivals, lost)
    _refusals(stage, mesh, members, packets, before)
    _explained(stage, mesh, members, packets, arrivals)
    faults = mesh.stop()
    stage.report.check("matrix: its VRs end and leave nothing", not faults, "; ".join(faults) or "SIGTERM")


def _decide(mesh: OwnMesh) -> Membership:
    """ViNes, blocks, aliases and LNDTs; the same things go into the model."""
    for vine, (creator, *others) in VINES.items():
        mesh.vrs[creator].ask("vine", "create", vine)
        for site in others:
            mesh.vrs[site].ask_when_known("vine", "join", vine)
    blocks = {(site.name, "own"): mesh.vrs[site.name].identity().blocks[0] for site in SITES}
    for vine, site in REUSED.items():
        request = ["block", "request", "--hosts", str(REUSED_HOSTS), "--vine", vine]
        mesh.vrs[site].ask(*request)
        blocks[site, "reused"] = _block_of(mesh.vrs[site], vine)
    members = Membership()
    for (site, _), block in blocks.items():
        members.blocks.setdefault(site, set()).add(block)
    for site, number, offset, kind, vines in ALIASES:
        address = blocks[site, kind][offset]
        host = next(h for h in mesh.topology.hosts if h.site.name == site and h.number == number)
        mesh.set_up(host, address)
        members.add(site, address, host.name, vines)
        for vine in vines:
            mesh.vrs[site].ask_when_known("host", "add", str(address), "--vine", vine)
    if refused := mesh.converged():
        raise RuntimeError("; ".join(refused))
    return members


def _block_of(vr: VR, vine: str) -> IPv4Network:
    """The VR's own block that counts in that ViNe alone, once it knows of it."""
    found: list[IPv4Network] = []

    def there() -> bool:
        rows = vr.view("status", "blocks")["blocks"]
        found[:] = [IPv4Network(row["block"]) for row in rows if row["isOwn"] and row.get("vine") == vine]
        return bool(found)

    if not wait_until(there, 10, 0.2):
        raise RuntimeError(f"{vr.name} has no block in {vine}")
    return found[0]


# What the mesh says of itself.


def _tables(stage: Stage, mesh: OwnMesh, members: Membership) -> None:
    """One block with two owners, and at every VR the GNDTs that the model has."""
    shared = {site: _block_of(mesh.vrs[site], vine) for vine, site in REUSED.items()}
    east, west = shared.values()
    listed = sorted(
        (row["vine"], row["site"])
        for row in mesh.vrs["nwu"].view("status", "blocks")["blocks"]
        if IPv4Network(row["block"]) == east and row.get("vine")
    )
    told = f"{east}, {', '.join(f'of {site} in {vine}' for vine, site in listed)}"
    stage.report.check("matrix: two sites hold the same block", east == west and listed == sorted(REUSED.items()), told)
    wrong = []
    for site, vr in mesh.vrs.items():
        tables = {table["name"]: _entries(table) for table in vr.view("status", "gndt")["tables"]}
        for vine in (vine for vine, sites in VINES.items() if site in sites):
            wanted = {(address, owner) for (owner, address), vines in members.vines.items() if vine in vines}
            if tables.get(vine) != wanted:
                wrong.append(f"{vine} at {site}: {_differ(tables.get(vine, set()), wanted)}")
    detail = "; ".join(wrong[:2]) or f"{sum(map(len, VINES.values()))} tables of {len(VINES)} ViNes, address by address"
    stage.report.check("matrix: every GNDT is the model's", not wrong, detail)
    refusal = mesh.vrs["nwu"].tool("vine", "join", "west", "--socket", str(mesh.vrs["nwu"].socket))
    stage.report.check("matrix: a site of east is kept out of west", not refusal.ok, refusal.line)


def _differ(found: set[tuple[IPv4Address, str]], wanted: set[tuple[IPv4Address, str]]) -> str:
    return ", ".join(f"{address} of {site}" for address, site in sorted(found ^ wanted))


def _entries(table: dict[str, object]) -> set[tuple[IPv4Address, str]]:
    """A GNDT address by address."""
    found = set()
    for entry in table["entries"]:
        first, last = int(IPv4Address(entry["first"])), int(IPv4Address(entry["last"]))
        found |= {(IPv4Address(address), entry["site"]) for address in range(first, last + 1)}
    return found


# The packets.


def plan(members: Membership, hosts: list[Host]) -> list[Packet]:
    """Every host claims every source and writes to every destination; one of the two has to be virtual."""
    addresses = sorted({address for _, address in members.hosts})
    blocks = set().union(*members.blocks.values())
    # Of the largest block and the smallest: the network's address, its broadcast address, and one that no host has.
    edges = [min(blocks, key=lambda b: b.prefixlen), max(blocks, key=lambda b: b.prefixlen)]
    nobody = {address for block in edges for address in (block[0], block[-1], block[-2])}
    everything = [*addresses, *sorted(nobody), *sorted(block[1] for block in blocks), NOBODY_VIRTUAL, *OUTSIDE]
    packets: list[Packet] = []
    for host, source, destination in product(hosts, everything, everything):
        if not (source in OUTSIDE and destination in OUTSIDE) and source != destination:
            packets.append(Packet(len(packets), host.site.name, host.name, source, destination))
    random.Random(SEED).shuffle(packets)
    return packets


def _warm(mesh: OwnMesh, members: Membership) -> None:
    """Sessions and ways between sites before the first packet counts. Raises RuntimeError if a pair stays silent."""
    spaces = {host.name: host.ns for host in mesh.topology.hosts}
    pairs = {}
    for (site, source), (far, target) in product(members.hosts, repeat=2):
        if site != far and members.fate(site, source, target).host:
            pairs.setdefault((site, far), (spaces[members.hosts[site, source]], str(source), str(target)))

    def silent() -> list[str]:
        jobs = [lambda p=pair: ping(mesh.processes.runner, p[0], p[2], count=1, source=p[1]) for pair in pairs.values()]
        answers = mesh.processes.runner.together(jobs)
        return [f"{a} to {b}" for (a, b), answer in zip(pairs, answers, strict=True) if not answer.all_back]

    if not wait_until(lambda: not silent(), 15, 0.3):
        raise RuntimeError(f"silent: {', '.join(silent())}")


def _drops(mesh: OwnMesh) -> dict[str, dict[str, int]]:
    return {site: vr.drops() for site, vr in mesh.vrs.items()}


def _send(
    stage: Stage, mesh: OwnMesh, packets: list[Packet], members: Membership
) -> tuple[list[Arrival], list[str]]:
    """All hosts at the same time. What was seen, and what speaks against believing that it is all."""
    program = [sys.executable, str(Path(marked.__file__).resolve()), "--seconds", str(SEND_MAX + 30)]
    topology, listeners = mesh.topology, {}
    for host in topology.hosts:
        argv = [*program, "listen", "--interface", "eth"]
        listeners[host.name] = stage.processes.start(f"mx-listen-{host.name}", argv, host.ns)
    for place in _underlay():
        listeners[place] = stage.processes.start(f"mx-listen-{place}", [*program, "listen"], topology.ns(place))
    if not wait_until(lambda: all("listening" in p.text() for p in listeners.values()), 15):
        raise RuntimeError(f"listeners: {', '.join(p.last_line() for p in listeners.values() if not p.text())}")
    # From behind the NAT to another VR's endpoint, in clear: it passes everybody who watches the underlay.
    stage.runner.run([*program, "control", SITES[0].endpoint], ns=topology.vr(SITES[-1]), check=True)
    outcomes = stage.runner.together([lambda h=host: _write(stage, mesh, h, packets) for host in topology.hosts])
    faults = [outcome for outcome in outcomes if outcome]
    expected = judge(members, packets, []).expected + len(_underlay())
    wait_until(lambda: sum(map(len, map(_lines, listeners.values()))) >= expected, 5, 0.2)
    wait_until(_stands_still(listeners), 10, QUIET)
    for name, listener in listeners.items():
        stage.processes.end(listener)
        if not re.search(r"^lost 0$", listener.text(), re.M):
            faults.append(f"listener {name}: {listener.last_line()}")
        if name in _underlay() and not any(line.startswith(f"{marked.CONTROL} ") for line in _lines(listener)):
            faults.append(f"listener {name} did not see the control packet")
    arrivals = []
    for name, listener in listeners.items():
        rows = [line.split() for line in _lines(listener)]
        arrivals += [Arrival(int(t), name, IPv4Address(source), IPv4Address(target)) for t, source, target in rows]
    return arrivals, faults


def _underlay() -> list[str]:
    """Where nothing of the matrix may be seen: the public core, and in front of the NAT."""
    return ["inet", *(f"{site.name}-gw" for site in SITES if site.limited)]


def _write(stage: Stage, mesh: OwnMesh, host: Host, packets: list[Packet]) -> str:
    """One host's share; empty if it sent all of it."""
    own = [packet for packet in packets if packet.host == host.name]
    path = stage.processes.folder / f"mx-plan-{host.name}"
    path.write_text("".join(f"{packet.token} {packet.source} {packet.destination}\n" for packet in own))
    shown = stage.runner.run(["cat", "/sys/class/net/lan/address"], ns=mesh.topology.vr(host.site), check=True)
    argv = [sys.executable, str(Path(marked.__file__).resolve()), "--seconds", str(SEND_MAX)]
    argv += ["send", str(path), "--gateway", shown.out.strip(), "--rate", str(RATE)]
    outcome = stage.runner.run(argv, ns=host.ns, timeout=SEND_MAX + 20)
    return "" if outcome.out.strip() == f"sent {len(own)}" else f"{host.name}: {outcome.line} of {len(own)}"


def _lines(listener: Program) -> list[str]:
    """What came so far, whole lines."""
    return [line for line in listener.out.read_text().split("\n")[:-1] if line[:1].isdigit()]


def _stands_still(listeners: dict[str, Program]):  # noqa: ANN202
    """Whether nothing came since it was asked last."""
    last = [-1]

    def still() -> bool:
        last.append(sum(map(len, map(_lines, listeners.values()))))
        return last[-1] == last[-2]

    return still


# The verdicts.


def _judge(
    stage: Stage, members: Membership, packets: list[Packet], arrivals: list[Arrival], faults: list[str]
) -> None:
    underlay = _underlay()
    result: Judgement = judge(members, packets, [a for a in arrivals if a.host not in underlay])
    report, told = stage.report, f"{len(SITES)} sites, {len(VINES)} ViNes, {len({p.host for p in packets})} hosts"
    sizes = sorted({block.prefixlen for blocks in members.blocks.values() for block in blocks})
    told += f", blocks of {', '.join(f'/{size}' for size in sizes)}"
    spoofed = sum(members.hosts.get((p.site, p.source)) != p.host for p in packets)
    report.observe("matrix: packets sent", len(packets), "packets", detail=f"{told}; {spoofed} under another's address")
    report.check("matrix: all were sent, and no listener missed one", not faults, "; ".join(faults[:3]))
    detail = "; ".join(result.missing[:3]) or "each where the model has it"
    report.figure("matrix: packets delivered", result.delivered, "packets", result.expected, detail=detail)
    detail = "; ".join(result.foreign[:3])
    report.figure("matrix: foreign deliveries", len(result.foreign), "packets", 0, "lower", detail)
    detail = "; ".join(result.doubled[:3])
    report.figure("matrix: packets that came twice", len(result.doubled), "packets", 0, "lower", detail)
    clear = [a for a in arrivals if a.host in underlay and a.token != marked.CONTROL]
    detail = "; ".join(f"{a.source} > {a.destination} at {a.host}" for a in clear[:3])
    report.figure("matrix: packets in clear on the underlay", len(clear), "packets", 0, "lower", detail)


def _refusals(
    stage: Stage, mesh: OwnMesh, members: Membership, packets: list[Packet], before: dict[str, dict[str, int]]
) -> None:
    """Each VR counted what the model has it refuse, reason by reason, and nothing else."""
    wanted = {site: Counter[str]() for site in mesh.vrs}
    for packet in packets:
        if reason := members.fate(packet.site, packet.source, packet.destination).reason:
            wanted[packet.site][reason] += 1

    def counted() -> dict[str, Counter[str]]:
        now = _drops(mesh)
        return {site: Counter(now[site]) - Counter(before[site]) for site in now}

    wait_until(lambda: counted() == wanted, 3, 0.3)
    found, total = counted(), sum((counts for counts in wanted.values()), Counter[str]())
    differ = [site for site in wanted if found[site] != wanted[site]]
    wrong = [f"{site} counted {dict(found[site])}, not {dict(wanted[site])}" for site in differ]
    detail = "; ".join(wrong) or ", ".join(f"{count} {reason}" for reason, count in sorted(total.items()))
    stage.report.check("matrix: every refusal is counted at its VR with its reason", not wrong, detail)


def _explained(
    stage: Stage, mesh: OwnMesh, members: Membership, packets: list[Packet], arrivals: list[Arrival]
) -> None:
    """`explain` says of a sample what was seen of it, half of the sample delivered."""
    came = {arrival.token for arrival in arrivals}
    chosen, halves = [], ([p for p in packets if p.token in came], [p for p in packets if p.token not in came])
    for half in halves:
        chosen += random.Random(SEED).sample(half, min(len(half), EXPLAINED // 2))
    jobs = [lambda p=p: mesh.vrs[p.site].explained(str(p.source), str(p.destination)) for p in chosen]
    wrong = []
    for packet, answer in zip(chosen, stage.runner.together(jobs), strict=True):
        fate = members.fate(packet.site, packet.source, packet.destination)
        seen = ("delivered", "") if packet.token in came else ("dropped", fate.reason)
        if answer != seen:
            way = f"at {packet.site} {packet.source} to {packet.destination}"
            wrong.append(f"{way}: {' '.join(answer)}, not {' '.join(seen)}")
    detail = "; ".join(wrong[:3]) or f"seed {SEED}"
    name = "matrix: explain says what was seen"
    stage.report.figure(name, len(chosen) - len(wrong), "pairs", EXPLAINED, detail=detail)
