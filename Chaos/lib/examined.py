"""Phase `doctor`: faults of a machine, its hosts and its rules, each named by `vine-mesh doctor` with what mends it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress

from .processes import wait_until
from .stage import Stage
from .topology import Host


def examined(stage: Stage) -> None:
    """UF is made ill in one way after another; each time the doctor is asked, and the fault is mended."""
    site, (first, second) = stage.vrs["uf"], [host for host in stage.topology.hosts if host.site.name == "uf"][:2]
    code, findings = _ask(stage)
    told = _worst(findings)
    stage.report.check("doctor finds nothing wrong at a site that is well", code == 0 and not told, told or "exit 0")
    hosts = [text for check, level, text, _ in findings if check == "hosts" and level == "ok"]
    stage.report.check("doctor asks the hosts, on which nothing runs", hosts != [], "; ".join(hosts) or "no answer")
    route, alias = _route(stage, first), f"{first.alias}/{_prefix(stage, first)}"
    faults: list[tuple[str, Callable[[], object], Callable[[], object], str, str, str]] = [
        (
            "a host without its route",
            lambda: stage.runner.ip(first.ns, [f"route del {route}"]),
            lambda: stage.runner.ip(first.ns, [f"route add {route}"]),
            "hosts",
            "warning",
            f"{first.alias} has its alias and no route",
        ),
        (
            "a host without its alias",
            lambda: stage.runner.ip(first.ns, [f"addr del {alias} dev eth"]),
            lambda: stage.runner.ip(first.ns, [f"addr add {alias} dev eth", f"route replace {route}"]),
            "hosts",
            "warning",
            f"nobody on the site's network has {first.alias}",
        ),
        (
            "two hosts with one alias",
            lambda: stage.runner.ip(second.ns, [f"addr add {first.alias}/32 dev eth"]),
            lambda: stage.runner.ip(second.ns, [f"addr del {first.alias}/32 dev eth"]),
            "hosts",
            "error",
            f"{first.alias} was given to several hosts",
        ),
        (
            "a network of Docker's in the virtual space",
            lambda: stage.runner.ip(site.ns, ["link add docker0 type bridge", "addr add 172.17.0.1/16 dev docker0", "link set docker0 up"]),
            lambda: stage.runner.ip(site.ns, ["link del docker0"]),
            "space",
            "error",
            "172.17.0.0/16",
        ),
    ]
    before = _rules(stage, site.ns)
    for what, make, mend, check, level, text in faults:
        make()
        try:
            code, findings = _ask(stage)
        finally:
            mend()
        found = [finding for finding in findings if finding[:2] == (check, level) and text in finding[2]]
        right = bool(found) and bool(found[0][3]) and code == (1 if level == "error" else 0)
        told = f"exit {code}: {found[0][2]}; mend: {found[0][3]}" if found else f"exit {code}: {_worst(findings) or 'nothing'}"
        stage.report.check(f"doctor names {what}, and what mends it", right, told)
    for flush in (["iptables", "-w", "-t", "raw", "-F", "VINE-OUT-2247"], ["nft", "flush", "ruleset"]):
        stage.runner.run(flush, ns=site.ns, check=True)
        began = time.monotonic()
        back = wait_until(lambda: len(_rules(stage, site.ns)) == len(before), 20, 0.05)
        told = f"{time.monotonic() - began:.2f} s" if back else f"{len(_rules(stage, site.ns))} of {len(before)} rules"
        stage.report.check(f"`{' '.join(flush)}` by somebody else: the VR's rules come back", back, told)
    wait_until(lambda: not _worst(_ask(stage)[1]), 15, 0.5)
    code, findings = _ask(stage)
    stage.report.check("after the mends nothing is wrong", code == 0 and not _worst(findings), _worst(findings) or "exit 0")


def _rules(stage: Stage, ns: str) -> list[str]:
    """Rules of the VR's own chains, and what leads to them."""
    tables = [stage.runner.run(["iptables", "-w", "-t", table, "-S"], ns=ns).out for table in ("raw", "filter")]
    return [line for text in tables for line in text.splitlines() if line.startswith("-A") and "VINE-" in line]


def _ask(stage: Stage) -> tuple[int, list[tuple[str, str, str, str]]]:
    """Exit code and findings: check, level, text, mend."""
    vr = stage.vrs["uf"]
    outcome = vr.tool("doctor", "--json", "--socket", str(vr.socket), timeout=40)
    with suppress(ValueError, KeyError):
        lines = json.loads(outcome.out)["findings"]
        return outcome.code, [(line["check"], line["level"], line["text"], line.get("mend", "")) for line in lines]
    return outcome.code, [("doctor", "error", outcome.line, "")]


def _worst(findings: list[tuple[str, str, str, str]]) -> str:
    """What is more than a notice."""
    return "; ".join(f"{check}: {text}" for check, level, text, _ in findings if level in ("warning", "error"))


def _route(stage: Stage, host: Host) -> str:
    """The host's route for the virtual space."""
    lines = stage.runner.run(["ip", "route", "show"], ns=host.ns).out.splitlines()
    return next(line.strip() for line in lines if line.startswith("172.16.0.0/12"))


def _prefix(stage: Stage, host: Host) -> str:
    lines = stage.runner.run(["ip", "-4", "-o", "addr", "show", "dev", "eth"], ns=host.ns).out.split()
    return next(word.split("/")[1] for word in lines if word.startswith(f"{host.alias}/"))
