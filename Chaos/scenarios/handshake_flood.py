"""50,000 handshake frames a second from addresses that are nobody's, at the VR that all others were told of.

What is there goes on: a flow through the VR keeps its rate, its daemon grows by little. And who comes gets in: a VR that
starts again, and one that joins, have a session with it while the flood lasts. The lines are cables: the emulated ones are
narrower than the flood.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable

from lib import flooder
from lib.grown import Size
from lib.processes import Program, processor_ticks, wait_until
from lib.programs import iperf
from lib.report import Report
from lib.router import VR
from lib.topology import SPACE, Site
from lib.trial import Trial

ABOUT = "50,000 handshakes a second from nobody, while traffic flows and VRs come"
SIMULATED = None
"""The gate in front of handshakes is the data plane's."""
ON_REQUEST = True
SIZE = Size(4, 1, shape="")
LOAD = {"transfers": 0, "flows": 0}
VICTIM, SOURCE, RETURNING = "s1", "s2", "s3"
RATE, RATE_MIN = 50_000, 45_000
PACED = "100M"
STARTS = 5
KEPT_MIN, GROWTH_MAX, SESSION_MAX = 0.9, 32.0, 5.0
FLOOD_MAX = 90.0


def play(trial: Trial) -> None:
    trial.clerk.stop()
    victim = trial.mesh.vrs[VICTIM]
    trial.tag = victim.fetch("status")["mesh"]["meshId"]
    newcomer = Site("s9", 9, 20)
    token = victim.invite(newcomer)
    trial.calm = [_starts_again(trial) for _ in range(3)]
    trial.settle()
    trial.alone, trial.alone_unpaced = _flow(trial, "-b", PACED), _flow(trial)
    before, memory = victim.metrics(), _kilobytes(victim)
    flood = _flood(trial, FLOOD_MAX)
    kernel, busy = _kernel(trial), processor_ticks(victim.daemon.pid)
    begun = time.monotonic()
    trial.beside = _flow(trial, "-b", PACED)
    trial.busy = (processor_ticks(victim.daemon.pid) - busy) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - begun)
    trial.overflown = {name: count - kernel.get(name, 0) for name, count in _kernel(trial).items()}
    trial.note(f"{trial.busy:.2f} processors, {trial.overflown}")
    trial.unpaced = _flow(trial)
    trial.starts = [_starts_again(trial) for _ in range(STARTS)]
    trial.joined = _joins(trial, newcomer, token)
    trial.grown = (_kilobytes(victim) - memory) / 1024
    trial.box.processes.end(flood)
    trial.flood = json.loads(flood.last_line()) if flood.last_line().startswith("{") else {"failed": flood.last_line()}
    after = victim.metrics()
    moved = {key.split('"')[1]: after[key] - before.get(key, 0) for key in after if key.startswith("vine_drops")}
    trial.moved = {reason: count for reason, count in moved.items() if count}
    trial.note(f"{trial.flood}; {trial.moved}")
    trial.settle()


def _flood(trial: Trial, seconds: float) -> Program:
    endpoint = trial.mesh.underlay.site(VICTIM).endpoint
    words = ["--target", endpoint, "--tag", trial.tag, "--rate", str(RATE), "--seconds", str(seconds)]
    program = trial.box.processes.start("flood", [sys.executable, flooder.__file__, *words], trial.mesh.underlay.ns("inet"))
    trial.pause(3)
    return program


def _flow(trial: Trial, *flags: str) -> float:
    """Mbit/s of TCP between hosts, through the VR that is flooded."""
    hosts = {host.site.name: host for host in trial.mesh.hosts if host.number == 1}
    trial.port = getattr(trial, "port", 6000) + 1
    return iperf(trial.box.processes, hosts[SOURCE], hosts[VICTIM], "-t", "6", *flags, port=trial.port).mbps


def _starts_again(trial: Trial) -> float:
    """Seconds from the start of a VR that was killed until it has a session with the flooded one."""
    vr = trial.mesh.vrs[RETURNING]
    vr.kill()
    return _session(trial, vr, vr.launch)


def _session(trial: Trial, vr: VR, launch: Callable[[], object]) -> float:
    begun = time.monotonic()
    launch()
    found = wait_until(lambda: _has_session(vr), 30, 0.02)
    took = time.monotonic() - begun if found else float("inf")
    trial.note(f"{vr.name} has a session with {VICTIM} after {took:.2f} s; {vr.daemon.last_line() if not found else ''}")
    return took


def _has_session(vr: VR) -> bool:
    try:
        return any(peer["site"] == VICTIM and peer.get("cipher") for peer in vr.fetch("peers")["peers"])
    except (OSError, ValueError):
        return False


def _joins(trial: Trial, site: Site, token: str) -> float:
    """A VR that was never here, on the machine of another one that is gone for good (its rules hold on: hosts still send)."""
    old = trial.mesh.vrs[RETURNING]
    trial.gone.add(RETURNING)
    old.kill()
    trial.box.runner.run(["ip", "-n", old.ns, "addr", "flush", "dev", "lan", "to", str(SPACE)], check=True)
    vr = VR(trial.box.processes, site.name, old.ns, old.binaries)
    begun = time.monotonic()
    vr.join(token).needed("vine-mesh join in the flood")
    trial.note(f"{site.name} has joined after {time.monotonic() - begun:.2f} s")
    took = _session(trial, vr, vr.launch)
    vr.kill()
    return took


def _kernel(trial: Trial) -> dict[str, int]:
    """What the kernel counts of UDP in the flooded VR's namespace."""
    text = trial.box.runner.run(["nstat", "-asz", "--json"], ns=trial.mesh.vrs[VICTIM].ns, check=True).out
    counts = json.loads(text)["kernel"]
    return {name: counts[name] for name in ("UdpInDatagrams", "UdpRcvbufErrors")}


def _kilobytes(vr: VR) -> int:
    with open(f"/proc/{vr.daemon.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def claims(trial: Trial, report: Report) -> None:
    told = ", ".join(f"{reason} {count:.0f}" for reason, count in sorted(trial.moved.items()))
    report.figure("frames of the flood a second", trial.flood.get("a second", 0), "/s", RATE_MIN, detail=str(trial.flood))
    report.check("the VR asked them for cookies", trial.moved.get("cookieNeeded", 0) > RATE, told)
    report.figure("a paced flow beside the flood keeps", trial.beside / trial.alone, "of its rate", KEPT_MIN, detail=f"of {trial.alone:.0f} Mbit/s")
    lost = f"its socket's buffer overflowed {trial.overflown['UdpRcvbufErrors']} times, for {trial.overflown['UdpInDatagrams']} datagrams"
    report.observe("the flooded daemon uses", trial.busy, "processors", "lower", f"the flow's work included; {lost}")
    told = f"of {trial.alone_unpaced:.0f} Mbit/s; the flood is made by one of the same processors"
    report.observe("a flow as fast as it can keeps", trial.unpaced / trial.alone_unpaced, "of its rate", detail=told)
    report.figure("the daemon's memory grows by", trial.grown, "MB", GROWTH_MAX, "lower")
    told = f"without the flood {statistics.median(trial.calm):.2f} s; all: {', '.join(f'{took:.2f}' for took in trial.starts)}"
    report.figure("a VR that starts again has a session after", max(trial.starts), "s", SESSION_MAX, "lower", told)
    report.figure("a VR that joins has a session after", trial.joined, "s", SESSION_MAX, "lower", "from its daemon's start")
