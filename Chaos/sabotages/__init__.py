"""Each breaks one promise on purpose, from outside, so that exactly one checker has to find something.

`CHECKER` names it, `ABOUT` says what is done; `play(trial)` does it, and no fault is declared for it.
"""
