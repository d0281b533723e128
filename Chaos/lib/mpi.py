"""Phase `mpi`: unmodified Open MPI, HTTP and NFS across a public site, one behind NAT and a mirrored one.

The mirrored site's own network is part of the virtual space. Open MPI 4.1 tells its peers the addresses of its hosts
and binds to them, so addresses that sites write differently need care: see `_two_forms`.
"""

from __future__ import annotations

import os
import shutil
import statistics
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from itertools import permutations
from pathlib import Path

from . import nfs
from .own_mesh import Mirror, OwnMesh
from .ping import ping
from .processes import wait_until
from .programs import SecureShell, Web
from .report import Report
from .shell import TIMED_OUT
from .stage import MARKER, Stage
from .topology import SPACE, Host, Site

PUBLIC, MIRRORED, NATED = Site("uf", 1, 100), Site("nwu", 2, 50), Site("pu", 3, 50, limited=True)
KINDS = {"uf": "public", "nwu": "mirrored", "pu": "behind NAT"}

MIRROR = Mirror("mirror: 10.116.0.0", SPACE, IPv4Address("10.116.0.0"))
"""How the mirrored site's VR is configured, and what that means. Everything else follows from this line."""
COLLIDING = IPv4Network("172.17.0.0/16")
"""The mirrored site's own network, as Docker has it."""

MEGABYTES = 8
"""MiB that every two ranks exchange, both ways."""
RUN_MAX = 60.0
"""Seconds for one mpirun: a healthy one takes about three."""
PROGRAM = Path(__file__).with_name("ring.c")
NUMBERS = 1000
"""As in ring.c."""


@dataclass
class Told:
    """What the program printed: ranks' hosts, results, and seconds of each pair's exchange."""

    hosts: list[str] = field(default_factory=list)
    results: dict[str, int] = field(default_factory=dict)
    seconds: dict[tuple[int, int], float] = field(default_factory=dict)


def missing_tools() -> str:
    """The first program that is not there; NFS's may be missing."""
    return next((name for name in ("mpirun", "mpicc") if not shutil.which(name)), "")


def mpi(stage: Stage) -> None:
    """A mesh of its own: three sites with two hosts each, all in one ViNe."""
    mesh = OwnMesh(
        "mp",
        stage.processes,
        stage.vrs["uf"].binaries,
        stage.topology.prefix,
        (PUBLIC, MIRRORED, NATED),
        mirrors={MIRRORED.name: MIRROR},
        lans={MIRRORED.name: COLLIDING},
    )
    mesh.found()
    _collides(stage, mesh)
    addresses = _one_vine(mesh)
    _programs(stage, mesh, addresses)
    _nfs(stage, mesh, addresses)
    _rings(stage, mesh, addresses)
    faults = mesh.stop()
    stage.report.check("mpi: its VRs end and leave nothing", not faults, "; ".join(faults) or "SIGTERM")


def _collides(stage: Stage, mesh: OwnMesh) -> None:
    """Without its mirror the VR refuses: the site needs it."""
    vr = mesh.vrs[MIRRORED.name]
    vr.stop()
    whole = vr.config.read_text()
    vr.config.write_text(whole.replace(MIRROR.line + "\n", ""))
    daemon = vr.launch()
    ended = wait_until(lambda: not daemon.running, 10)
    line = daemon.last_line()
    stage.report.check("mpi: without its mirror the VR refuses its site", ended and "mirror" in line, line)
    vr.stop()
    vr.config.write_text(whole)
    vr.start()


def _one_vine(mesh: OwnMesh) -> dict[str, IPv4Address]:
    """Every host in it, by a network card of its own for the virtual network; addresses as the mesh has them."""
    first = mesh.vrs[PUBLIC.name]
    first.ask("vine", "create", "grid")
    for site in (MIRRORED, NATED):
        mesh.vrs[site.name].ask_when_known("vine", "join", "grid")
    addresses = {}
    for host in mesh.topology.hosts:
        vr = mesh.vrs[host.site.name]
        address = addresses[host.name] = vr.identity().blocks[0][10 + host.number]
        mesh.topology.plug(host, "vine")
        mesh.set_up(host, address, "vine")
        vr.ask_when_known("host", "add", mesh.seen(host.site, address), "--vine", "grid")
        _two_forms(mesh, host, address)
    if refused := mesh.converged():
        raise RuntimeError("; ".join(refused))
    pairs = list(permutations(mesh.topology.hosts, 2))

    def silent() -> list[str]:
        jobs = [lambda p=p: ping(mesh.processes.runner, p[0].ns, _target(mesh, addresses, *p), count=1) for p in pairs]
        answers = mesh.processes.runner.together(jobs)
        return [f"{a.name} to {b.name}" for (a, b), answer in zip(pairs, answers, strict=True) if not answer.all_back]

    if not wait_until(lambda: not silent(), 15, 0.3):
        raise RuntimeError(f"silent: {', '.join(silent())}")
    return addresses


