"""One claim a file: `CLAIM`, `violations(trial)`, and `figures(trial)` where it measures. None of them acts on a mesh."""
