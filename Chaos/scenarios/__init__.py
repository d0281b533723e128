"""One scenario a file: `ABOUT`, what `SIZE` of mesh it wants, `SIMULATED` (its like in vine-sim) and `play(trial)`."""