def _target(mesh: OwnMesh, addresses: dict[str, IPv4Address], client: Host, server: Host) -> str:
    """The server's address as the client writes it."""
    return mesh.seen(client.site, addresses[server.name])


def _two_forms(mesh: OwnMesh, host: Host, address: IPv4Address) -> None:
    """Where another site writes the host's address in another form, the host has both; else nothing.

    Open MPI publishes the addresses of the interfaces it is told of, connects to the one that its own interface's
    prefix covers, and takes a connection only from an address that was published (btl tcp of 4.1). So `vine` gets a
    prefix as wide as the space that this site sees, and `alt` has the other form. Nothing may be sent from that: it has
    a label that is not the interface's name and stands beside an IPv6 address, so that Open MPI finds no IPv4 there to
    send from.
    """
    own = mesh.seen(host.site, address)
    others = {mesh.seen(site, address) for site in mesh.sites} - {own}
    runner = mesh.processes.runner
    wide = IPv4Network(mesh.seen(host.site, SPACE[0]))
    while IPv4Address(mesh.seen(host.site, SPACE[-1])) not in wide:
        wide = wide.supernet()
    for other in others:
        shown = runner.run(["ip", "-n", host.ns, "-o", "-4", "addr", "show", "dev", "vine"], check=True).out.split()
        routes = runner.run(["ip", "-n", host.ns, "route", "show", "dev", "vine"], check=True).out.splitlines()
        kept = sorted((route.replace(" proto kernel", "") for route in routes), key=lambda route: " via " in route)
        runner.ip(
            host.ns,
            [
                f"addr del {shown[shown.index('inet') + 1]} dev vine",
                f"addr add {own}/{wide.prefixlen} dev vine noprefixroute",
                *(f"route add {route} dev vine" for route in kept),
                "link add alt type bridge",
                f"addr add {other}/32 dev alt label alt:m noprefixroute",
                f"addr add fd00::{address}/128 dev alt",
                "link set alt up",
            ],
        )


# HTTP and NFS.


def _programs(stage: Stage, mesh: OwnMesh, addresses: dict[str, IPv4Address]) -> None:
    """A file from the h1 of each site for that of each other."""
    hosts = [host for host in mesh.topology.hosts if host.number == 1]
    web = Web(stage.processes, hosts, megabytes=8, marker=MARKER)
    folder = stage.processes.folder
    pairs = list(permutations(hosts, 2))
    faults = [fault for p in pairs if (fault := web.fetch(*p, folder, _target(mesh, addresses, *p)))]
    told = "; ".join(faults) or f"8 MB with curl, {len(pairs)} ways between {', '.join(KINDS.values())}"
    stage.report.check("mpi: HTTP between all three sites, checksums right", not faults, told)


def _nfs(stage: Stage, mesh: OwnMesh, addresses: dict[str, IPv4Address]) -> None:
    """Files to and from an NFS server at the public site and one at the mirrored site."""
    name = "mpi: NFS between mirrored and plain sites, checksums right"
    if lacking := [tool for tool in ("ganesha.nfsd", "nfs-cp") if not shutil.which(tool)]:
        stage.report.skip(name, f"{' and '.join(lacking)} missing: `make mpi` installs them")
        return
    public, mirrored, nated = (mesh.topology.host(site, 2) for site in (PUBLIC, MIRRORED, NATED))
    faults, content = [], os.urandom(8 << 20)
    for server, clients in ((public, [mirrored]), (mirrored, [public, nated])):
        files = nfs.serve(stage.processes, server)
        for client in clients:
            target = _target(mesh, addresses, client, server)
            faults.append(nfs.there_and_back(stage.processes, client, target, files, content))
    done = "NFSv4, nfs-ganesha and libnfs: 8 MiB read and a note written, three times"
    told = "; ".join(filter(None, faults)) or done
    stage.report.check(name, not any(faults), told)


# MPI.


