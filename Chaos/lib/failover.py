"""Phase `failover`: a site with two VRs loses the first one; its hosts keep their one route.

    host a -- [switch] -- lan [router a] wan -- [core] -- wan [router b] lan -- host b
                  `------ lan [router s] wan ----'
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from .ping import longest_gap, ping, seen_by, start_pinging
from .processes import wait_until
from .router import VR
from .stage import Stage

STILL_MAX = 3.0
"""Seconds from the first VR's death until its hosts are reached again."""
PAUSE = 0.05


class TwoVRs:
    """Namespaces and VRs: a and s at one site, b at another."""

    def __init__(self, stage: Stage, binaries: Path) -> None:
        self.stage, self.runner = stage, stage.runner
        prefix = stage.topology.prefix
        self.switch, self.core = f"{prefix}-fo-lan", f"{prefix}-fo-core"
        self.hosts = {name: f"{prefix}-fo-h{name}" for name in "ab"}
        self.routers = {name: f"{prefix}-fo-r{name}" for name in "asb"}
        self._build()
        self.vrs = {
            name: VR(stage.processes, f"failover-{name}", ns, binaries) for name, ns in self.routers.items()
        }
        self.addresses: dict[str, str] = {}

    def _build(self) -> None:
        for ns in (self.switch, self.core, *self.hosts.values(), *self.routers.values()):
            self.runner.ip(None, [f"netns add {ns}"])
            self.runner.ip(ns, ["link set lo up"])
        for ns in (self.switch, self.core):
            self.runner.ip(ns, ["link add bridge type bridge", "link set bridge up"])
        ends = [(self.switch, "ha", self.hosts["a"], "eth"), (self.switch, "a", self.routers["a"], "lan")]
        ends += [(self.switch, "s", self.routers["s"], "lan")]
        ends += [(self.core, name, ns, "wan") for name, ns in self.routers.items()]
        for bridge, port, ns, device in ends:
            self.runner.ip(None, [f"link add {device} netns {ns} type veth peer name {port} netns {bridge}"])
            self.runner.ip(bridge, [f"link set dev {port} master bridge", f"link set dev {port} up"])
            self.runner.ip(ns, [f"link set {device} up"])
        self.runner.ip(None, [f"link add eth netns {self.hosts['b']} type veth peer name lan netns {self.routers['b']}"])
        self.runner.ip(self.hosts["b"], ["link set eth up"])
        self.runner.ip(self.routers["b"], ["link set lan up"])
        for number, (name, ns) in enumerate(self.routers.items(), 1):
            subnet = 2 if name == "b" else 1
            self.runner.ip(ns, [f"addr add 198.18.0.{number}/24 dev wan", f"addr add 192.168.{subnet}.{number}/24 dev lan"])
            self.runner.run(["sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0"], ns=ns, check=True)
        for name, subnet in (("a", 1), ("b", 2)):
            self.runner.ip(self.hosts[name], [f"addr add 192.168.{subnet}.10/24 dev eth"])

    def found(self) -> None:
        """A mesh of three, a ViNe with a host at a and one at b, and s as a's second VR."""
        first, second, other = self.vrs["a"], self.vrs["s"], self.vrs["b"]
        first.init("failover", "a", 60, "198.18.0.1").needed("vine-mesh init")
        first.start()
        for number, vr in ((2, second), (3, other)):
            name = vr.name.removeprefix("failover-")
            vr.join(first.ask("invite", name, "--hosts", "60").strip()).needed("vine-mesh join")
            with vr.config.open("a") as file:
                file.write(f"endpoints: [198.18.0.{number}]\n")
            vr.start()
        if not wait_until(lambda: all(vr.identity().blocks for vr in self.vrs.values()), 20, 0.2):
            raise RuntimeError("not all sites got a block")
        first.ask("vine", "create", "lab")
        other.ask_when_known("vine", "join", "lab")
        for name in "ab":
            vr = self.vrs[name]
            address = str(vr.identity().blocks[0][10])
            self.addresses[name] = address
            vr.ask_when_known("host", "add", address, "--vine", "lab")
            commands = vr.ask("host", "setup", address, "--interface", "eth").splitlines()
            self.runner.ip(self.hosts[name], [command.removeprefix("ip ") for command in commands])
        for vr, line in ((first, "secondVR: s"), (second, "standsInFor: a")):
            with vr.config.open("a") as file:
                file.write(line + "\n")
            vr.ask("reload")

    @property
    def fail_over(self) -> dict[str, object]:
        return self.vrs["s"].view("status").get("failOver", {})

    def stands_in(self) -> bool:
        return bool(self.fail_over.get("standsIn"))


def fail_over(stage: Stage) -> None:
    site = TwoVRs(stage, stage.vrs["uf"].binaries)
    site.found()
    report = stage.report
    agreed = wait_until(lambda: bool(site.fail_over.get("isAgreed")) and not site.stands_in(), 15, 0.2)
    report.check("both VRs of the site agree, and the second stands by", agreed, str(site.fail_over))
    answer = ping(stage.runner, site.hosts["a"], site.addresses["b"], count=5)
    report.check("its host reaches the other site through the first VR", answer.all_back, answer.told)
    route = stage.runner.run(["ip", "route"], ns=site.hosts["a"]).out
    first = site.vrs["a"]
    _still(stage, site, "the first VR is killed", first.kill)
    report.check("the second VR stands in", site.stands_in(), str(site.fail_over))
    served = site.vrs["b"].explained(site.addresses["b"], site.addresses["a"])
    report.check("explain at the other site says that it is delivered", served[0] == "delivered", served[0])
    _still(stage, site, "the first VR comes back", lambda: first.start())
    back = wait_until(lambda: not site.stands_in(), 15, 0.2)
    report.check("the first VR has its hosts again", back, str(site.fail_over))
    time.sleep(4)
    wan = site.routers["a"]
    _still(stage, site, "the first VR loses the mesh, and not its hosts", lambda: stage.runner.ip(wan, ["link set wan down"]))
    report.check("the second VR stands in then, too", site.stands_in(), str(site.fail_over))
    _still(stage, site, "the first VR's line is back", lambda: stage.runner.ip(wan, ["link set wan up"]))
    wait_until(lambda: not site.stands_in(), 15, 0.2)
    time.sleep(4)
    _still(stage, site, "the first VR is stopped in order", first.stop)
    same = stage.runner.run(["ip", "route"], ns=site.hosts["a"]).out == route
    report.check("the host's routes are what they were", same, route.strip().replace("\n", "; "))
    codes = [site.vrs[name].stop() for name in "sb"]
    report.check("both others end in order", codes == [0, 0], str(codes))


def _still(stage: Stage, site: TwoVRs, what: str, fault: Callable[[], object]) -> None:
    """How long no ping is answered around the fault, from either side."""
    pingers = []
    for source, target in (("a", "b"), ("b", "a")):
        name = f"failover-{source}-{int(time.monotonic() * 1000)}"
        pingers.append(start_pinging(stage.processes, name, site.hosts[source], site.addresses[target], PAUSE))
    time.sleep(1)
    fault()
    time.sleep(5)
    for pinger in pingers:
        stage.processes.end(pinger)
    for pinger, way in zip(pingers, ("from its host", "to its host"), strict=True):
        told = f"{seen_by(pinger).received} answers"
        stage.report.figure(f"{what}: silence {way}", longest_gap(pinger), "s", STILL_MAX, "lower", told)
