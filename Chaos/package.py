#!/usr/bin/env python3
"""`make test-deb`: the package in clean Debian machines with systemd, from apt-get install to purge.

Two sites in network namespaces that lead nowhere else. What is typed is what docs/tutorial.md says, block by block. Writes
reports/deb.json and removes all it made; the clean root is kept in .build-deb for the next run.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
import zlib
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from lib.freeze import thread_named  # noqa: E402
from lib.machine import Machine, clean_root  # noqa: E402
from lib.ping import longest_gap, ping, start_pinging  # noqa: E402
from lib.processes import wait_until  # noqa: E402
from lib.programs import needs_root  # noqa: E402
from lib.report import Console, Report  # noqa: E402
from lib.sandbox import Interrupted, Sandbox  # noqa: E402
from lib.shell import Runner  # noqa: E402

REPOSITORY = Path(__file__).resolve().parent.parent
BUILT = REPOSITORY / ".build-deb"
COMMANDS_MAX = 5
INTERRUPTION_MAX = 2.0
INTERVAL = 0.05
SITES = ("uf", "pu")
# systemd-nspawn shows a machine the interfaces of another namespace in /sys, where doctor looks for the MTU.
MISLED = {"mtu"}
FAR = {"uf": "172.16.1.11", "pu": "172.16.0.11"}
# From 172.16.9.9 to 172.31.255.254, an address that no block here has.
CONTROL_PACKET = (
    "import socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('eth0', 0)); "
    "s.send(bytes.fromhex('ffffffffffff' '020000000001' '0800' '4500001c0000000040fd0000ac100909ac1ffffe') + bytes(8))"
)
# What a machine writes by itself while it runs and installs.
OF_THE_SYSTEM = re.compile(
    r"(run|proc|sys|dev|tmp|root|var/(log|tmp|cache|lib/(dpkg|apt|systemd|dbus|ucf))|etc/(machine-id|resolv\.conf|mtab|hostname))(/|$)"
    r"|etc/(passwd|group|shadow|gshadow|subuid|subgid|\.pwd\.lock|\.updated|ld\.so\.cache)-?$|var/\.updated$"
)


class Stage:
    """Namespaces and machines."""

    def __init__(self, box: Sandbox, report: Report, tarball: Path) -> None:
        self.box, self.report, self.runner = box, report, box.runner
        self.ns = {place: f"{box.prefix}-{place}" for site in SITES for place in (f"vr-{site}", f"host-{site}")}
        self._cable()
        self.machines = {site: Machine(site, self.ns[f"vr-{site}"], box.processes, tarball) for site in SITES}

    def _cable(self) -> None:
        runner = self.runner
        for name in self.ns.values():
            runner.ip(None, [f"netns add {name}"])
            runner.ip(name, ["link set lo up"])
            runner.run(["sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0"], ns=name, check=True)
        vr, host = ([self.ns[f"{kind}-{site}"] for site in SITES] for kind in ("vr", "host"))
        runner.ip(None, [f"link add eth0 netns {vr[0]} type veth peer name eth0 netns {vr[1]}"])
        for number, (router, of_site) in enumerate(zip(vr, host, strict=True), 1):
            runner.ip(None, [f"link add eth1 netns {router} type veth peer name eth0 netns {of_site}"])
            other = f"198.18.0.{3 - number}"
            runner.ip(
                router,
                [f"addr add 198.18.0.{number}/24 dev eth0", "link set eth0 up", f"addr add 192.168.{number}.1/24 dev eth1",
                 "link set eth1 up", f"route add default via {other}"],
            )
            runner.ip(of_site, [f"addr add 192.168.{number}.9/24 dev eth0", "link set eth0 up"])
            # A machine that forwards: only the VR's rules are between the hosts' packets and the underlay.
            runner.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"], ns=router, check=True)

    def pings(self, site: str, count: int = 3) -> bool:
        return ping(self.runner, self.ns[f"host-{site}"], FAR[site], count=count, interval=0.2).all_back


def blocks(text: str) -> dict[str, list[str]]:
    """The tutorial's commands by place: fences whose info string is `sh PLACE`."""
    return {place: body.strip().splitlines() for place, body in re.findall(r"^```sh (\S+)\n(.*?)^```", text, re.M | re.S)}


