"""Memory, file descriptors and threads of each daemon stay within bounds."""

from __future__ import annotations

from lib.trial import Trial

CLAIM = "memory, file descriptors and threads bounded"
MEGABYTES_MAX = 150.0
THREADS_MAX = 24


def descriptors_max(vrs: int, strangers: int = 0) -> int:
    """A daemon holds about thirty; channels and API calls come and go with the number of VRs, and with strangers."""
    return 80 + 4 * vrs + strangers


def violations(trial: Trial) -> list[str]:
    bound = descriptors_max(trial.mesh.size.vrs, trial.strangers)
    worst: dict[tuple[str, str], float] = {}
    for usage in trial.sampler.usages:
        for what, value, limit in (
            ("MB resident", usage.kilobytes / 1024, MEGABYTES_MAX),
            ("descriptors", usage.descriptors, bound),
            ("threads", usage.threads, THREADS_MAX),
        ):
            if value > limit:
                worst[usage.vr, what] = max(worst.get((usage.vr, what), 0.0), value)
    found = [f"{vr}: {value:.0f} {what}" for (vr, what), value in sorted(worst.items())]
    return found if trial.sampler.usages else ["no daemon was ever looked at"]


def figures(trial: Trial) -> list[tuple[str, float, str, float | None, str, str]]:
    usages = trial.sampler.usages
    if not usages:
        return []
    most = max(usages, key=lambda usage: usage.kilobytes)
    return [
        ("most resident memory of a VR", most.kilobytes / 1024, "MB", MEGABYTES_MAX, "lower", most.vr),
        ("most file descriptors of a VR", max(u.descriptors for u in usages), "descriptors",
         float(descriptors_max(trial.mesh.size.vrs, trial.strangers)), "lower", ""),
        ("most threads of a VR", max(u.threads for u in usages), "threads", float(THREADS_MAX), "lower", ""),
    ]  # fmt: skip