def _rings(stage: Stage, mesh: OwnMesh, addresses: dict[str, IPv4Address]) -> None:
    """The program, started at each site in turn."""
    program = stage.processes.folder / "ring"
    stage.runner.run(["mpicc", "-O2", "-o", str(program), str(PROGRAM)], timeout=60, check=True)
    version = stage.runner.run(["mpirun", "--version"], check=True).out.splitlines()[0]
    ssh = SecureShell(stage.processes, mesh.topology.hosts, "ssh-mpi")
    for site in mesh.sites:
        starter = mesh.topology.host(site, 1)
        hosts = [starter, *(host for host in mesh.topology.hosts if host is not starter)]
        outcome = stage.runner.run(_mpirun(mesh, addresses, hosts, ssh, program), ns=starter.ns, timeout=RUN_MAX)
        name = f"mpi: ranks at all sites, started at {site.name} ({KINDS[site.name]})"
        if outcome.code == TIMED_OUT:
            stage.report.check(name, False, f"no end within {RUN_MAX:g} s")
            continue
        told = read(outcome.out)
        fault = wrong(told, [host.name for host in hosts]) or ("" if outcome.ok else f"exit {outcome.code}")
        if not outcome.ok:
            fault += f": {_complaint(outcome.err + outcome.out)}"
        detail = f"{version}: {len(told.hosts)} ranks on {len(mesh.sites)} sites, result right, {outcome.seconds:.1f} s"
        stage.report.check(name, not fault, fault or detail)
        if not fault:
            _speeds(stage.report, site, hosts, told)


def _mpirun(
    mesh: OwnMesh, addresses: dict[str, IPv4Address], hosts: list[Host], ssh: SecureShell, program: Path
) -> list[str]:
    """One rank a host; the first host starts them. A host name of its own: Open MPI tells hosts apart by it."""
    starter, *others = hosts
    has_two_forms = any(
        len({mesh.seen(site, addresses[host.name]) for site in mesh.sites}) > 1 for host in mesh.topology.hosts
    )
    interfaces = "vine,alt" if has_two_forms else "vine"
    settings = {
        "plm_rsh_agent": ssh.agent(),
        "orte_tmpdir_base": str(program.parent),
        "pml": "ob1",
        "btl": "self,tcp",
        "oob_tcp_if_include": interfaces,
        "btl_tcp_if_include": interfaces,
        "btl_tcp_disable_family": "6",
        # Six ranks and three VRs share the machine's processors, which real hosts do not: who waits gives way.
        "mpi_yield_when_idle": "1",
    }
    names = [starter.name, *(_target(mesh, addresses, starter, host) for host in others)]
    argv = ["mpirun", "--allow-run-as-root", "--host", ",".join(names), "-np", str(len(hosts))]
    argv += [word for name, value in settings.items() for word in ("--mca", name, value)]
    script = 'hostname "$0" && exec "$@"'
    return ["unshare", "--uts", "sh", "-c", script, starter.name, *argv, str(program), str(MEGABYTES)]


def _complaint(text: str) -> str:
    """The line of mpirun's essay that says what happened."""
    lines = [line.strip() for line in text.splitlines() if line.strip(" -")]
    telling = [line for line in lines if "nable to" in line or "exited on signal" in line or "exited with" in line]
    return (telling or lines or ["no output"])[0]


def read(text: str) -> Told:
    """The program's lines."""
    told = Told()
    for words in (line.split() for line in text.splitlines()):
        match words:
            case ["rank", number, host] if int(number) == len(told.hosts):
                told.hosts.append(host)
            case ["pair", a, b, seconds]:
                told.seconds[int(a), int(b)] = float(seconds)
            case ["ring" | "sum" | "wrong" as name, value]:
                told.results[name] = int(value)
    return told


def wrong(told: Told, hosts: list[str]) -> str:
    """What is not as it has to be, reckoned here; empty if all is right."""
    token = 1
    for rank in range(len(hosts)):
        token = token * 3 + rank
    total = sum(rank + 1 for rank in range(len(hosts))) * sum(range(NUMBERS))
    wanted = {"ring": token, "sum": total, "wrong": 0}
    if told.hosts != hosts:
        return f"ranks on {told.hosts}, not {hosts}"
    if told.results != wanted:
        return f"{told.results}, not {wanted}"
    pairs = len(hosts) * (len(hosts) - 1) // 2
    return "" if len(told.seconds) == pairs else f"{len(told.seconds)} of {pairs} pairs"


def _speeds(report: Report, site: Site, hosts: list[Host], told: Told) -> None:
    """MB/s of one direction while both are busy, between every two kinds of sites."""
    speeds: dict[str, list[float]] = {}
    for (a, b), seconds in told.seconds.items():
        ends = sorted(KINDS[hosts[rank].site.name] for rank in (a, b))
        if ends[0] != ends[1]:
            speeds.setdefault(" and ".join(reversed(ends)), []).append((MEGABYTES << 20) / seconds / 1e6)
    for ends, found in sorted(speeds.items()):
        name = f"mpi: {ends}, started at {site.name}"
        report.observe(name, statistics.median(found), "MB/s", detail=f"each way at once, median of {len(found)} pairs")