def tutorial(stage: Stage, deb: Path) -> None:
    """Exactly the commands of the page, and how many a site needs."""
    page = blocks((REPOSITORY / "docs/tutorial.md").read_text())
    for site in SITES:
        machine = stage.machines[site]
        (machine.root / "root" / deb.name).write_bytes(deb.read_bytes())
        if site == "pu":
            token = stage.machines["uf"].root / "root/token"
            (machine.root / "root/token").write_bytes(token.read_bytes())
        for line in page[f"vr-{site}"]:
            typed = machine.shell(line, timeout=180)
            if not typed.ok:
                raise RuntimeError(f"tutorial, VR {site}: {line}: {typed.line}; {machine.journal()}")
        stage.report.figure(f"commands on the VR of {site}", len(page[f"vr-{site}"]), "commands", COMMANDS_MAX, "lower")
    for site in SITES:
        printed = stage.machines[site].run(["vine-mesh", "host", "setup", FAR[SITES[1 - SITES.index(site)]]])
        wanted = [line for line in printed.out.splitlines() if line.startswith("ip ")]
        told = [line.replace("<interface>", "eth0") for line in wanted]
        stage.report.check(f"the host's commands of {site} are those that `host setup` prints", told == page[f"host-{site}"], str(told))
        for line in page[f"host-{site}"]:
            stage.runner.run(["sh", "-c", line], ns=stage.ns[f"host-{site}"]).needed(f"tutorial, host of {site}: {line}")
    begun = time.monotonic()
    first = stage.runner.run(["sh", "-c", page["ping-uf"][0]], ns=stage.ns["host-uf"], timeout=30)
    stage.report.check("the first ping between hosts of two sites", first.ok, f"{first.out.splitlines()[-2] if first.ok else first.line}")
    stage.report.observe("time of the first pings", time.monotonic() - begun, "s", "lower")


def service(stage: Stage) -> None:
    """What systemd knows of the VR, and what runs."""
    for site, machine in stage.machines.items():
        shown = machine.run(["systemctl", "show", "vine-meshd@demo", "-p", "Type,SubState,StatusText,User,MainPID,WatchdogUSec"]).out
        fields = dict(line.split("=", 1) for line in shown.splitlines())
        fine = (fields["Type"], fields["SubState"], fields["User"]) == ("notify", "running", "vine-mesh")
        stage.report.check(f"systemd runs the VR of {site}: notify, watchdog, its own user", fine, shown.replace("\n", " "))
        status = lambda m=machine: m.run(["systemctl", "show", "vine-meshd@demo", "-p", "StatusText"]).out.strip()  # noqa: E731
        # Told each ten seconds.
        told = wait_until(lambda: "2 of 2 VRs up, quorum" in status(), 15, 0.5)
        stage.report.check(f"systemd shows what the VR of {site} is at", told, status())
        reload = machine.run(["systemctl", "reload", "vine-meshd@demo"])
        told = machine.run(["vine-mesh", "events", "--kind", "configuration.read", "--json"]).out
        stage.report.check(f"`systemctl reload` is read at {site}", reload.ok and '"configuration.read"' in told, reload.line)
        score = machine.run(["vine-mesh", "doctor", "--json"], timeout=40)
        bad = [f"{f}" for f in json.loads(score.out)["findings"] if f["level"] == "error" and f["check"] not in MISLED]
        stage.report.check(f"doctor finds no error at {site}", not bad, "; ".join(bad))
        left = machine.shell("ldd /usr/sbin/vine-meshd /usr/bin/vine-mesh /usr/bin/vine-sim | grep -E 'not found|swift'; vine-sim --version; vine-mesh version")
        stage.report.check(f"programs run without the toolchain at {site}", left.ok and "not found" not in left.out and "libswift" not in left.out, left.line)


def reference(stage: Stage) -> None:
    """Names of metrics that the page has, and those that a daemon gives."""
    machine = stage.machines["uf"]
    # By way of the machine's process table: its /run is a file system of its own.
    socket = f"/proc/{machine.leader}/root/run/vine-mesh/demo.sock"
    text = stage.runner.run(["curl", "-s", "--unix-socket", socket, "http://localhost/metrics"], check=True).out
    given = set(re.findall(r"^# TYPE (\S+)", text, re.M))
    page = set(re.findall(r"^\| `(vine_\w+)`", (REPOSITORY / "docs/reference/metrics.md").read_text(), re.M))
    # Only a limited-VR has a queue-VR, and only root may read what the kernel dropped.
    missing = page - given - {"vine_queue_vr_connected", "vine_kernel_dropped_packets_total"}
    stage.report.check("/metrics has what the reference has", not missing and not given - page, f"{len(given)} names; {missing | (given - page)}")
    lines = machine.run(["vine-mesh", "events", "--json"]).out.splitlines()
    events = [json.loads(line) for line in lines]
    known = set(re.findall(r"^\| `([a-zA-Z.]+)`", (REPOSITORY / "docs/reference/events.md").read_text(), re.M))
    told = {event["event"] for event in events}
    stage.report.check("events have ids of the reference", bool(told) and told <= known, ", ".join(sorted(told)))
    follower = stage.box.processes.start("events", machine.entering + ["vine-mesh", "events", "--follow", "--json", "--since", "1s", "--kind", "configuration"])
    time.sleep(1)
    machine.run(["systemctl", "reload", "vine-meshd@demo"], check=True)
    heard = wait_until(lambda: "configuration.read" in follower.out.read_text(), 5)
    stage.box.processes.end(follower)
    stage.report.check("`vine-mesh events --follow` tells what happens", heard, follower.last_line()[:120])


