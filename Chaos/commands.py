#!/usr/bin/python3
"""`make test-commands`: every command of `vine-mesh`, typed on a terminal, over real VRs: screen, exit code, JSON.

Three VRs of the paper's Figure 3 and guests that join run in network namespaces. What there is to type comes from the program's
own description of itself: a command that is not typed here fails the test, and so does one that a document has and this has not.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from lib import sandbox  # noqa: E402
from lib.operator import Operator, options  # noqa: E402
from lib.own_mesh import OwnMesh  # noqa: E402
from lib.processes import wait_until  # noqa: E402
from lib.programs import needs_build, needs_root  # noqa: E402
from lib.report import Console, Report  # noqa: E402
from lib.router import VR  # noqa: E402
from lib.shell import Runner  # noqa: E402
from lib.topology import FIGURE_3  # noqa: E402

REPOSITORY = Path(__file__).resolve().parent.parent
SECONDS_MAX = 180.0
NOBODY = "65534"
PASSPHRASE = "correct horse battery staple"
NO_SOCKET = "/nonexistent.sock"
HOME = b"\x1b[H"
"""With what each picture of --watch begins."""

ARGUMENTS = {
    "name": "physics", "new-name": "particles", "address": "172.16.0.11", "site": "nwu", "block": "172.16.0.0/24",
    "source": "172.16.0.11", "destination": "172.16.1.11", "file": "/nonexistent/file", "--vine": "physics", "--hosts": "9",
}
"""What is typed where a command needs something, and will not come so far as to use it."""


@dataclass
class Scene:
    """What all parts of the test work with."""

    report: Report
    console: Console
    mesh: OwnMesh
    operator: Operator
    folder: Path
    guests: dict[str, VR] = field(default_factory=dict)

    @property
    def uf(self) -> VR:
        return self.mesh.vrs["uf"]

    @property
    def nwu(self) -> VR:
        return self.mesh.vrs["nwu"]

    @property
    def pu(self) -> VR:
        return self.mesh.vrs["pu"]

    def address(self, name: str, number: int) -> str:
        return str(next(iter(self.mesh.vrs[name].identity().blocks))[number])

    def passphrase(self, text: str = PASSPHRASE) -> str:
        path = self.folder / f"passphrase-{len(text)}"
        path.write_text(f"{text}\n")
        return str(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, default=REPOSITORY / ".build/release", help="folder of the built programs")
    parser.add_argument("--report", type=Path, default=REPOSITORY / "reports/commands.json", help="where the report goes")
    arguments = parser.parse_args()
    if stop := needs_root("test-commands") or needs_build("test-commands", arguments.bin):
        print(f"commands: {stop[1]}", file=sys.stderr)
        return stop[0]
    console = Console()
    report = Report("commands", console)
    for run in sandbox.sweep(Runner()):
        console.note(f"removed what an earlier run that was killed left: {run}")
    try:
        with sandbox.Sandbox.of_one_run(report, "commands", False) as box:
            play(report, console, box, arguments.bin.resolve())
    except sandbox.Interrupted as interrupt:
        report.check("the test runs to its end", False, f"interrupted by {interrupt}")
    except Exception as error:
        report.check("the test runs to its end", False, f"{type(error).__name__}: {error}")
    report.figure("the whole test without the build", console.seconds, "s", SECONDS_MAX, "lower")
    print(f"\n{report.table()}\n", flush=True)
    report.write(arguments.report)
    return 0 if report.holds else 1


def play(report: Report, console: Console, box: sandbox.Sandbox, binaries: Path) -> None:
    mesh = OwnMesh("cm", box.processes, binaries, box.prefix, FIGURE_3, hosts=1)
    scene = Scene(report, console, mesh, Operator(report, box.processes, binaries), box.folder)
    console.phase("help", "what every command says of itself, and to what it does not know")
    helps(scene)
    try:
        console.phase("mesh", "uf and nwu public, pu behind NAT")
        mesh.found()
        for act in (no_daemon, founds, joins, builds, views, explains, follows, measures, authority, reloads, watches, may_not, examines, stands_still, takes_away, recovers):
            console.phase(act.__name__, act.__doc__ or "")
            act(scene)
        covers(scene)
    except Exception:
        for vr in mesh.vrs.values():
            console.note(f"the log of {vr.name} ends with\n{vr.log()[-1500:]}")
        raise
    finally:
        for vr in [*mesh.vrs.values(), *scene.guests.values()]:
            if vr.daemon and vr.daemon.running:
                vr.daemon.popen.send_signal(signal.SIGCONT)
            vr.stop()


# Without a mesh


def helps(scene: Scene) -> None:
    operator, runner = scene.operator, scene.mesh.processes.runner
    faults: list[str] = []
    narrow = ["env", "COLUMNS=80", operator.program]
    answers = runner.together([lambda n=name: runner.run([*narrow, *n.split(), "--help"]) for name in operator.leaves])
    count = 0
    for name, answer in zip(operator.leaves, answers, strict=True):
        lines = answer.out.splitlines()
        examples = [line.strip() for line in lines if line.startswith("  vine-mesh ")]
        if not answer.ok or answer.err or not answer.out.startswith("OVERVIEW: "):
            faults.append(f"{name} --help: exit {answer.code}: {answer.line}")
        if not examples and name != "help":
            faults.append(f"{name}: no example")
        for line in examples:
            path, wrong = operator.documented.followed(line, operator.tool)
            count += 1
            if wrong or " ".join(path) != name:
                faults.append(f"{name}: {line}: {wrong or 'is another command'}")
        faults += [f"{name}: {len(line)} columns: {line}" for line in lines if len(line) > 100 and not line.startswith("USAGE")]
    scene.report.check("--help of every command has an example of that command", not faults, "; ".join(faults[:4]) or f"{len(answers)} commands, {count} examples")
    answers = runner.together([lambda n=name: runner.run([operator.program, *n.split(), "--frobnicate"]) for name in operator.leaves if name != "help"])
    faults = [f"{' '.join(a.argv[1:])}: exit {a.code}: {a.err.strip()[:120]}" for a in answers if a.code != 64 or a.out or not _is_one_line(a.err, "")]
    scene.report.check("an option that a command has not: exit 64 and one line", not faults, "; ".join(faults[:4]) or f"{len(answers)} commands")


def _is_one_line(text: str, pattern: str) -> bool:
    """What is wrong, and the mend."""
    return text.count("\n") == 1 and re.match(rf"vine-mesh: .*{pattern}.*: .+", text) is not None


def no_daemon(scene: Scene) -> None:
    """every command that asks the daemon, without one; help and version"""
    operator, runner = scene.operator, scene.mesh.processes.runner
    asking = {name: leaf for name, leaf in operator.leaves.items() if "--socket" in options(leaf) and "--config" not in options(leaf)}
    jobs = []
    for name, leaf in asking.items():
        words = [*name.split(), "--socket", NO_SOCKET]
        for one in leaf.get("arguments", []):
            title = one["valueName"] if one["kind"] == "positional" else "--" + one["names"][0]["name"]
            if not one.get("isOptional") and title in ARGUMENTS:
                words += [ARGUMENTS[title]] if one["kind"] == "positional" else [title, ARGUMENTS[title]]
        known = options(leaf)
        words += ["--yes"] if "--yes" in known else []
        words += ["--passphrase-file", scene.passphrase()] if "--passphrase-file" in known else []
        words += ["--converged", "--timeout", "300ms"] if name == "wait" else []
        if name == "ca import":
            words[words.index(ARGUMENTS["file"])] = scene.passphrase()
        jobs.append(lambda w=words: runner.run([operator.program, *w]))
    answers = runner.together(jobs)
    operator.codes |= {answer.code for answer in answers}
    faults = [f"{' '.join(a.argv[1:4])}: exit {a.code}: {a.err.strip()[:120]}" for a in answers if a.code != 3 or a.out or not _is_one_line(a.err, "not running")]
    scene.report.check("no daemon: exit 3 and one line of every command that asks it", not faults, "; ".join(faults[:4]) or f"{len(answers)} commands")
    operator.types(scene.uf, f"status --socket {NO_SOCKET}", r"^vine-mesh: vine-meshd is not running at /nonexistent.sock: start", code=3)
    operator.types(scene.uf, "version", r"^vine-mesh \d+\.\d+\.\d+")
    operator.types(scene.uf, "help vine create", r"^USAGE: vine-mesh vine create <name>", r"^Examples:", token=True)
    operator.types(scene.uf, "vine", r"create +Creates a ViNe")
    operator.types(scene.uf, "frobnicate", r"frobnicate", code=64)


# A mesh grows


def guest(scene: Scene, name: str, leg: int) -> VR:
    """A machine that is in no mesh yet."""
    vr = VR(scene.mesh.processes, f"cm-{name}", scene.mesh.topology.attach(name, leg), scene.mesh.binaries)
    scene.guests[name] = vr
    return vr


def founds(scene: Scene) -> None:
    """init"""
    operator, vr = scene.operator, guest(scene, "lone", 9)
    line = "init --mesh scratch --site lone --hosts 10 --lan lan --endpoint 198.18.9.2"
    operator.types(vr, line, r"^mesh scratch \(\w{8}\) is founded; site lone has block 172\.16\.0\.0/28$", r"^next: vine-meshd --config", token=True)
    operator.types(vr, line, r"holds a VR already: use another --state", code=1, token=True)
    operator.types(vr, "init --mesh Scratch --site lone", r"`Scratch` is no name of a mesh: use 1 to 63", code=64)
    operator.types(vr, "init --mesh scratch --site lone --hosts 0", r"'0' is invalid", code=64)
    operator.document(guest(scene, "alone", 10), line)


def joins(scene: Scene) -> None:
    """invite and join"""
    operator = scene.operator
    screen = operator.types(scene.uf, "invite osaka --hosts 20 --expires 12h", r"^vine1\w{100}", token=True)
    token = scene.folder / "token"
    token.write_text("".join(screen.split()) + "\n")
    osaka, kyoto = guest(scene, "osaka", 11), guest(scene, "kyoto", 12)
    bar = r"\[[#.]{20}\] \d of 5 s"
    line = f"join --lan lan --token-file {token}"
    operator.types(osaka, line, r"^site osaka is in mesh cm \(\w{8}\) with block 172\.16\.", r"^next: vine-meshd ", bar=bar, token=True)
    osaka.start()
    operator.types(kyoto, line, r"used by another VR: ask for a new token|used", code=1, token=True)
    operator.types(kyoto, "join --lan lan", r"one token is needed: give it as `-`", code=64)
    operator.types(kyoto, "join --lan lan -", r"is no token|not a token|token", answers=(("^Token:", "hello\n"),), code=64, token=True)
    document = operator.document(scene.uf, "invite kyoto --hosts 5")
    assert isinstance(document, dict)
    shutil.rmtree(kyoto.state, ignore_errors=True)
    token.write_text(f"{document['token']}\n")
    runner = scene.mesh.processes.runner
    runner.ip(kyoto.ns, ["link set wan down"])
    operator.types(kyoto, f"{line} --timeout 2s", r"vine-mesh: ", bar=bar, code=1, token=True)
    terminal = operator.sits(kyoto, f"{line} --timeout 30s")
    waits = terminal.wait_for(bar)
    fault = operator.interrupts(terminal)
    left = re.search(bar, terminal.text)
    terminal.close()
    scene.report.check("kyoto: Ctrl-C ends a join that waits, and takes the bar away", waits and not fault and not left, fault or "exit 130")
    runner.ip(kyoto.ns, ["link set wan up", "route add default via 198.18.12.1"])
    shutil.rmtree(kyoto.state, ignore_errors=True)
    operator.document(kyoto, line)
    kyoto.start()
    operator.types(scene.uf, "invite osaka", r"there is a site osaka already: choose another name", code=1, token=True)
    operator.types(scene.uf, "wait --converged --timeout 30s")


def builds(scene: Scene) -> None:
    """ViNes, hosts, blocks"""
    operator, uf, nwu, pu = scene.operator, scene.uf, scene.nwu, scene.pu
    hosts = {name: scene.address(name, 10) for name in ("uf", "nwu", "pu")}
    operator.types(uf, f"vine create physics --host {hosts['uf']}", r"^ViNe physics is created with id 1$", rf"^{hosts['uf']} is in physics$")
    operator.types(uf, "vine create physics", r"there is a ViNe physics already: take part with `vine-mesh vine join physics`", code=1)
    operator.types(uf, "vine create 9x", r"`9x` is no name: use 1 to 63", code=64)
    operator.document(uf, "vine create biology")
    for vr in (nwu, pu):
        vr.ask_when_known("vine", "join", "biology")
    operator.types(nwu, f"vine join physics --host {hosts['nwu']}", r"^this site takes part in ViNe physics$")
    operator.document(pu, "vine join physics")
    operator.types(uf, "vine rename biology botany", r"^ViNe biology is called botany from now on$")
    operator.document(uf, "vine rename botany biology")
    operator.types(pu, f"host add {hosts['pu']} --vine physics", rf"^{hosts['pu']} is in physics$")
    operator.document(pu, f"host add {hosts['pu']} --vine biology")
    operator.types(pu, "host add 10.0.0.1 --vine physics", r"10\.0\.0\.1 is in no block of site pu: choose an address in 172", code=1)
    operator.types(pu, "host add 10.0.0 --vine physics", r"10\.0\.0", code=64)
    question = r"take .* out of ViNe biology\? \[y/N\] $"
    remove = f"host remove {hosts['pu']} --vine biology"
    operator.types(pu, f"{remove} --dry-run", rf"^would take {hosts['pu']} out of ViNe biology$")
    operator.types(pu, remove, r"nothing was done: answer y", code=1, answers=((question.rstrip(" $"), "n\n"),))
    operator.types(pu, remove, rf"^{hosts['pu']} is in physics$", answers=((question.rstrip(" $"), "y\n"),))
    pu.ask("host", "add", hosts["pu"], "--vine", "biology")
    operator.document(pu, f"{remove} --yes")
    refused = operator.pipes(pu, remove)
    scene.report.check("pu: nobody to ask, no --yes: exit 64", refused.code == 64 and "give --yes" in refused.err, refused.err.strip())
    for site in FIGURE_3:
        host = scene.mesh.topology.host(site, 1)
        operator.types(scene.mesh.vrs[site.name], f"host setup {hosts[site.name]} --interface eth", r"^ip addr(ess)? add 172\.16\.\S+ dev eth", r"^ip route ")
        scene.mesh.set_up(host, next(iter(scene.mesh.vrs[site.name].identity().blocks))[10])
    operator.types(uf, f"host setup {hosts['uf']} --os dnsmasq", r"^dhcp-option")
    operator.types(uf, "host setup 10.1.1.1", r"is in no block of site uf", code=1)
    operator.types(uf, "block request --hosts 60", r"^this site has block 172\.\S+/26, gateway 172\.")
    second = next(str(block) for block in uf.identity().blocks if block.prefixlen == 26)
    operator.types(uf, f"block release {second}", rf"^block {second} is given back$", answers=((r"\[y/N\]", "y\n"),))
    document = operator.document(uf, "block request --hosts 5 --vine physics")
    assert isinstance(document, dict)
    operator.document(uf, f"block release {document['block']} --yes")
    operator.types(uf, "block request --hosts 0", r"'0' is invalid", code=64)
    operator.types(uf, "block release 172.16.99.0/24 --yes", r"is no block of this site: see `vine-mesh block list`", code=1)


def views(scene: Scene) -> None:
    """everything that only looks: two widths, colours, pipe, JSON"""
    operator, uf, pu = scene.operator, scene.uf, scene.pu
    late = scene.mesh.converged()
    scene.report.check("the mesh settles", not late, "; ".join(late))
    row = r"^{} +\w{{5}}-\w{{5}} +up +{} "
    operator.looks(uf, "status", r"^mesh +cm \(\w{8}\), space 172\.16\.0\.0/12$", r"^VR +uf, ", r"^role +public: declared in configuration$", r"^VRs +5 of 5 up", r"^consensus +(leader|follower of \w+), term \d+, \d of \d voters up \(quorum \d\)", r"^certificate +8\d days left$", r"^own block ", r"^physics +1 +1 +\w{8} +3/3 VRs at v")
    operator.looks(pu, "status", r"^role +limited: ", r"^queue-VR +(uf|nwu|osaka|kyoto) for ")
    operator.looks(uf, "status peers", row.format("nwu", "public") + "+direct 198", row.format("pu", "limited"))
    operator.looks(uf, "peer list", row.format("osaka", "public"))
    operator.looks(uf, "status map", row.format("uf", "public") + "+this VR", r"^(between|no link is measured yet)")
    operator.looks(uf, "status vines", r"^physics +1 +uf +nwu, pu, uf +yes +1 ")
    operator.looks(uf, "vine list", r"^biology +2 +uf ")
    operator.looks(uf, "vine show physics", r"^physics +1 +uf ")
    operator.types(uf, "vine show nothing", r"the mesh has no ViNe nothing: see `vine-mesh vine list`", code=1)
    operator.looks(uf, "status gndt", r"^GNDT of physics \(id 1\), v", rf"^{scene.address('nwu', 10)} +nwu +\w{{5}}-")
    operator.looks(pu, "status lndt", rf"^{scene.address('pu', 10)} +physics$")
    operator.looks(pu, "host list", rf"^{scene.address('pu', 10)} +physics$")
    operator.looks(uf, "status blocks", r"^172\.16\.0\.0/24 +uf +\S+ +yes +all ViNes$")
    operator.looks(uf, "block list", r"^172\.16\.\S+ +osaka +\S+ +no ")
    operator.looks(uf, "status voters", r"^uf +\S+ +(leader|voter) +up ", r"^quorum \d reached$")
    operator.looks(uf, "status links", r"^uf +nwu +direct 198\.18\.2\.2:2247 ")
    operator.looks(pu, "status relay --why", r"^role: limited", r"^queue-VR: ", r"^candidate ", r"^through ")
    operator.looks(pu, "relay show --why", r"^through +peer ")
    operator.types(uf, "relay show", r"^serves|^serves no limited-VR")
    operator.types(uf, "status peers --why", r"--why goes with `status relay`", code=64)
    operator.looks(uf, "status queues", r"^2247 +\d+ +0 +\d+$")
    operator.looks(uf, "status certs", r"^this VR +uf +8\d days left$", r"^mesh \w{8}; the authority's key is on this machine, without a passphrase", r"^renewed in \d+ days by uf$")
    operator.looks(uf, "status drops", r"^reason +total|nothing")
    operator.types(uf, "status nothing", r"'?nothing'? is invalid|nothing", code=64)


def explains(scene: Scene) -> None:
    """explain: delivered 0, dropped 5; events with and without --follow"""
    operator, uf = scene.operator, scene.uf
    near, far = scene.address("uf", 10), scene.address("nwu", 10)
    operator.looks(uf, f"explain {near} {far}", r"^uf +LNDT ", rf"^{near} -> {far} is delivered in ViNe physics$")
    stranger = scene.address("nwu", 99)
    operator.types(uf, f"explain {near} {stranger}", rf"^{near} -> {stranger} is dropped: noGNDTEntry", r"^  mend: ", code=5)
    operator.document(uf, f"explain {near} {stranger}", code=5)
    operator.types(uf, "explain here there", r"here", code=64)


def follows(scene: Scene) -> None:
    """events"""
    operator, uf = scene.operator, scene.uf
    operator.types(uf, "events --kind session --level info", r"^\d{4}-\d\d-\d\dT\S+ +\w+ +session\.established ", token=True)
    operator.types(uf, "events --kind nothing", r"no event is of the kind `nothing`", code=64)
    lines = operator.pipes(uf, "events --json --since 10m").out.splitlines()
    bad = [fault for line in lines[:200] for fault in scene.operator.faults(line)]
    if scene.report.check("uf: vine-mesh events --json: a document a line, as its schema says", bool(lines) and not bad, "; ".join(bad[:3]) or f"{len(lines)} lines"):
        operator.told.add("events")
    terminal = operator.sits(uf, "events --follow --since 1s")
    terminal.wait_for("^nothing to wait for$", 0.5)
    uf.ask("host", "add", scene.address("uf", 20), "--vine", "physics")
    uf.ask("invite", "fresh", "--hosts", "3")
    uf.ask("reload")
    sees = terminal.wait_for(r"configuration read again")
    fault = operator.interrupts(terminal)
    terminal.close()
    scene.report.check("uf: vine-mesh events --follow shows what happens; Ctrl-C", sees and not fault, fault or "exit 130")
    uf.ask("host", "remove", scene.address("uf", 20), "--yes")


def measures(scene: Scene) -> None:
    """relay probe, pin, unpin; check"""
    operator, uf, pu = scene.operator, scene.uf, scene.pu
    rate = r"^[\d.]+ Mbit/s to nwu, [\d.]+ Mbit/s from nwu, \d+ % sure"
    operator.types(uf, "relay probe nwu", rate, bar=r"\[[#.]{20}\] \d of 8 s")
    operator.document(uf, "relay probe nwu")
    operator.types(uf, "relay probe nobody", r"there is no site nobody: see", code=1)
    operator.types(pu, "relay pin nwu", r"^the queue-VR is to be nwu$")
    operator.document(pu, "relay pin nwu")
    moved = wait_until(lambda: "queue-VR: nwu" in pu.ask("relay", "show"), 15, 0.3)
    scene.report.check("pu: the queue-VR is the pinned one", moved, "")
    operator.types(pu, "relay unpin", r"^the queue-VR is chosen by measured links$")
    operator.document(pu, "relay unpin")
    operator.types(uf, "check --clients 4 --seconds 2", r"^\d+ decisions in 2\.\d s, \d+ a second; median [\d.]+ ms", bar=r"\[[#.]{20}\] \d of 2 s")
    operator.document(uf, "check --seconds 1")
    operator.types(uf, "check --clients 1000", r"a check has 1 to 256 clients", code=64)


def authority(scene: Scene) -> None:
    """ca: passphrases on a terminal and from files"""
    operator, uf, nwu = scene.operator, scene.uf, scene.nwu
    first, again = ("Passphrase:", f"{PASSPHRASE}\n"), ("Again:", f"{PASSPHRASE}\n")
    terminal = operator.sits(uf, "ca protect")
    asked = terminal.wait_for("Passphrase: ?") and not terminal.has_echo
    fault = operator.interrupts(terminal)
    terminal.close()
    scene.report.check("uf: Ctrl-C while a passphrase is asked for gives the echo back", asked and not fault, fault or "exit 130")
    backup = scene.folder / "authority.backup"
    operator.types(uf, "ca lock", r"lies on the disk as it is: run `vine-mesh ca protect` first", code=1)
    operator.types(uf, "ca protect", r"the two passphrases differ: try again", code=64, answers=(first, ("Again:", "battery\n")), hides="horse", token=True)
    operator.types(uf, "ca protect", r"key is under a passphrase, and in use until the next start", answers=(first, again), hides="horse")
    operator.types(uf, "ca lock", r"^the daemon has forgotten the authority's key$")
    operator.types(uf, "ca unlock", r"the passphrase is not the one", code=5, answers=(("Passphrase:", "battery\n"),), hides="battery")
    operator.types(uf, "ca unlock", r"^the authority's key is in use$", answers=(first,), hides="horse")
    operator.types(uf, f"ca export {backup}", rf"the authority's key is in \S+, under the passphrase$", answers=(first, again), hides="horse", token=True)
    mode = backup.stat().st_mode & 0o777 if backup.exists() else 0
    scene.report.check("uf: the exported key is for root alone", mode == 0o600, f"{mode:o}")
    operator.types(uf, f"ca export {backup}", r"exists: name another file", code=64, token=True)
    operator.types(nwu, f"ca import {backup}", r"^this VR holds the authority's key, under the passphrase$", answers=(first,), hides="horse")
    operator.types(nwu, "ca remove --dry-run", r"^would take the authority's key off this machine", token=True)
    operator.types(nwu, "ca remove", r"^the authority's key is off this machine$", answers=((r"\[y/N\]", "y\n"),), token=True)
    file = f"--passphrase-file {scene.passphrase()}"
    operator.document(uf, f"ca protect {file}")
    operator.document(uf, "ca lock")
    operator.document(uf, f"ca unlock {file}")
    operator.document(uf, f"ca export {backup}2 {file}")
    operator.document(nwu, f"ca import {backup}2 {file}")
    operator.document(nwu, "ca remove --yes")


def reloads(scene: Scene) -> None:
    """reload: applied, waiting, refused"""
    operator, nwu = scene.operator, scene.nwu
    good = nwu.config.read_text()
    operator.types(nwu, "reload", r"^nothing changed$")
    nwu.config.write_text(f"{good}logLevel: debug\nport: 2248\n")
    operator.types(nwu, "reload", r"^changed: logLevel$", r"^needs a restart of vine-meshd: port$")
    nwu.config.write_text(f"{good}colour: blue\n")
    operator.types(nwu, "reload", r"config.yaml:\d+:\d+.*colour", code=78, token=True)
    nwu.config.write_text(good)
    operator.document(nwu, "reload")


def watches(scene: Scene) -> None:
    """--watch: pictures one over the other, Ctrl-C"""
    operator, uf = scene.operator, scene.uf
    arguments = {"vine show": "physics"}
    for name, leaf in operator.leaves.items():
        if "--watch" not in options(leaf):
            continue
        terminal = operator.sits(uf, f"{name} {arguments.get(name, '')} --watch", columns=100, rows=8)
        redrawn = terminal.wait_for_raw(HOME, 3)
        fault = operator.interrupts(terminal)
        rows = len(terminal.text.splitlines())
        cut = name != "status" or "more lines" in terminal.text
        terminal.close()
        holds = redrawn and not fault and rows <= 8 and cut
        scene.report.check(f"uf: vine-mesh {name} --watch on a terminal of 8 rows: redrawn, Ctrl-C ends it", holds, fault or f"exit 130, {rows} rows")
    terminal = operator.sits(uf, "vine list --watch")
    begins = terminal.wait_for("^physics ")
    uf.ask("vine", "create", "temporary")
    comes = terminal.wait_for("^temporary ")
    uf.ask("vine", "delete", "temporary", "--yes")
    goes = terminal.wait_until(lambda: "temporary" not in terminal.text)
    fault = operator.interrupts(terminal)
    terminal.close()
    scene.report.check("uf: vine-mesh vine list --watch shows a ViNe come and go", begins and comes and goes and not fault, fault)


def may_not(scene: Scene) -> None:
    """a user who may not: exit 77"""
    # Where anybody may go: the folder of the build may be a private one.
    program = Path(shutil.copy(scene.operator.program, scene.folder / "vine-mesh"))
    program.chmod(0o755)
    drop = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]
    whole, scene.operator.program = scene.operator.program, str(program)
    try:
        scene.operator.types(scene.uf, "status", r"no permission to use \S+: run the command as root", code=77, before=drop, token=True)
        scene.operator.types(scene.uf, "vine create theirs", r"no permission to use \S+", code=77, before=drop, token=True)
    finally:
        scene.operator.program = whole


def examines(scene: Scene) -> None:
    """doctor: well, and with a fault"""
    operator, nwu = scene.operator, scene.nwu
    operator.looks(nwu, "doctor", r"^ok +space +no other route", r"^ok +mesh ", r"^nothing is wrong$")
    operator.types(nwu, "doctor", r"^ok +hosts +1 of 1 hosts", bar=r"\[[#.]{20}\] \d of 2 s|waiting for the hosts")
    runner = scene.mesh.processes.runner
    runner.ip(nwu.ns, ["link add docker0 type bridge", "addr add 172.17.0.1/16 dev docker0", "link set docker0 up"])
    operator.types(nwu, "doctor", r"^ERROR +space +the route 172\.17\.0\.0/16", r"^ +mend: ", r"^1 errors", code=1)
    operator.document(nwu, "doctor", code=1)
    runner.ip(nwu.ns, ["link del docker0"])


def stands_still(scene: Scene) -> None:
    """all other VRs stand still: exit 4"""
    operator, uf = scene.operator, scene.uf
    others = [vr for vr in (scene.nwu, scene.pu, scene.guests["osaka"], scene.guests["kyoto"]) if vr.daemon]
    for vr in others:
        os.kill(vr.daemon.pid, signal.SIGSTOP)  # type: ignore[union-attr]
    try:
        near = scene.address("uf", 10)
        far = next(line["first"] for line in _entries(uf.fetch("gndt")) if line["site"] == "nwu")
        probe = operator.sits(uf, "relay probe nwu")
        operator.types(uf, f"explain {near} {far}", r"whether it is delivered is not known", code=4)
        operator.document(uf, f"explain {near} {far}", code=4)
        operator.types(uf, "vine create never --timeout 2s", r"vine-mesh: .*", code=4, token=True)
        doubted = wait_until(lambda: uf.fetch("status")["vrs"]["suspect"] > 0, 30, 0.1)  # type: ignore[index,call-overload]
        scene.report.check("uf: the others are suspected", doubted, "")
        waiting = operator.sits(uf, "wait --converged --timeout 60s")
        operator.types(uf, "wait --converged --timeout 1s", r"vine-mesh: not converged after 1\.\d s, waiting for ", code=4, bar=r"^waiting for ", token=True)
        shows = waiting.wait_for(r"^waiting for ")
        told = wait_until(lambda: "no quorum" in uf.ask("status"), 30, 0.5)
        scene.report.check("uf: status says that nothing can be decided", told, "")
        operator.types(uf, "status", r"no quorum: nothing can be", r"^warning: ")
        code = probe.ended(70)
        scene.report.check("uf: vine-mesh relay probe nwu: nothing comes back, exit 4", code == 4 and "was not measured" in probe.text, probe.text.splitlines()[-1])
        probe.close()
    finally:
        for vr in others:
            os.kill(vr.daemon.pid, signal.SIGCONT)  # type: ignore[union-attr]
    code = waiting.ended(60)
    scene.report.check("uf: vine-mesh wait --converged shows what it waits for, and then nothing", shows and code == 0 and not waiting.text.strip(), f"exit {code}")
    waiting.close()


def _entries(document: object) -> list[dict[str, str]]:
    return [entry for table in document["tables"] for entry in table["entries"]]  # type: ignore[index]


def takes_away(scene: Scene) -> None:
    """leave, delete, revoke, reclaim"""
    operator, uf, nwu, pu = scene.operator, scene.uf, scene.nwu, scene.pu
    operator.types(pu, "vine leave biology --dry-run", r"^would leave ViNe biology with 0 own hosts in it$")
    operator.types(pu, "vine leave biology", r"^this site takes no part in ViNe biology any more$", answers=((r"\[y/N\]", "y\n"),))
    operator.document(nwu, "vine leave biology --yes")
    operator.types(uf, "vine delete biology", r"^ViNe biology is deleted$", answers=((r"delete ViNe biology, in which uf takes part\? \[y/N\]", "y\n"),))
    uf.ask("vine", "create", "again")
    operator.document(uf, "vine delete again --yes")
    operator.types(uf, "vine delete again --yes", r"the mesh has no ViNe again", code=1)
    operator.types(uf, "peer reclaim nwu --yes", r"the VR of nwu is up: its hosts would be cut off: stop its vine-meshd", code=1, token=True)
    operator.types(uf, "peer revoke osaka --dry-run", r"^would revoke the VR of site osaka, which cannot be undone$")
    operator.types(uf, "peer revoke osaka", r"^the VR of osaka is revoked$", r"`vine-mesh peer reclaim osaka`", answers=((r"\[y/N\]", "y\n"),))
    operator.types(uf, "peer reclaim osaka", r"^\d+ blocks of osaka are kept free for a day$", answers=((r"\[y/N\]", "y\n"),))
    operator.document(uf, "peer revoke kyoto --yes")
    operator.document(uf, "peer reclaim kyoto --yes")
    operator.types(uf, "peer revoke nobody --yes", r"there is no site nobody: see `vine-mesh peer list`", code=1)


def recovers(scene: Scene) -> None:
    """recover, at the end: it begins another epoch"""
    operator, uf = scene.operator, scene.uf
    operator.types(uf, "recover --mesh cm --yes", r"vine-mesh: .*", code=1, token=True)
    uf.stop()
    operator.types(uf, "recover --mesh cm --dry-run", r"^would begin epoch 2 with site uf as the only voter, without ")
    operator.document(uf, "recover --mesh cm --quarantine 1h --dry-run", says=r"^would begin epoch 2")
    operator.types(uf, "recover --mesh cm", r"^epoch 2 begins: site uf votes alone", r"^next: start vine-meshd here", answers=((r"\[y/N\]", "y\n"),))
    operator.types(uf, f"recover --mesh cm --state /nonexistent --socket {NO_SOCKET}", r"holds no VR: run `vine-mesh init`", code=78)
    uf.start()
    operator.types(uf, "status voters", r"^uf +\S+ +leader ")


# What was left out


def covers(scene: Scene) -> None:
    operator, report = scene.operator, scene.report
    left = sorted(set(operator.leaves) - set(operator.driven))
    report.check("every command of vine-mesh was typed on a terminal", not left, ", ".join(left) or f"{len(operator.leaves)} commands, {sum(operator.driven.values())} times")
    silent = sorted(name for name, leaf in operator.leaves.items() if "--json" in options(leaf) and name not in operator.told)
    report.check("every command with --json gave a document of its schema", not silent, ", ".join(silent) or f"{len(operator.told)} commands")
    groups = {" ".join(name.split()[:1]) for name in operator.leaves if " " in name}
    lines = operator.documented.lines()
    foreign = [f"{path.name}: {line}" for path, line in lines if (name := " ".join(operator.documented.followed(line, operator.tool)[0])) not in operator.driven and name not in groups]
    report.check("every command line of the documents is one of these", not foreign and len(lines) > 50, "; ".join(foreign[:5]) or f"{len(lines)} lines")
    page = (REPOSITORY / "docs/man/vine-mesh.1").read_text()
    table = page[page.index(".SH EXIT STATUS") : page.index(".SH FILES")]
    codes = {int(code) for code in re.findall(r"^(\d+)\t", table, re.M)}
    unseen, unknown = sorted(codes - operator.codes), sorted(operator.codes - codes)
    report.check("every exit code of the man page was seen, and no other", not unseen and not unknown, f"not seen: {unseen}, not documented: {unknown}" if unseen or unknown else ", ".join(map(str, sorted(codes))))


if __name__ == "__main__":
    sys.exit(main())
