#!/usr/bin/env python3
"""`make chaos`: real VRs in network namespaces, real load on them, faults drawn from a seed, and a verdict.

One scenario a file in scenarios/, one claim a file in checkers/. Reports: reports/chaos.json, and reports/chaos.html with
a drawing of each trial. Exit 0 only if no checker found anything.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import sys
import traceback
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import checkers  # noqa: E402
import sabotages  # noqa: E402
import scenarios  # noqa: E402
from lib import drawing, sandbox  # noqa: E402
from lib.grown import Size  # noqa: E402
from lib.judge import Verdict, all_checkers, judge, names_in  # noqa: E402
from lib.programs import missing_tools, needs_build, needs_root  # noqa: E402
from lib.report import Console, Report  # noqa: E402
from lib.sandbox import Interrupted, Sandbox  # noqa: E402
from lib.shell import Runner  # noqa: E402
from lib.trial import Trial  # noqa: E402

REPOSITORY = Path(__file__).resolve().parent.parent
ALL = "all"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = names_in(scenarios)
    parser.add_argument("--scenario", default="random", help=f"{ALL}, or some of {', '.join(known)}, with commas")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10, help="of scenarios that last as long as is wanted")
    parser.add_argument("--vrs", type=int, help="VRs; otherwise what the scenario wants, mostly 12")
    parser.add_argument("--limited", type=int, help="how many of them are behind NATs; otherwise two of five")
    parser.add_argument("--sabotage", metavar="NAME", help="breaks the product on purpose: one checker has to fail")
    parser.add_argument("--prove", action="store_true", help="goes through all sabotages: each checker is proved")
    parser.add_argument("--list", action="store_true", help="lists scenarios, checkers and sabotages")
    parser.add_argument("--bin", type=Path, default=REPOSITORY / ".build/release", help="folder of the built programs")
    parser.add_argument("--report", type=Path, default=REPOSITORY / "reports/chaos.json", help="where the report goes")
    parser.add_argument("--verbose", action="store_true", help="print every command")
    return parser.parse_args()


class Suite:
    """The trials of one call, and their reports."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.console = Console()
        self.report = Report("chaos", self.console)
        self.sections: list[str] = []
        self.timelines: list[dict[str, object]] = []
        self.logs = options.report.with_name(f"{options.report.stem}-logs")
        shutil.rmtree(self.logs, ignore_errors=True)

    def play(self, name: str, seed: int) -> None:
        """One scenario from ground to verdict; what goes wrong is a failed claim, not the end."""
        scenario = importlib.import_module(f"scenarios.{name}")
        self.console.phase(name, f"{scenario.ABOUT}; seed {seed}")
        size = self._size(scenario)
        with Sandbox.of_one_run(self.report, name, self.options.verbose) as box:
            trial = Trial(box, self.options.bin.resolve(), self.console, name, seed, self.options.minutes, size)
            try:
                trial.found(**getattr(scenario, "LOAD", {}))
                scenario.play(trial)
            except Exception as error:
                self.report.check(f"{name}: the story is told to its end", False, f"{type(error).__name__}: {error}")
                traceback.print_exc()
            if not trial.began:
                self.save_logs(trial)
                return
            self.console.note("the story is told: what stands at the end")
            trial.conclude()
            if hasattr(scenario, "claims"):
                scenario.claims(trial, self.report)
            self.keep(trial, judge(trial, self.report))

    def prove(self, name: str) -> None:
        """One sabotage on a mesh of four: its checker finds something, and no other does."""
        sabotage = importlib.import_module(f"sabotages.{name}")
        self.console.phase(name, f"{sabotage.ABOUT}: {sabotage.CHECKER} has to find it")
        title = f"{sabotage.CHECKER} finds {name}, and no other checker finds anything"
        with Sandbox.of_one_run(self.report, name, self.options.verbose) as box:
            size = getattr(sabotage, "SIZE", Size(4, 1))
            trial = Trial(box, self.options.bin.resolve(), self.console, name, self.options.seed, 5, size)
            grow = {"grow": sabotage.grow} if hasattr(sabotage, "grow") else {}
            try:
                trial.found(**({"transfers": 1, "flows": 0} | getattr(sabotage, "LOAD", {}) | grow))
                sabotage.play(trial)
                trial.conclude()
            except Exception as error:
                self.report.check(title, False, f"{type(error).__name__}: {error}")
                traceback.print_exc()
                self.save_logs(trial)
                return
            verdict = judge(trial, None)
            told = [f"{checker}: {found[0]}" for checker, found in verdict.violations.items() if found]
            holds = verdict.failed == [sabotage.CHECKER] and not trial.evidence.doubts
            self.report.check(title, holds, "; ".join(told + trial.evidence.doubts) or "nobody found anything")
            self.sections.append(drawing.section(trial, verdict, 0))

    def _size(self, scenario) -> Size:  # noqa: ANN001
        wanted: Size = getattr(scenario, "SIZE", Size(12, 5))
        vrs = self.options.vrs or wanted.vrs
        limited = self.options.limited if self.options.limited is not None else round(wanted.limited * vrs / wanted.vrs)
        return Size(vrs, limited, wanted.shape, wanted.hosts)

    def keep(self, trial: Trial, verdict: Verdict) -> None:
        """Drawing, timeline, and the logs if something was found."""
        self.sections.append(drawing.section(trial, verdict, self.options.minutes))
        self.timelines.append(drawing.timeline(trial))
        if verdict.failed:
            self.save_logs(trial)

    def save_logs(self, trial: Trial) -> None:
        folder = self.logs / f"{trial.scenario}-{trial.seed}"
        folder.mkdir(parents=True, exist_ok=True)
        for name, vr in trial.mesh.vrs.items():
            (folder / f"{name}.log").write_text(vr.log())
        self.console.note(f"the logs of the VRs are in {folder}")

    def finish(self) -> int:
        print(f"\n{self.report.table()}\n", flush=True)
        self.report.write(self.options.report)
        drawing.add_timelines(self.options.report, self.timelines)
        page = self.options.report.with_suffix(".html")
        drawing.write(page, self.sections)
        print(f"report: {self.options.report} and {page}")
        return 0 if self.report.holds else 1