def completion(stage: Stage) -> None:
    """Completion in a real shell, with names that the daemon knows, and without a word where there is no daemon."""
    machine = stage.machines["uf"]
    ask = (
        "source /usr/share/bash-completion/bash_completion; source /usr/share/bash-completion/completions/vine-mesh; "
        'COMP_LINE="vine-mesh $*"; COMP_WORDS=(vine-mesh "$@"); COMP_CWORD=$#; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; COMP_KEY=9; '
        '_vine-mesh vine-mesh "${@: -1}" "${@: -2:1}"; printf "%s\\n" "${COMPREPLY[@]}"'
    )

    def completed(*words: str) -> list[str]:
        return [line.strip() for line in machine.run(["bash", "-c", ask, "bash", *words]).out.splitlines() if line.strip()]

    for words, wanted in ((["peer", "revoke", ""], "pu"), (["vine", "join", "ph"], "physics"), (["host", "remove", "172"], "172.16.0.11")):
        found = completed(*words)
        stage.report.check(f"TAB after `vine-mesh {' '.join(words)}` offers {wanted}", found == [wanted], str(found))
    machine.run(["systemctl", "stop", "vine-meshd@demo"])
    begun = time.monotonic()
    found = completed("peer", "revoke", "")
    took = time.monotonic() - begun
    stage.report.check("TAB without a daemon offers nothing, soon", not found and took < 3, f"{found}, {took:.2f} s")
    machine.run(["systemctl", "start", "vine-meshd@demo"], check=True)
    wait_until(lambda: stage.pings("uf", 1), 20, 0.2)


def watchdog(stage: Stage) -> None:
    """The control thread alone hangs: everything else lives, and the VR is started anew."""
    machine = stage.machines["pu"]
    folder = machine.root / "run/systemd/system/vine-meshd@.service.d"
    machine.shell(
        "mkdir -p /run/systemd/system/vine-meshd@.service.d && printf '[Service]\\nWatchdogSec=3\\n' > "
        "/run/systemd/system/vine-meshd@.service.d/quick.conf && systemctl daemon-reload && systemctl restart vine-meshd@demo"
    ).needed(f"a shorter watchdog in {folder}")
    (daemon,) = machine.pids_of("vine-meshd")
    time.sleep(6)
    stage.report.check("a VR at work is left alone by the watchdog", machine.pids_of("vine-meshd") == [daemon], str(daemon))
    thread = thread_named(daemon, "vine-control")
    begun = time.monotonic()
    freezer = stage.box.processes.start("freeze", [sys.executable, str(REPOSITORY / "Chaos/lib/freeze.py"), str(thread), "30"])
    new = lambda: [pid for pid in machine.pids_of("vine-meshd") if pid != daemon]  # noqa: E731
    again = wait_until(lambda: bool(new()), 25, 0.1)
    took = time.monotonic() - begun
    reason = machine.shell("journalctl -u vine-meshd@demo --no-pager | grep -i watchdog | tail -n 1")
    stage.report.check("a VR whose control thread hangs is started anew", again and "atchdog" in reason.out, f"{took:.1f} s: {reason.line}; {freezer.last_line()}")
    back = wait_until(lambda: stage.pings("uf", 1), 20, 0.2)
    stage.report.check("its hosts talk again", back)
    machine.shell("rm -r /run/systemd/system/vine-meshd@.service.d && systemctl daemon-reload && systemctl restart vine-meshd@demo").needed("the unit as it is")
    wait_until(lambda: stage.pings("uf", 1), 20, 0.2)


