"""Phase `restart`: a VR killed with SIGKILL fails closed, and comes back as itself within seconds."""

from __future__ import annotations

import time

from .ping import ping, seen_by, start_pinging
from .processes import Program, wait_until
from .stage import Stage
from .topology import NWU, PU, UF, Site

RESUME_MAX = 5.0
"""Seconds from the daemon's start until the first answer."""

GRACE = 0.3
"""Seconds after SIGKILL in which an answer that was already under way may still arrive."""


def restarts(stage: Stage) -> None:
    """Two rounds: a public VR, then the limited one with its TCP channel."""
    for site in (NWU, PU):
        _round(stage, site)


def _round(stage: Stage, site: Site) -> None:
    name, vr = site.name.upper(), stage.vrs[site.name]
    inside, outside = stage.topology.host(site, 1), stage.topology.host(UF, 1)
    before = vr.identity()
    pinger = start_pinging(stage.processes, f"ping-{site.name}", outside.ns, inside.alias)
    if not wait_until(lambda: seen_by(pinger).received >= 5, 5):
        stage.processes.end(pinger)
        raise RuntimeError(f"no traffic with {name} before its restart")
    leaks_before = len(stage.watch.leaks())
    vr.kill()
    killed = time.time()
    _fails_closed(stage, site, leaks_before)
    restarted = time.time()
    vr.launch()
    wait_until(lambda: _first_answer(pinger, restarted) is not None, 3 * RESUME_MAX, 0.05)
    first = _first_answer(pinger, restarted)
    stage.processes.end(pinger)
    while_dead = [stamp for stamp in seen_by(pinger).stamps if killed + GRACE < stamp < restarted]
    stage.report.check(f"nobody answers for the dead VR of {name}", not while_dead, f"{len(while_dead)} answers")
    seconds = first - restarted if first is not None else float(3 * RESUME_MAX)
    detail = "start of the daemon until the first answer" if first is not None else "no answer at all"
    stage.report.figure(f"restart of {name}: traffic resumes", seconds, "s", RESUME_MAX, "lower", detail)
    wait_until(vr.answers, 10)
    after = vr.identity()
    told = f"{after.node[:16]}, {', '.join(map(str, after.blocks))}"
    stage.report.check(f"restart of {name}: same identity and block", before == after, told)


def _fails_closed(stage: Stage, site: Site, leaks_before: int) -> None:
    """With the daemon dead the site's virtual packets reach its VR and go nowhere."""
    inside, outside = stage.topology.host(site, 1), stage.topology.host(UF, 1)
    received = lambda: _received_on_lan(stage, site)  # noqa: E731
    time.sleep(GRACE)
    arrived = received()
    answer = ping(stage.runner, inside.ns, outside.alias, count=8, interval=0.2, wait=0.5)
    arrived = received() - arrived
    leaks = stage.watch.leaks()[leaks_before:]
    closed = answer.sent == 8 and not answer.received and arrived >= answer.sent and not leaks
    told = f"{arrived} packets reached the dead VR, {answer.received} answered, none in clear on the wire"
    detail = "; ".join(leaks[:3]) or told
    stage.report.check(f"a dead VR fails closed ({site.name.upper()})", closed, detail)


def _received_on_lan(stage: Stage, site: Site) -> int:
    """Packets that the VR's LAN interface has received."""
    lines = stage.runner.run(["cat", "/sys/class/net/lan/statistics/rx_packets"], ns=stage.topology.vr(site)).out
    return int(lines or 0)


def _first_answer(pinger: Program, after: float) -> float | None:
    """Time of day of the first answer after a moment."""
    return next((stamp for stamp in seen_by(pinger).stamps if stamp > after), None)
