"""Phases `pairs` and `isolation`: who may talk talks, who may not is refused and counted with its reason."""

from __future__ import annotations

from collections import Counter

from .ping import Ping, ping
from .processes import wait_until
from .stage import Stage
from .topology import UF, Host

SENT = 3
"""Echo requests for each refused pair: enough to see that each one is counted."""


def unreachable(stage: Stage) -> list[str]:
    """Pairs of one ViNe without an answer to a single ping."""
    pairs = stage.pairs()
    jobs = [lambda p=pair: ping(stage.runner, p[0].ns, p[1].alias, count=1) for pair in pairs]
    answers = stage.runner.together(jobs)
    return [f"{a.name}>{b.name}" for (a, b), answer in zip(pairs, answers, strict=True) if not answer.all_back]


def all_pairs(stage: Stage, name: str = "host pairs of one ViNe that talk") -> None:
    """Every ordered pair within each ViNe, PU included."""
    pairs = stage.pairs()
    jobs = [lambda p=pair: ping(stage.runner, p[0].ns, p[1].alias, count=5) for pair in pairs]
    answers = stage.runner.together(jobs)
    silent = [f"{a.name}>{b.name} {r.told}" for (a, b), r in zip(pairs, answers, strict=True) if not r.all_back]
    talked = len(pairs) - len(silent)
    stage.report.figure(name, talked, "pairs", len(pairs), detail=", ".join(silent) or "5 of 5 pings each")


def isolation(stage: Stage) -> None:
    """Everything a VR has to drop, each time with the counter of its reason."""
    _strangers(stage)
    _not_for_us(stage)
    _explained(stage)


def _strangers(stage: Stage) -> None:
    """Hosts of different ViNes: no answer, and the VR that refused counts noGNDTEntry."""
    pairs = stage.strangers()
    before = drops(stage)
    jobs = [lambda p=pair: ping(stage.runner, p[0].ns, p[1].alias, count=SENT, wait=0.5) for pair in pairs]
    answers = stage.runner.together(jobs)
    talked = [f"{a.name}>{b.name}" for (a, b), answer in zip(pairs, answers, strict=True) if answer.received]
    refused = len(pairs) - len(talked)
    detail = f"talked: {', '.join(talked)}" if talked else "no answer in either direction"
    stage.report.figure("host pairs of different ViNes refused", refused, "pairs", len(pairs), detail=detail)
    expected = Counter({name: 0 for name in stage.vrs})
    for source, _ in pairs:
        expected[source.site.name] += SENT
    counted = grown(stage, before, "noGNDTEntry", expected)
    told = ", ".join(f"{name} {counted[name]} of {expected[name]}" for name in expected)
    complete = all(counted[name] >= expected[name] for name in expected)
    stage.report.check("each refusal is counted at the VR that refused (noGNDTEntry)", complete, told)


def _explained(stage: Stage) -> None:
    """`vine-mesh explain` says of every pair what becomes of its packets."""
    expected = [(pair, ("delivered", "")) for pair in stage.pairs()]
    expected += [(pair, ("dropped", "noGNDTEntry")) for pair in stage.strangers()]
    jobs = [lambda a=a, b=b: stage.vrs[a.site.name].explained(a.alias, b.alias) for (a, b), _ in expected]
    answers = stage.runner.together(jobs)
    wrong = [
        f"{a.name}>{b.name}: {' '.join(answer)}"
        for ((a, b), right), answer in zip(expected, answers, strict=True)
        if answer != right
    ]
    detail = "; ".join(wrong[:3]) or "as the pings found"
    stage.report.check(f"explain says what becomes of packets of {len(expected)} pairs", not wrong, detail)


def _not_for_us(stage: Stage) -> None:
    """A VR is no host and no Internet router, and a source outside the LNDT is nobody."""
    host = stage.topology.host(UF, 1)
    far = next(other for other in stage.members(1) if other.site != UF)
    block = stage.vrs["uf"].identity().blocks[0]
    _refused(stage, "a VR drops packets to its own virtual address", "toVirtualRouter", host, str(block[1]))
    outside = "198.18.2.2"
    route = ["ip", "route", "replace", f"{outside}/32", "via", str(block[1])]
    stage.runner.run(route, ns=host.ns, check=True)
    name = "nothing virtual is routed to the Internet"
    _refused(stage, name, "notVirtualDestination", host, outside, source=host.alias)
    stage.runner.run(["ip", "route", "del", f"{outside}/32"], ns=host.ns, check=True)
    unknown = str(block[10 + 99])
    stage.runner.run(["ip", "addr", "add", f"{unknown}/{block.prefixlen}", "dev", "eth"], ns=host.ns, check=True)
    name = "a source that is not in the LNDT is dropped"
    _refused(stage, name, "sourceNotInLNDT", host, far.alias, source=unknown)
    stage.runner.run(["ip", "addr", "del", f"{unknown}/{block.prefixlen}", "dev", "eth"], ns=host.ns, check=True)
    leaks = stage.watch.leaks()
    stage.report.check("what VRs refuse does not appear on the underlay", not leaks, "; ".join(leaks[:3]))


def _refused(
    stage: Stage, name: str, reason: str, host: Host, target: str, source: str | None = None
) -> None:
    """No answer, and UF's counter of the reason grew by at least the packets sent."""
    before = drops(stage)
    answer: Ping = ping(stage.runner, host.ns, target, count=SENT, wait=0.5, source=source)
    counted = grown(stage, before, reason, Counter({"uf": SENT}))["uf"]
    told = stage.vrs["uf"].explained(source or host.alias, target)
    holds = answer.sent == SENT and answer.received == 0 and counted >= SENT and told == ("dropped", reason)
    detail = f"{answer.told} answered, {counted} counted as {reason} at UF, explain says {' '.join(told)}"
    stage.report.check(name, holds, detail)


def drops(stage: Stage) -> dict[str, dict[str, int]]:
    """Drop counters of all VRs."""
    return {name: vr.drops() for name, vr in stage.vrs.items()}


def grown(
    stage: Stage, before: dict[str, dict[str, int]], reason: str, expected: Counter[str]
) -> dict[str, int]:
    """How much a counter grew at each VR; gives counters a second to be published."""

    def growth() -> dict[str, int]:
        return {name: now.get(reason, 0) - before[name].get(reason, 0) for name, now in drops(stage).items()}

    wait_until(lambda: all(growth()[name] >= count for name, count in expected.items()), 1.5, 0.2)
    return growth()