def upgrade(stage: Stage, deb: Path) -> None:
    """Both VRs, one after the other, while hosts talk and the underlay is watched."""
    watch = stage.box.processes.start(
        "leaks", ["tcpdump", "-i", "eth0", "-nn", "-l", "ip and net 172.16.0.0/12"], stage.ns["vr-uf"])
    wait_until(lambda: "listening on" in watch.err.read_text(), 10)
    # A frame past all rules proves that the watch sees.
    stage.runner.run([sys.executable, "-c", CONTROL_PACKET], ns=stage.ns["vr-uf"], check=True)
    for site, machine in stage.machines.items():
        (machine.root / "root" / deb.name).write_bytes(deb.read_bytes())
        (old,) = machine.pids_of("vine-meshd")
        # What a packet does whose way is not there must not be decided by what the machine remembers.
        running = [start_pinging(stage.box.processes, f"ping-{at}-{site}", stage.ns[f"host-{at}"], FAR[at], INTERVAL) for at in SITES]
        time.sleep(2)
        done = machine.run(["apt-get", "install", "-y", f"./{deb.name}"], timeout=180)
        done.needed(f"upgrade at {site}")
        time.sleep(3)
        gaps = []
        for program in running:
            gaps.append(longest_gap(program) - INTERVAL)
            stage.box.processes.end(program, 2)
        new = machine.pids_of("vine-meshd")
        stage.report.check(f"the VR of {site} runs the new program", len(new) == 1 and new != [old], f"{old}, then {new}")
        stage.report.figure(f"upgrade of {site}: tunnels interrupted", max(gaps), "s", INTERRUPTION_MAX, "lower", " and ".join(f"{gap:.2f}" for gap in gaps))
    stage.box.processes.end(watch, 2)
    seen = [line for line in watch.out.read_text().splitlines() if " IP " in line]
    stage.report.check("the watch on the underlay sees a packet in clear", any("172.31.255.254" in line for line in seen))
    leaks = [line for line in seen if "172.31.255.254" not in line]
    stage.report.check("no virtual packet went out in clear meanwhile", not leaks, "; ".join(leaks[:3]))


def removal(stage: Stage, before: dict[str, set[str]]) -> None:
    """What remove leaves, that the VR goes on when the package comes back, and what purge leaves."""
    for site, machine in stage.machines.items():
        # One VR was killed before: what it left is nobody's.
        if site == "pu":
            machine.run(["systemctl", "kill", "--signal=SIGKILL", "vine-meshd@demo"])
            machine.run(["systemctl", "stop", "vine-meshd@demo"])
        machine.run(["apt-get", "remove", "-y", "vine-mesh"], timeout=120).needed(f"remove at {site}")
        left = leftovers(machine)
        stage.report.check(f"remove at {site}: no process, rule, route or address stays", not left, "; ".join(left))
        files = {path for path in machine.files() - before[site] if not OF_THE_SYSTEM.match(path)}
        kept = {path for path in files if path.startswith(("etc/vine-mesh", "var/lib/vine-mesh"))}
        wants = {path for path in files if path.endswith(".wants/vine-meshd@demo.service")}
        deb_state = {path for path in files if "deb-systemd" in path}
        rest = files - kept - wants - deb_state
        stage.report.check(
            f"remove at {site}: configuration and keys stay, nothing else",
            not rest and "var/lib/vine-mesh/demo/identity.key" in kept and "etc/vine-mesh/demo/config.yaml" in kept, "; ".join(sorted(rest)))
    for site, machine in stage.machines.items():
        machine.shell("apt-get install -y ./vine-mesh_*+1_*.deb && systemctl enable --now vine-meshd@demo", timeout=180).needed(f"install again at {site}")
    back = wait_until(lambda: stage.pings("uf", 1), 30, 0.2)
    stage.report.check("installed again, the VRs go on as they were", back)
    for site, machine in stage.machines.items():
        machine.run(["apt-get", "purge", "-y", "vine-mesh"], timeout=120).needed(f"purge at {site}")
        files = {path for path in machine.files() - before[site] if not OF_THE_SYSTEM.match(path)}
        wanted = {"var/backups/vine-mesh", "var/backups/vine-mesh/demo-authority.key"} if site == "uf" else set()
        stage.report.check(f"purge at {site}: nothing stays{' but the authority’s key' if wanted else ''}", files == wanted and not leftovers(machine), "; ".join(sorted(files ^ wanted)))


