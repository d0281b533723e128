"""Holds all checkers against a trial: violations by checker, figures, and what is only watched."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field
from types import ModuleType

import checkers

from .report import Report
from .trial import Trial


@dataclass
class Verdict:
    """What came out of one trial."""

    scenario: str
    seed: int
    violations: dict[str, list[str]] = field(default_factory=dict)

    @property
    def failed(self) -> list[str]:
        """Names of the checkers that found something."""
        return sorted(name for name, found in self.violations.items() if found)


def names_in(package: ModuleType) -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


def all_checkers() -> dict[str, ModuleType]:
    return {name: importlib.import_module(f"checkers.{name}") for name in names_in(checkers)}


def judge(trial: Trial, report: Report | None, extra: tuple[ModuleType, ...] = ()) -> Verdict:
    """Each checker in turn; `report` gets a claim for each and the figures."""
    verdict = Verdict(trial.scenario, trial.seed)
    title = f"{trial.scenario}, seed {trial.seed}"
    for name, checker in all_checkers().items():
        found = verdict.violations[name] = checker.violations(trial)
        if report is None:
            continue
        told = f"{len(found)}: {'; '.join(found[:3])}" if found else "no violation"
        report.check(f"{title}: {checker.CLAIM}", not found, told)
        for figure, value, unit, goal, better, detail in getattr(checker, "figures", lambda t: [])(trial):
            _tell(report, f"{title}: {figure}", value, unit, goal, better, detail)
    if report is not None:
        doubts = trial.evidence.doubts
        report.check(f"{title}: the watchers missed nothing", not doubts, "; ".join(doubts) or "captures and probes whole")
        pressure = [share for _, share, _ in trial.sampler.pressure]
        load = max((load for _, _, load in trial.sampler.pressure), default=0.0)
        mean = sum(pressure) / max(1, len(pressure))
        told = f"highest load {load:.1f}"
        report.observe(f"{title}: something waited for a processor", 100 * mean, "% of the time", "lower", told)
    return verdict


def _tell(report: Report, name: str, value: float, unit: str, goal: float | None, better: str, detail: str) -> None:
    if goal is None:
        report.observe(name, value, unit, better, detail)
    else:
        report.figure(name, value, unit, goal, better, detail)
