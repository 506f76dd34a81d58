"""Store-days by the thousand, each from its seed: `nox -s simulate -- --seed 1 --days 3`.

With `--days` it prints what happened on each of them, as a story. Without, it lives as many as it
can in some minutes of CPU time. A day on which a rule does not hold is told in the shortest story
that still fails, and the exit status is 1. With `--planted` it looks for faults that it plants.
"""

from __future__ import annotations

import argparse
import gc
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from day import Lived, breaks, live, shortest
from plan import plan
from planted import find_all


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns the exit status."""
    parser = argparse.ArgumentParser(description="Store-days, each from its seed.")
    parser.add_argument("--seed", type=int, default=1, help="of the first day (1)")
    parser.add_argument("--days", type=int, default=0, help="how many days are told")
    parser.add_argument(
        "--minutes", type=float, default=1.0, help="of CPU time, without --days (1)"
    )
    parser.add_argument(
        "--planted",
        nargs="?",
        const="",
        help="plant the faults with this in their names (all), and say which days show them",
    )
    options = parser.parse_args(arguments)
    if options.planted is not None:
        return 1 if find_all(sys.stdout.write, options.planted) else 0
    logging.disable(logging.CRITICAL)
    # What the modules made stays, so nobody looks for garbage in it.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    began, seed = time.process_time(), options.seed
    days: list[Lived] = []
    while len(days) < options.days or (
        not options.days and time.process_time() - began < 60 * options.minutes
    ):
        lived = live(plan(seed))
        days.append(lived)
        seed += 1
        if options.days:
            sys.stdout.write(f"{lived}\n\n")
        if lived.found:
            sys.stdout.write(f"{told(lived)}\n\n")
        lived.story = []
    seconds = time.process_time() - began
    sums = {
        name: sum(getattr(day, name) for day in days) for name in ("cycles", "acts", "requests")
    }
    sys.stdout.write(
        f"{len(days)} store-days from seed {options.seed}: {sums['cycles']:,} cycles, "
        f"{sums['acts']:,} acts of people, {sums['requests']:,} requests. "
        f"{len(days) / seconds * 60:.0f} store-days in a CPU-minute; "
        f"{sum(bool(day.found) for day in days)} with violations.\n"
    )
    return 1 if any(day.found for day in days) else 0


def told(lived: Lived) -> str:
    """The shortest story that still fails."""
    rules = [each.rule for each in lived.found]
    least = live(shortest(lived.plan, breaks(rules)))
    count, enough = len(lived.plan.events), len(least.plan.events)
    return f"Seed {lived.plan.seed} fails; {enough} of {count} events are enough:\n{least}"


if __name__ == "__main__":
    sys.exit(main())
