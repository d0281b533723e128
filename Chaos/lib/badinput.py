"""Phase `badinput`: each mistake is answered by one line that names the mend and the right exit code."""

from __future__ import annotations

import re
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .processes import wait_until
from .router import VR
from .shell import Outcome
from .stage import Stage
from .topology import UF

FAILED, NOT_RUNNING, USAGE, PERMISSION, CONFIGURATION = 1, 3, 64, 77, 78
"""Exit codes of the two programs."""

NOBODY = "65534"
PORT = 2247
REFUSAL_MAX = 6.0
"""Seconds a daemon that cannot run has to say so."""

_TRACE = re.compile(r"Fatal error|crashed|[Bb]acktrace|Stack dump|\.swift:\d+|Segmentation|Illegal instr|Traceback")
_LOG_ONLY = re.compile(r"\b(trace|debug|info|notice)\b", re.I)


@dataclass(frozen=True)
class Mistake:
    """What was done wrong, how the program answered, and what a good answer has."""

    name: str
    outcome: Outcome
    codes: tuple[int, ...]
    mend: str

    def fault(self) -> str:
        """What is wrong with the answer; empty if it is good."""
        code, lines = self.outcome.code, error_lines(self.outcome.err)
        if _TRACE.search(self.outcome.err):
            return f"stack trace (exit {code}): {self.outcome.line}"
        if code not in self.codes:
            return f"exit {code} instead of {' or '.join(map(str, self.codes))}: {self.outcome.line}"
        if len(lines) != 1:
            return f"{len(lines)} lines instead of one: {' | '.join(lines)[:300]}"
        if not re.search(self.mend, lines[0], re.I):
            return f"does not name the mend (/{self.mend}/): {lines[0]}"
        return ""


