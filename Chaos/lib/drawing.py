"""reports/chaos.html: each trial as a drawing on one axis of time, without anything from elsewhere."""

from __future__ import annotations

import html
import json
import math
from pathlib import Path

from checkers import reachable

from .judge import Verdict
from .trial import Trial

WIDTH, LEFT, ROW = 1100, 150, 16
_STYLE = """body{font:14px/1.45 system-ui,sans-serif;margin:2em auto;max-width:1150px;padding:0 1em;color:#1b1f24;background:#fff}
h1{font-size:1.5em}h2{margin:2em 0 .2em;font-size:1.15em}svg{display:block;margin:.6em 0;max-width:100%;height:auto}
code{background:#f1f3f5;padding:.1em .3em;border-radius:3px}li.bad{color:#b42318}li.good{color:#2b6a3f}
text{font:11px system-ui,sans-serif;fill:#444}.axis{stroke:#ccc}.fault{fill:#d9822b;fill-opacity:.8}
.faint{fill:#d9822b;fill-opacity:.10}.reach{fill:none;stroke:#2b6a3f;stroke-width:1.3}.flow{fill:#c6d9ee}
.agree{fill:#5b4a9e}.press{fill:none;stroke:#b42318;stroke-width:1}"""


class Drawing:
    """Lines of SVG, and the way from seconds to pixels."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.seconds = max(1.0, trial.ended - trial.began)
        self.lines: list[str] = []
        self.y = 8.0

    def x(self, moment: float) -> float:
        share = min(1.0, max(0.0, (moment - self.trial.began) / self.seconds))
        return LEFT + share * (WIDTH - LEFT - 10)

    def label(self, text: str, y: float) -> None:
        self.lines.append(f'<text x="{LEFT - 8}" y="{y:.1f}" text-anchor="end">{html.escape(text)}</text>')

    def graph(self, label: str, points: list[tuple[float, float]], top: float, style: str, height: float = 60) -> None:
        """A line, or a filled area for style `flow`; gaps where a value is not a number."""
        base = self.y + height
        self.label(label, self.y + 11)
        self.lines.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - 10}" y1="{base:.1f}" y2="{base:.1f}"/>')
        place = [(self.x(m), base - height * min(1.0, v / top)) for m, v in points if not math.isnan(v)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in place)
        if place and style == "flow":
            self.lines.append(
                f'<polygon class="flow" points="{place[0][0]:.1f},{base:.1f} {path} {place[-1][0]:.1f},{base:.1f}"/>'
            )
        elif place:
            self.lines.append(f'<polyline class="{style}" points="{path}"/>')
        self.y = base + 12

    def faults(self) -> None:
        """One bar a fault, a row for each kind, and a shadow over everything below."""
        kinds = list(dict.fromkeys(span.fault.name for span in self.trial.spans))
        for kind in kinds:
            self.label(kind, self.y + 11)
            for span in (span for span in self.trial.spans if span.fault.name == kind):
                begin, end = self.x(span.began), self.x(span.ended or self.trial.ended)
                told = f"{span.began - self.trial.began:.1f} s, {span.ended - span.began:.1f} s long: {kind}: {span.fault.about}"
                self.lines.append(
                    f'<rect class="fault" x="{begin:.1f}" y="{self.y + 2:.1f}" width="{max(2, end - begin):.1f}" '
                    f'height="{ROW - 5}"><title>{html.escape(told)}</title></rect>'
                )
            self.y += ROW
        self.y += 6

    def recoveries(self) -> None:
        """For each single fault how long until 99 % of the pairs talked again."""
        self.label("back after, s (p99)", self.y + 11)
        for span, seconds in reachable.recoveries(self.trial):
            took = reachable.p99(seconds)
            begin, end = self.x(span.ended), self.x(span.ended + took)
            self.lines.append(
                f'<rect class="agree" x="{begin:.1f}" y="{self.y + 2:.1f}" width="{max(1.5, end - begin):.1f}" height="8"/>'
                f'<text x="{begin:.1f}" y="{self.y + 22:.1f}">{took:.1f}</text>'
            )
        self.y += 30

    def drawn(self) -> str:
        trial = self.trial
        self.faults()
        top = self.y
        reach = trial.probes.reachable(trial.began, int(self.seconds))
        self.graph("probes that arrive", [(trial.began + s, share) for s, share in enumerate(reach)], 1.0, "reach")
        self.recoveries()
        delivered = [
            (b, (y - x) * 8e-6 / max(0.01, b - a))
            for (a, x), (b, y) in zip(trial.sampler.delivered, trial.sampler.delivered[1:], strict=False)
        ]
        peak = max((value for _, value in delivered), default=1.0)
        self.graph(f"hosts get, to {peak:.0f} Mbit/s", delivered, peak or 1.0, "flow")
        self.graph("CPU pressure, to 100 %", [(m, share) for m, share, _ in trial.sampler.pressure], 1.0, "press", 36)
        shadows = [
            f'<rect class="faint" x="{self.x(s.began):.1f}" y="{top:.1f}" '
            f'width="{max(1, self.x(s.ended or trial.ended) - self.x(s.began)):.1f}" height="{self.y - top:.1f}"/>'
            for s in trial.spans
        ]
        step = next((s for s in (10, 30, 60, 120, 300, 600) if self.seconds / s <= 14), 1200)
        for second in range(0, int(self.seconds) + 1, step):
            place = f'x="{self.x(trial.began + second):.1f}" y="{self.y + 8:.1f}"'
            self.lines.append(f'<text {place} text-anchor="middle">{second} s</text>')
        height = self.y + 16
        return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img">{"".join(shadows + self.lines)}</svg>'


def section(trial: Trial, verdict: Verdict, minutes: float) -> str:
    """One trial: heading, drawing, verdict, how to play it again."""
    size = trial.mesh.size
    replay = f"make chaos SCENARIO={trial.scenario} SEED={trial.seed} MINUTES={minutes:g} VRS={size.vrs}"
    rows = "".join(
        f'<li class="{"bad" if found else "good"}">{name}: {html.escape("; ".join(found[:5])) or "no violation"}</li>'
        for name, found in verdict.violations.items()
    )
    notes = "".join(f"<li>{m - trial.began:.0f} s: {html.escape(text)}</li>" for m, text in trial.events)
    return (
        f"<h2>{html.escape(trial.scenario)}, seed {trial.seed}</h2><p>{size.vrs} VRs, {size.limited} behind NATs, "
        f"{trial.ended - trial.began:.0f} s, {len(trial.spans)} faults. Again: <code>{html.escape(replay)}</code></p>"
        f"{Drawing(trial).drawn()}<ul>{rows}</ul>{f'<ul>{notes}</ul>' if notes else ''}"
    )


def write(path: Path, sections: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    about = (
        "Each drawing is one trial: faults above, below them on the same axis of time the share of all probes between "
        "hosts that arrived, how long after each single fault 99 % of the pairs needed, what hosts received, and how "
        "much the machine was pressed. A fault's bar tells more under the pointer."
    )
    path.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>vine-mesh chaos</title><style>{_STYLE}</style>'
        f"<h1>vine-mesh chaos</h1><p>{about}</p>{''.join(sections)}</html>\n"
    )


def timeline(trial: Trial) -> dict[str, object]:
    """The same for machines: what the drawing is drawn from."""
    began = trial.began
    return {
        "scenario": trial.scenario,
        "seed": trial.seed,
        "vrs": trial.mesh.size.vrs,
        "seconds": round(trial.ended - began, 1),
        "faults": [
            {"name": s.fault.name, "about": s.fault.about, "began": round(s.began - began, 2), "ended": round(s.ended - began, 2)}
            for s in trial.spans
        ],
        "reachable": [None if math.isnan(v) else round(v, 4) for v in trial.probes.reachable(began, int(trial.ended - began))],
        "notes": [{"at": round(m - began, 1), "text": text} for m, text in trial.events],
    }


def add_timelines(path: Path, timelines: list[dict[str, object]]) -> None:
    """Puts them into a report that was written."""
    document = json.loads(path.read_text())
    document["trials"] = timelines
    path.write_text(json.dumps(document, indent=1) + "\n")
