"""Claims, how each came out, and the two ways to read them: a table for people, reports/<suite>.json for machines."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Better = Literal["higher", "lower"]
State = Literal["passed", "failed", "skipped", "observed"]


@dataclass(frozen=True)
class Claim:
    """One line of the report: a measured figure beside its goal, or a yes/no claim as 1 or 0 beside the goal 1."""

    name: str
    state: State
    value: float
    unit: str
    goal: float | None
    better: Better
    detail: str


class Console:
    """Progress for people: phases with the seconds since the start, claims below them."""

    def __init__(self) -> None:
        self.begun = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begun

    def phase(self, name: str, about: str) -> None:
        print(f"[{self.seconds:6.1f} s] {name}: {about}", flush=True)

    def note(self, text: str) -> None:
        print(f"             {text}", flush=True)

    def claim(self, claim: Claim) -> None:
        mark = {"passed": "ok  ", "failed": "FAIL", "skipped": "skip", "observed": "    "}[claim.state]
        print(f"        {mark} {claim.name}: {_result(claim)}", flush=True)


class Report:
    """Collects the claims of one suite."""

    def __init__(self, suite: str, console: Console) -> None:
        self.suite = suite
        self.console = console
        self.claims: list[Claim] = []

    def check(self, name: str, holds: bool, detail: str = "") -> bool:
        """A yes/no claim."""
        self._add(Claim(name, "passed" if holds else "failed", float(holds), "pass", 1.0, "higher", detail))
        return holds

    def figure(
        self, name: str, value: float, unit: str, goal: float, better: Better = "higher", detail: str = ""
    ) -> bool:
        """A measured figure that has to reach its goal."""
        holds = value >= goal if better == "higher" else value <= goal
        self._add(Claim(name, "passed" if holds else "failed", value, unit, goal, better, detail))
        return holds

    def observe(self, name: str, value: float, unit: str, better: Better = "higher", detail: str = "") -> None:
        """A measured figure without a goal: told, not judged."""
        self._add(Claim(name, "observed", value, unit, None, better, detail))

    def skip(self, name: str, why: str) -> None:
        self._add(Claim(name, "skipped", 0.0, "pass", 1.0, "higher", why))

    def count(self, state: State) -> int:
        return sum(claim.state == state for claim in self.claims)

    @property
    def holds(self) -> bool:
        """Whether the suite passed: something was claimed and nothing failed."""
        return self.count("passed") > 0 and self.count("failed") == 0

    def document(self) -> dict[str, object]:
        """The report as `vine-mesh.report/1`; `claims` adds the text behind each figure."""
        figures = []
        for claim in self.claims:
            if claim.state == "skipped":
                continue
            figure: dict[str, object] = {"name": claim.name, "value": round(claim.value, 4), "unit": claim.unit}
            if claim.goal is not None:
                figure["goal"] = claim.goal
            figures.append(figure | {"better": claim.better})
        return {
            "schema": "vine-mesh.report/1",
            "suite": self.suite,
            "passed": self.count("passed"),
            "failed": self.count("failed"),
            "skipped": self.count("skipped"),
            "figures": figures,
            "claims": [{"name": c.name, "state": c.state, "detail": c.detail} for c in self.claims],
        }

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.document(), indent=2) + "\n")

    def table(self) -> str:
        """The summary: one row a claim, failures again at the end so that nobody has to search."""
        width = max((len(claim.name) for claim in self.claims), default=0)
        rows = [f"  {claim.state:<8} {claim.name:<{width}}  {_result(claim)}" for claim in self.claims]
        failed = [row for row, claim in zip(rows, self.claims, strict=True) if claim.state == "failed"]
        total = f"  {self.count('passed')} passed, {self.count('failed')} failed, {self.count('skipped')} skipped"
        return "\n".join([*rows, "", total, *failed])

    def _add(self, claim: Claim) -> None:
        self.claims.append(claim)
        self.console.claim(claim)


def _result(claim: Claim) -> str:
    """The figure with its goal, and the detail."""
    if claim.unit == "pass":
        return claim.detail or {"passed": "yes", "failed": "no"}.get(claim.state, "-")
    figure = f"{claim.value:.4g} {claim.unit}"
    if claim.goal is not None:
        figure += f" (goal {'>=' if claim.better == 'higher' else '<='} {claim.goal:g})"
    return f"{figure}  {claim.detail}".rstrip()