def obstacle(options: argparse.Namespace) -> tuple[int, str] | None:
    """What makes it impossible here: exit code and the line that names the mend."""
    if stop := needs_root("chaos"):
        return stop
    if missing := missing_tools(Runner()):
        return 1, f"programs are missing: run `apt-get install {' '.join(missing)}` (`make chaos` does it for you)"
    if not Runner().run(["sh", "-c", "command -v conntrack"]).ok:
        return 1, "conntrack is missing: run `apt-get install conntrack` (`make chaos` does it for you)"
    if options.sabotage and options.sabotage not in names_in(sabotages):
        return 64, f"there is no sabotage {options.sabotage}: one of {', '.join(names_in(sabotages))}"
    unknown = [name for name in chosen(options) if name not in names_in(scenarios)]
    if unknown:
        return 64, f"there is no scenario {', '.join(unknown)}: one of {', '.join(names_in(scenarios))}"
    return needs_build("chaos", options.bin)


def chosen(options: argparse.Namespace) -> list[str]:
    if options.scenario != ALL:
        return options.scenario.split(",")
    every = {name: importlib.import_module(f"scenarios.{name}") for name in names_in(scenarios)}
    return [name for name, scenario in every.items() if not getattr(scenario, "ON_REQUEST", False)]


def listed() -> str:
    """What there is, with a line on each."""
    lines = []
    for package, word in ((scenarios, "ABOUT"), (checkers, "CLAIM"), (sabotages, "ABOUT")):
        lines.append(f"{package.__name__}:")
        for name in names_in(package):
            lines.append(f"  {name:<18} {getattr(importlib.import_module(f'{package.__name__}.{name}'), word)}")
    return "\n".join(lines)


def main() -> int:
    options = arguments()
    if options.list:
        print(listed())
        return 0
    if stop := obstacle(options):
        print(f"chaos: {stop[1]}", file=sys.stderr)
        return stop[0]
    all_checkers()  # From here on a change of the files changes nothing.
    suite = Suite(options)
    for run in sandbox.sweep(Runner(options.verbose)):
        suite.console.note(f"removed what an earlier run that was killed left: {run}")
    try:
        for name in names_in(sabotages) if options.prove else [options.sabotage] if options.sabotage else []:
            suite.prove(name)
        if not options.prove and not options.sabotage:
            for name in chosen(options):
                suite.play(name, options.seed)
        if options.prove:
            proved = {importlib.import_module(f"sabotages.{name}").CHECKER for name in names_in(sabotages)}
            unproved = sorted(set(all_checkers()) - proved)
            suite.report.check("every checker has a sabotage", not unproved, ", ".join(unproved) or f"{len(proved)} checkers")
    except Interrupted as interrupt:
        suite.report.check("the suite runs to its end", False, f"interrupted by {interrupt}")
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
