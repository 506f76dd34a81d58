"""Faults planted in copies of avbc: the simulation finds each within 200 store-days.

They are the guards of an order's life (`bench.guards`), which are removed, and what is broken here
in other ways. `nox -s simulate -- --planted` plants all of them, one after another.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

import attrs

sys.path.insert(0, str(Path(__file__).parents[1] / "chaos"))

from bench.guards import GUARDS, Guard, read, without

DAYS = 200
"""Within so many store-days each is found."""


PLANTED = read(Path(__file__).with_name("planted.txt"))
FAULTS: tuple[Guard, ...] = (*(each for each in GUARDS if each.is_lived), *PLANTED)


@attrs.frozen
class Find:
    """How a planted fault was found."""

    name: str
    seed: int = 0
    """Of the store-day that shows it; 0 where it was not found."""
    days: int = 0
    """How many were lived."""
    rule: str = ""
    words: str = ""

    def __str__(self) -> str:
        by = f"seed {self.seed}, {self.rule}" if self.seed else "NOT FOUND"
        return f"| {self.name} | {self.days} | {by} |"


def find(fault: Guard, first: int = 1, days: int = DAYS) -> Find:
    """Live store-days with a copy of avbc that has a fault, until one shows it."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(without(fault, Path(folder)))}
        command = [sys.executable, __file__, str(first), str(days)]
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
    if ended.returncode:
        raise RuntimeError(f"{fault.name}: {ended.stderr[-2000:]}")
    return Find(fault.name, **json.loads(ended.stdout.splitlines()[-1]))


def find_all(report: Callable[[str], object], wanted: str = "") -> int:
    """Plant all faults with a text in their names, two at a time; returns how many were missed."""
    report("| planted | store-days | found by |\n| --- | --- | --- |\n")
    missed = 0
    with ThreadPoolExecutor(2) as pool:
        due = [pool.submit(find, each) for each in FAULTS if wanted in each.name]
        for found in map(Future.result, as_completed(due)):
            missed += not found.seed
            report(f"{found}\n")
    return missed


def _live(first: int, days: int) -> dict[str, object]:
    from day import live
    from plan import plan

    for number in range(days):
        for each in live(plan(first + number)).found:
            seen = {"rule": each.rule, "words": str(each)}
            return {"seed": first + number, "days": number + 1, **seen}
    return {"days": days}


def main(arguments: Sequence[str]) -> None:
    """Live store-days in this process, whose avbc has the fault."""
    first, days = arguments
    logging.disable(logging.CRITICAL)
    sys.stdout.write(json.dumps(_live(int(first), int(days))))


if __name__ == "__main__":
    main(sys.argv[1:])
