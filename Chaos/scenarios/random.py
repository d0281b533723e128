"""A mixture drawn from the seed, for as long as was wanted: mostly one fault at a time, sometimes two."""

from __future__ import annotations

from contextlib import ExitStack
from random import Random

from faults import disk, machine, nat, network, process
from faults.fault import Fault
from lib.trial import Trial

ABOUT = "a seeded mixture of all faults"
SIMULATED = "mixed"
TWO_AT_ONCE = 0.2
"""Share of turns with a second fault beside the first."""
ROOM = 60.0
"""Seconds that are left for the last recovery."""


def play(trial: Trial) -> None:
    while trial.left > ROOM:
        with ExitStack() as both:
            first = draw(trial)
            both.enter_context(trial.under(first))
            if trial.draw.random() < TWO_AT_ONCE:
                second = draw(trial)
                if not first.touched & second.touched and type(first) is not type(second):
                    trial.pause(trial.draw.uniform(0, 3))
                    both.enter_context(trial.under(second))
            trial.pause(trial.draw.uniform(5, 20))
        trial.settle()


def draw(trial: Trial) -> Fault:
    """One fault, on sites drawn with it."""
    chance: Random = trial.draw
    names, public, limited = trial.names(), trial.public(), trial.limited()
    anybody, public_one, another = chance.choice(names), chance.choice(public[1:]), chance.choice(names)
    share = chance.random()
    half = set(chance.sample(names, len(names) // 2))
    few = set(chance.sample(names, 2))
    kinds: list[tuple[int, Fault]] = [
        (3, network.partition(half, set(names) - half)),
        (2, network.one_way(few, set(names) - few)),
        (2, network.partial({(a, b) for a, b in [chance.sample(names, 2) for _ in range(4)]})),
        (2, network.BadLine(anybody, f"rate=40mbit delay=4ms loss={chance.randint(2, 20)}%")),
        (1, network.BadLine(anybody, "rate=40mbit delay=4ms jitter=6ms reorder=5% duplicate=5%")),
        (1, network.BadLine(anybody, f"rate={chance.choice((1, 2, 4))}mbit delay=20ms queue=64kB")),
        (1, network.Corruption(anybody, chance.randint(5, 50))),
        (2, network.Flapping(anybody, chance.uniform(1, 5))),
        (3, process.Killed({anybody})),
        (1, process.Killed(set(chance.sample(names, 3)))),
        (2, process.Frozen(anybody)),
        (1, machine.LanDown(another)),
        (1, machine.Renumbered(public_one)),
        (1, disk.FullDisk(public_one)),
        (1, disk.DamagedState(another)),
        (1, machine.RulesFlushed(anybody)),
    ]
    # A voter without its store votes no more; where there is no majority besides, nobody but `recover` could help.
    voters = trial.voters()
    observers = [name for name in names if name not in voters]
    if voters and observers:
        kinds.append((1, disk.LostStore(observers[int(share * len(observers))])))
    if limited:
        one = chance.choice(limited)
        kind = chance.choice([kind for kind in ("cone", "restricted", "symmetric") if kind != trial.mesh.kinds[one]])
        kinds += [
            (2, nat.Forgets(one)), (2, nat.MovesPorts(one)), (1, nat.MovesAddress(one)), (1, nat.ChangesKind(one, kind)),
            (2, nat.Reboots(one)),
        ]  # fmt: skip
        try:
            queue = trial.queue_of(one)
        except (OSError, ValueError):
            queue = ""
        if queue:
            kinds.append((2, process.Killed({queue})))
    return chance.choices([fault for _, fault in kinds], [weight for weight, _ in kinds])[0]
