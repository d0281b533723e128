"""No error-level log line without an injected cause, no daemon that ends by itself, no trace of a crash."""

from __future__ import annotations

import re
from datetime import datetime

from faults.fault import TELLS
from lib.trial import Trial

CLAIM = "no error-level log without an injected cause"
_LINE = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (error|critical) ")
_CRASH = re.compile(r"Fatal error|\bcrashed\b|Backtrace|Stack dump|Segmentation|Illegal instruction|AddressSanitizer")


def violations(trial: Trial) -> list[str]:
    found = []
    for name, log in sorted(trial.evidence.logs.items()):
        for line in log.splitlines():
            if _CRASH.search(line):
                found.append(f"{name}: {line.strip()[:200]}")
            elif (match := _LINE.match(line)) and not _excused(trial, name, _seconds(match[1])):
                found.append(f"{name}: {line.strip()[:200]}")
    found += [f"{line} at the end" for line in trial.evidence.stopped_badly]
    return found


def _excused(trial: Trial, name: str, moment: float) -> bool:
    """Stamps have whole seconds, so a line may look a second older than its cause."""
    return any(
        name in span.fault.excuses and span.began - 1 <= moment <= (span.ended or moment) + TELLS for span in trial.spans
    )


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()