def error_lines(text: str) -> list[str]:
    """Lines on standard error but for a daemon's log lines below warning."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    dated = re.compile(r"^\d{4}-\d\d-\d\dT")
    return [line for line in lines if not (dated.match(line) and _LOG_ONLY.search(line[:60]))]


def bad_inputs(stage: Stage) -> None:
    """All mistakes, made on a machine of their own; the three sites must not notice."""
    guest = stage.topology.attach("guest", 9)
    stranger = VR(stage.processes, "guest", guest, stage.vrs["uf"].binaries)
    founded = stranger.init("scratch", "guest", 10, UF.endpoint)
    if not founded.ok:
        raise RuntimeError(f"init of the scratch mesh: exit {founded.code}: {founded.line}")
    mistakes = [*_tokens(stage, stranger), *_configuration(stage, stranger), *_machine(stage, stranger), *_words(stage)]
    for mistake in mistakes:
        fault = mistake.fault()
        answer = (error_lines(mistake.outcome.err) or [""])[0]
        stage.report.check(mistake.name, not fault, fault or f"exit {mistake.outcome.code}: {answer}")
    _both_sides(stage)


def _tokens(stage: Stage, stranger: VR) -> Iterable[Mistake]:
    """Joins with tokens that must not open the mesh."""
    uf, used = stage.vrs["uf"], stage.tokens["nwu"]
    stranger.start()
    foreign = stranger.ask("invite", "lost", "--hosts", "10").strip()
    stranger.stop()
    expired = uf.ask("invite", "late", "--hosts", "10", "--expires", "1s").strip()
    changed = used[:40] + ("a" if used[40] != "a" else "b") + used[41:]
    time.sleep(1.5)
    cases = [
        ("a text that is no token", "hello", (FAILED, USAGE), r"token|invite"),
        ("a cut token", used[:-9], (FAILED, USAGE), r"cut|whole|complete|copy|copied|invite"),
        ("a changed token", changed, (FAILED, USAGE), r"cut|changed|copy|copied|invite"),
        ("an expired token", expired, (FAILED,), r"expired.*invite|invite.*expired"),
        ("a token used before", used, (FAILED,), r"used.*invite|invite.*used"),
        ("a token of another mesh", foreign, (FAILED,), r"mesh"),
    ]
    vrs = [VR(stage.processes, f"joiner{n}", stranger.ns, stranger.binaries) for n in range(len(cases))]
    # One after the other: they share the guest's port 2247.
    for vr, (name, token, codes, mend) in zip(vrs, cases, strict=True):
        yield Mistake(name, vr.join(token + "\n"), codes, mend)


def _configuration(stage: Stage, stranger: VR) -> Iterable[Mistake]:
    """Configurations and state folders that cannot be right."""
    bad = stranger.folder / "unknown-key.yaml"
    bad.write_text(stranger.config.read_text().rstrip("\n") + "\ncolour: blue\n")
    daemon = [str(stranger.binaries / "vine-meshd"), "--socket", str(stranger.socket)]
    own, state = ["--config", str(stranger.config)], ["--state", str(stranger.state)]
    outcome = refusal(stage, stranger.ns, [*daemon, "--config", str(bad), *state])
    yield Mistake("an unknown configuration key", outcome, (CONFIGURATION,), r":\d+:\d+.*colour")
    foreign = stranger.folder / "state-of-uf"
    shutil.copytree(stage.vrs["uf"].state, foreign, ignore=shutil.ignore_patterns("*.sock"))
    outcome = refusal(stage, stranger.ns, [*daemon, *own, "--state", str(foreign)])
    yield Mistake("the state folder of another VR", outcome, (CONFIGURATION, FAILED), r"state")
    mount = ["unshare", "-m", "sh", "-c", 'mount -o ro -t tmpfs none "$0" && exec "$@"', str(stranger.folder / "ro")]
    (stranger.folder / "ro").mkdir()
    outcome = refusal(stage, stranger.ns, [*mount, *daemon, *own, "--state", str(stranger.folder / "ro" / "state")])
    mend = r"writ|read-only|permission"
    yield Mistake("a state folder that cannot be written", outcome, (PERMISSION, CONFIGURATION), mend)


def _machine(stage: Stage, stranger: VR) -> Iterable[Mistake]:
    """A machine on which a VR cannot work."""
    daemon = [str(stranger.binaries / "vine-meshd"), *stranger.places]
    code = (
        f"import socket, time\nu = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(('', {PORT}))\n"
        f"t = socket.socket(); t.bind(('', {PORT})); t.listen(); time.sleep(600)"
    )
    holder = stage.processes.serve("port-holder", [sys.executable, "-c", code], stranger.ns, PORT)
    yield Mistake("the port is taken", refusal(stage, stranger.ns, daemon), (FAILED, CONFIGURATION), r"2247")
    stage.processes.end(holder, signal.SIGKILL)
    yield Mistake("not root", refusal(stage, stranger.ns, _as_nobody(stranger)), (PERMISSION,), r"root|CAP_NET")
    docker = ["link add docker0 type bridge", "addr add 172.17.0.1/16 dev docker0", "link set docker0 up"]
    for line in docker:
        stage.runner.run(["ip", "-n", stranger.ns, *line.split()], check=True)
    outcome = refusal(stage, stranger.ns, daemon)
    yield Mistake("a physical route inside the virtual space", outcome, (CONFIGURATION, FAILED), r"172\.17\.0\.0/16")
    stage.runner.run(["ip", "-n", stranger.ns, "link", "del", "docker0"])


def _as_nobody(stranger: VR) -> list[str]:
    """The daemon run by nobody, with copies of program, configuration and state that nobody may use."""
    home = stranger.folder / "nobody"
    home.mkdir()
    program = Path(shutil.copy(stranger.binaries / "vine-meshd", home / "vine-meshd"))
    program.chmod(0o755)
    config = Path(shutil.copy(stranger.config, home / "config.yaml"))
    state = Path(shutil.copytree(stranger.state, home / "state", ignore=shutil.ignore_patterns("*.sock")))
    for path in (home, config, state, *state.rglob("*")):
        shutil.chown(path, int(NOBODY), int(NOBODY))
    drop = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]
    return [*drop, str(program), "--config", str(config), "--state", str(state), "--socket", str(home / "control.sock")]


def _words(stage: Stage) -> Iterable[Mistake]:
    """The control tool used wrongly. A usage error may print its usage lines: they are not judged here."""
    uf = stage.vrs["uf"]
    silent = uf.tool("status", "--socket", "/nonexistent.sock")
    yield Mistake("no daemon behind the socket", silent, (NOT_RUNNING,), r"vine-meshd|start")
    unknown = uf.tool("frobnicate")
    told = f"exit {unknown.code}: {unknown.line}"
    stage.report.check("an unknown verb is a usage error", unknown.code == USAGE, told)


def refusal(stage: Stage, ns: str, argv: list[str]) -> Outcome:
    """Starts a daemon that must not come up: its exit code and words, or code 0 if it runs on."""
    begun = time.monotonic()
    program = stage.processes.start(f"refused-{len(stage.processes.programs)}", argv, ns)
    wait_until(lambda: not program.running, REFUSAL_MAX)
    ended = not program.running
    code = stage.processes.end(program, signal.SIGTERM) if not ended else program.popen.returncode
    err = program.err.read_text(errors="replace") + ("" if ended else "it started and ran on")
    return Outcome(tuple(argv), code if ended and code is not None else 0, "", err, time.monotonic() - begun)


def _both_sides(stage: Stage) -> None:
    """UF's log names the two refusals that reached it."""
    log = stage.vrs["uf"].log()
    lines = [line for line in log.splitlines() if re.search(r"refus|another mesh|foreign|invitation", line, re.I)]
    used = [line for line in lines if re.search(r"\bused\b", line, re.I)]
    foreign = [line for line in lines if re.search(r"foreign|another mesh", line, re.I)]
    told = " | ".join(line.strip()[:160] for line in (used[:1] + foreign[:1])) or "no such line in UF's log"
    stage.report.check("UF's log names what it refused", bool(used and foreign), told)