def leftovers(machine: Machine) -> list[str]:
    """Of a VR, where none should be."""
    found = [f"process {pid}" for pid in machine.pids_of("vine-meshd")]
    rules = machine.run(["iptables-save"]).out.splitlines()
    found += [line for line in rules if "VINE" in line or "172.16" in line]
    found += [f"route {line}" for line in machine.run(["ip", "route"]).out.splitlines() if "172.16." in line or "blackhole" in line]
    found += [line.strip() for line in machine.run(["ip", "-4", "address"]).out.splitlines() if " 172.16." in line]
    return found + [str(path) for path in (machine.root / "run").glob("vine-mesh/*")]


def lint(runner: Runner, report: Report, deb: Path) -> None:
    """Debian's own judgement."""
    outcome = runner.run(["lintian", "--fail-on", "error,warning", "--tag-display-limit", "0", str(deb)], timeout=600)
    told = [line for line in outcome.out.splitlines() if line[:2] in ("E:", "W:")]
    report.check("lintian finds no error and no warning", outcome.ok, "; ".join(told[:6]) or outcome.line)


def next_version(runner: Runner, deb: Path, version: str, folder: Path) -> Path:
    """The same files under a higher version: dpkg replaces every one of them, as in any upgrade."""
    tree, made = folder / "second", folder / deb.name.replace(deb.name.split("_")[1], version)
    runner.run(["dpkg-deb", "--raw-extract", str(deb), str(tree)], timeout=300, check=True)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*$", f"Version: {version}", control.read_text(), flags=re.M))
    runner.run(["dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "--build", str(tree), str(made)], timeout=300, check=True)
    return made


def newest(version: str) -> Path:
    found = sorted(BUILT.glob(f"vine-mesh_{version}_*.deb"))
    if not found:
        raise RuntimeError(f"no package of version {version} in {BUILT}: run `make deb`")
    return found[-1]


def run(report: Report, options: argparse.Namespace) -> None:
    """All of it, in the order of a package's life."""
    version = re.search(r'current = "([^"]+)"', (REPOSITORY / "Sources/VineControl/SoftwareVersion.swift").read_text())
    assert version
    runner = Runner()
    first = newest(version[1])
    report.observe("size of the package", first.stat().st_size / 1e6, "MB", "lower", first.name)
    depends = runner.run(["dpkg-deb", "-f", str(first), "Depends"], check=True).out
    libraries = [part.split("|")[0].split()[0] for part in depends.split(",")]
    tarball = BUILT / f"debian-12-{zlib.crc32(' '.join(sorted(libraries)).encode()):08x}.tar"
    report.console.phase("machines", "two clean Debian 12, with the libraries that the package names")
    clean_root(runner, tarball, ["systemd", "systemd-sysv", "dbus", "iputils-ping", "bash-completion", "procps", *libraries])
    if not options.no_lint:
        lint(runner, report, first)
    with Sandbox.of_one_run(report, "test-deb", False) as box:
        second = next_version(runner, first, f"{version[1]}+1", box.folder)
        stage = Stage(box, report, tarball)
        for machine in stage.machines.values():
            machine.boot()
        try:
            before = {site: machine.files() for site, machine in stage.machines.items()}
            for name, about, body in (
                ("tutorial", "docs/tutorial.md, block by block", lambda: tutorial(stage, first)),
                ("service", "what systemd knows", lambda: service(stage)),
                ("reference", "names of metrics and events", lambda: reference(stage)),
                ("completion", "TAB with live names", lambda: completion(stage)),
                ("watchdog", "a control thread that hangs", lambda: watchdog(stage)),
                ("upgrade", "while hosts talk", lambda: upgrade(stage, second)),
                ("removal", "remove, install again, purge", lambda: removal(stage, before)),
            ):
                if name == "tutorial" or not options.only or name in options.only:
                    report.console.phase(name, about)
                    body()
        finally:
            for machine in stage.machines.values():
                machine.power_off()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path, default=REPOSITORY / "reports/deb.json")
    parser.add_argument("--no-lint", action="store_true", help="without lintian, which takes a minute")
    parser.add_argument("--only", action="append", help="this phase and the tutorial, without which there are no VRs; may be repeated")
    options = parser.parse_args()
    if refused := needs_root("test-deb"):
        print(refused[1], file=sys.stderr)
        return refused[0]
    report = Report("deb", Console())
    try:
        run(report, options)
    except Interrupted as signal:
        report.check("the run was not interrupted", False, str(signal))
    except Exception as error:  # noqa: BLE001
        report.check("the run came to its end", False, f"{type(error).__name__}: {error}")
    report.write(options.report)
    print(report.table())
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
