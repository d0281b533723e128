"""Phases `sites` and `vines`: one founder, two joiners who know an address and a token, two ViNes."""

from __future__ import annotations

import time

from .pairs import unreachable
from .processes import wait_until
from .router import VR
from .stage import Stage
from .topology import NWU, PU, SPACE, UF
from .views import Identity

VINES = {1: "physics", 2: "biology"}
CONVERGENCE_MAX = 20.0
"""Seconds in which every VR has to know every host (a healthy mesh needs about two)."""


def build_sites(stage: Stage) -> None:
    """Namespaces, and a leak watch that has shown that it sees."""
    stage.topology.build()
    stage.watch.start()
    unseen = stage.watch.prove_it_sees()
    detail = f"control packets not seen from {', '.join(unseen)}" if unseen else "saw a control packet on every leg"
    stage.report.check("the underlay is watched for clear virtual packets", not unseen, detail)
    _nothing_gets_in(stage)


def _nothing_gets_in(stage: Stage) -> None:
    """PU's gateway: no packet from outside reaches it or what is behind it."""
    connect = ["curl", "-s", "--connect-timeout", "0.7", "-o", "/dev/null", f"telnet://{PU.endpoint}:2247"]
    ping_gateway = ["ping", "-c", "1", "-W", "0.7", PU.endpoint]
    jobs = [lambda a=argv: stage.runner.run(a, ns=stage.topology.vr(UF)) for argv in (connect, ping_gateway)]
    tcp, icmp = stage.runner.together(jobs)
    # curl 28: timed out. Anything else (7: refused) would mean that the gateway answered.
    stage.report.check("PU's gateway lets nothing in", tcp.code == 28 and not icmp.ok, "TCP 2247 and ping from UF")


def found_mesh(stage: Stage, vrs: dict[str, VR]) -> None:
    """`init` on UF, `invite` and `join` for the others; blocks come from the registry."""
    stage.vrs |= vrs
    uf = stage.vrs["uf"]
    begun = time.monotonic()
    uf.init("demo", UF.name, UF.hosts_wanted, UF.endpoint).needed("vine-mesh init")
    uf.start()
    stage.report.check("UF founds the mesh", True, f"init and daemon up in {time.monotonic() - begun:.1f} s")
    for site in (NWU, PU):
        begun = time.monotonic()
        token = stage.tokens[site.name] = uf.invite(site)
        vr = stage.vrs[site.name]
        vr.join(token).needed(f"vine-mesh join at {site.name}")
        vr.start()
        known = f"token of {len(token)} characters; join and daemon up in {time.monotonic() - begun:.1f} s"
        stage.report.check(f"{site.name.upper()} joins with a token alone", True, known)
    _blocks(stage)
    _roles(stage)


def _blocks(stage: Stage) -> None:
    """Each site has one block that is large enough, disjoint from the others', and in no configuration."""
    found: dict[str, Identity] = {}

    def all_there() -> bool:
        found.update({name: vr.identity() for name, vr in stage.vrs.items()})
        return all(identity.blocks for identity in found.values())

    wait_until(all_there, 10, 0.2)
    faults = []
    for site in stage.topology.sites:
        if not found[site.name].blocks:
            raise RuntimeError(f"{site.name} has no block: no host can be connected")
        block = found[site.name].blocks[0]
        others = [b for name, identity in found.items() if name != site.name for b in identity.blocks]
        if not block.subnet_of(SPACE) or block.num_addresses < site.hosts_wanted + 3:
            faults.append(f"{site.name} got {block} for {site.hosts_wanted} hosts")
        if any(block.overlaps(other) for other in others):
            faults.append(f"{site.name}'s {block} overlaps another site's")
        if str(block.network_address) in stage.vrs[site.name].config.read_text():
            faults.append(f"{site.name}'s block stands in its configuration")
        stage.topology.give_block(site, block)
    told = ", ".join(f"{name} {identity.blocks[0]}" for name, identity in found.items())
    stage.report.check("the registry allocates a disjoint block to each site", not faults, "; ".join(faults) or told)


def _roles(stage: Stage) -> None:
    """Public or limited is found out, not configured (except UF, which declares its endpoint)."""
    wanted = {site.name: "limited" if site.limited else "public" for site in stage.topology.sites}
    wait_until(lambda: all(stage.vrs[name].role()[0] == role for name, role in wanted.items()), 15, 0.3)
    found = {name: vr.role() for name, vr in stage.vrs.items()}
    told = "; ".join(f"{name} {role}{f' ({why})' if why else ''}" for name, (role, why) in found.items())
    stage.report.check("each VR knows its role", all(found[n][0] == role for n, role in wanted.items()), told)


def create_vines(stage: Stage) -> None:
    """Two ViNes over the same VRs, then every VR learns of every host."""
    uf = stage.vrs["uf"]
    for vine in VINES.values():
        uf.ask("vine", "create", vine)
    for site in (NWU, PU):
        for vine in VINES.values():
            stage.vrs[site.name].ask_when_known("vine", "join", vine)
    for host in stage.topology.hosts:
        stage.vrs[host.site.name].ask_when_known("host", "add", host.alias, "--vine", VINES[host.number])
    listed = [vr.ask("vine", "list") for vr in stage.vrs.values()]
    everywhere = all(vine in text for text in listed for vine in VINES.values())
    stage.report.check("two ViNes share the mesh", everywhere, "physics and biology listed at each VR")
    begun = time.monotonic()
    vrs = list(stage.vrs.values())
    wait = ["wait", "--converged", "--timeout", "20"]
    outcomes = stage.runner.together([lambda v=vr: v.tool(*wait, "--socket", str(v.socket), timeout=25) for vr in vrs])
    refused = [f"{vr.name}: {o.line}" for vr, o in zip(vrs, outcomes, strict=True) if not o.ok]
    stage.report.check("every VR reports convergence", not refused, "; ".join(refused) or "vine-mesh wait --converged")
    wait_until(lambda: not unreachable(stage), CONVERGENCE_MAX, 0.2)
    seconds, silent = time.monotonic() - begun, unreachable(stage)
    detail = f"silent: {', '.join(silent)}" if silent else "last host added until all pairs talk"
    stage.report.figure("convergence", seconds, "s", CONVERGENCE_MAX, "lower", detail)


def show_status(stage: Stage) -> None:
    """The screen that an operator sees, for each VR."""
    for site in stage.topology.sites:
        stage.console.note(f"--- vine-mesh status at {site.name.upper()} ---")
        print(stage.vrs[site.name].ask("status").rstrip(), flush=True)


def stop_all(stage: Stage) -> None:
    """SIGTERM ends a VR cleanly and takes its rules and its gateway alias along."""
    codes = dict(zip(stage.vrs, stage.runner.together([vr.stop for vr in stage.vrs.values()]), strict=True))
    ends = {name: "killed after 10 s" if code is None else f"exit {code}" for name, code in codes.items()}
    wrong = [f"{name}: {end}" for name, end in ends.items() if end != "exit 0"]
    stage.report.check("SIGTERM ends every VR with exit 0", not wrong, ", ".join(wrong))
    traces = [f"{name}: {trace}" for name, vr in stage.vrs.items() for trace in vr.traces()]
    stage.report.check("a stopped VR leaves no rule and no alias", not traces, "; ".join(traces))
