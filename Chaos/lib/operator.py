"""Somebody at a VR's terminal who types commands, looks at the screen and at the exit code; and what was typed so far."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

from . import schemas, views
from .processes import Processes
from .report import Report
from .router import VR
from .shell import Outcome
from .terminal import COLOUR, CTRL_C, ESCAPE, Terminal

REPOSITORY = Path(__file__).resolve().parent.parent.parent
_TRACE = re.compile(r"Fatal error|Stack dump|Segmentation|Illegal instr|Thread \d+ crashed")


def documented() -> ModuleType:
    """`.ci/documented`: what the documents have people type, and how a line is followed through the program's description."""
    loader = importlib.machinery.SourceFileLoader("documented", str(REPOSITORY / ".ci/documented"))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


def leaves(command: dict, path: tuple[str, ...] = ()) -> dict[str, dict]:
    """All commands that do something, by their words: `vine create`."""
    subs = command.get("subcommands", [])
    if not subs:
        return {" ".join(path): command}
    return {name: leaf for sub in subs for name, leaf in leaves(sub, (*path, sub["commandName"])).items()}


def options(leaf: dict) -> set[str]:
    return {"--" + name["name"] for argument in leaf.get("arguments", []) for name in argument.get("names", []) if name["kind"] == "long"}


class Operator:
    """Each command that is typed is a claim."""

    def __init__(self, report: Report, processes: Processes, binaries: Path) -> None:
        self.report = report
        self.processes = processes
        self.program = str(binaries / "vine-mesh")
        self.documented = documented()
        self.tool: dict = self.documented.description(self.program)
        self.leaves = leaves(self.tool)
        self.driven: dict[str, int] = {}
        """Commands that were typed on a terminal, and how often."""
        self.told: set[str] = set()
        """Commands whose JSON was as its schema says."""
        self.codes: set[int] = set()

    def argv(self, vr: VR, line: str, *, before: list[str] | None = None) -> tuple[str, list[str]]:
        """The command's words, and the whole of what runs: at this VR, wherever its files are."""
        path, wrong = self.documented.followed(f"vine-mesh {line}", self.tool)
        words = shlex.split(line)
        name = " ".join(path)
        known = options(self.leaves.get(name, {}))
        if not wrong and "--socket" not in words:
            words += vr.places if "--config" in known else ["--socket", str(vr.socket)] if "--socket" in known else []
        return name, [*(before or []), self.program, *words]

    def sits(self, vr: VR, line: str, columns: int = 100, rows: int = 60, **more: dict[str, str] | list[str] | None) -> Terminal:
        """Types a command and leaves it running; whoever asked ends it."""
        name, argv = self.argv(vr, line, before=more.get("before"))  # type: ignore[arg-type]
        self.driven[name] = self.driven.get(name, 0) + 1
        return Terminal(argv, vr.ns, columns, rows, more.get("variables"))  # type: ignore[arg-type]

    def types(
        self, vr: VR, line: str, *shows: str, code: int = 0, answers: tuple[tuple[str, str], ...] = (), bar: str = "",
        columns: int = 100, hides: str = "", seconds: float = 30.0, before: list[str] | None = None, token: bool = False,
    ) -> str:
        """One command from its first letter to the next prompt; what stands on the screen then.

        - shows: patterns that the screen has to have. hides: one that nothing printed may have.
        - answers: what is asked, and what is typed then. bar: a pattern that stands there meanwhile, and not at the end.
        - token: a line may be longer than the terminal is wide, as it is copied whole. So may one of error.
        """
        terminal = self.sits(vr, line, columns, before=before)
        faults: list[str] = []
        try:
            for prompt, answer in answers:
                if not terminal.wait_for(prompt, 10):
                    faults.append(f"does not ask /{prompt}/")
                terminal.type(answer)
            got = terminal.ended(seconds)
            printed, text = "\n".join(terminal.printed), terminal.text
            faults += self._faults(terminal, got, code, token)
            faults += [f"does not show /{pattern}/" for pattern in shows if not re.search(pattern, text if terminal.fits else printed, re.M)]
            if bar and not (re.search(bar, printed, re.M) and not re.search(bar, text, re.M)):
                faults.append(f"has no bar /{bar}/ meanwhile, or leaves it behind")
            if hides and re.search(hides, printed):
                faults.append(f"shows /{hides}/")
        finally:
            terminal.close()
        lines = [part for part in text.splitlines() if part.strip()]
        if code in (3, 64, 77, 78) and len(errors := [part for part in terminal.printed if part.startswith("vine-mesh: ")]) != 1:
            faults.append(f"{len(errors)} lines of error instead of one")
        told = next((part for part in lines if any(re.search(p, part) for p in shows)), lines[0] if lines else "nothing")
        detail = f"{'; '.join(faults)} :: {' | '.join(lines)[:400]}" if faults else f"exit {code}: {told.strip()[:110]}"
        self.report.check(f"{vr.name.rpartition('-')[2]}: vine-mesh {line}", not faults, detail)
        return text

    def _faults(self, terminal: Terminal, got: int | None, code: int, token: bool) -> list[str]:
        faults = []
        if got is None:
            return ["does not end"]
        self.codes.add(got)
        if got != code:
            faults.append(f"exit {got} instead of {code}")
        # What is copied stays whole: lines that begin with a blank.
        wide = [line for line in terminal.printed if len(line) > terminal.columns and not line.startswith((" ", "vine-mesh: "))]
        if wide and not token:
            faults.append(f"a line of {len(wide[0])} columns on a terminal of {terminal.columns}")
        if not terminal.is_as_found:
            faults.append("leaves the terminal otherwise than it was")
        if _TRACE.search("\n".join(terminal.printed)):
            faults.append("crashes")
        return faults

    def interrupts(self, terminal: Terminal) -> str:
        """Ctrl-C; what is wrong with how the program ended then."""
        terminal.type(CTRL_C)
        return "; ".join(self._faults(terminal, terminal.ended(5), 130, token=True))

    def pipes(self, vr: VR, line: str, *, stdin: str | None = None, colour_wanted: bool = True) -> Outcome:
        """The command with its output in a pipe, by somebody who would like colours."""
        _, argv = self.argv(vr, line)
        wish = ["env", "-u", "NO_COLOR"] if colour_wanted else []
        outcome = self.processes.runner.run([*wish, *argv], ns=vr.ns, stdin=stdin, timeout=40)
        self.codes.add(outcome.code)
        return outcome

    def document(self, vr: VR, line: str, *, code: int = 0, says: str = "^$", stdin: str | None = None) -> views.Json:
        """The command with --json: one document, as its schema says, and nothing else; on standard error only what `says` matches."""
        name, _ = self.argv(vr, line)
        outcome = self.pipes(vr, f"{line} --json", stdin=stdin)
        faults = [] if outcome.code == code else [f"exit {outcome.code} instead of {code}: {outcome.line}"]
        found: views.Json = None
        try:
            found = json.loads(outcome.out)
            faults += schemas.faults(found)
        except ValueError as error:
            faults.append(f"no JSON: {error}: {outcome.line}")
        if code == 0 and not re.match(says, outcome.err):
            faults.append(f"says besides: {outcome.err.strip()}")
        if not faults:
            self.told.add(name)
        told = found.get("schema", "") if isinstance(found, dict) else ""
        self.report.check(f"{vr.name.rpartition('-')[2]}: vine-mesh {line} --json", not faults, "; ".join(faults)[:400] or str(told))
        return found

    @staticmethod
    def faults(text: str) -> list[str]:
        """What is wrong with one document."""
        try:
            return schemas.faults(json.loads(text))
        except ValueError as error:
            return [f"no JSON: {error}"]

    def looks(self, vr: VR, line: str, *shows: str) -> None:
        """A command that only looks: on two widths, with and without colours, piped, as JSON."""
        text = self.types(vr, line, *shows)
        self.types(vr, line, columns=80)
        faults = []
        terminal = self.sits(vr, line)
        terminal.ended()
        if not terminal.is_coloured:
            faults.append("no colour on a terminal")
        terminal.close()
        for label, more, variables in (("NO_COLOR", "", {"NO_COLOR": "1"}), ("--no-color", " --no-color", None)):
            terminal = self.sits(vr, line + more, variables=variables)
            terminal.ended()
            if terminal.is_coloured:
                faults.append(f"colours in spite of {label}")
            terminal.close()
        piped = self.pipes(vr, line)
        if ESCAPE.search(piped.out) or COLOUR.search(piped.out):
            faults.append("escape sequences in a pipe")
        first = piped.out.splitlines()[0].split()
        if first != text.splitlines()[0].split()[: len(first)] and len(piped.out.splitlines()[0]) <= 100:
            faults.append(f"a pipe gets something else: {piped.out.splitlines()[0]}")
        self.report.check(f"{vr.name.rpartition('-')[2]}: vine-mesh {line}: colours on a terminal only", not faults, "; ".join(faults))
        self.document(vr, line)
