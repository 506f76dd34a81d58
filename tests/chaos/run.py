"""The whole chaos bench: prints what was tried and what came of it.

Ends with 1 where an order was lost, doubled or changed.

`nox -s chaos`, or `python tests/chaos/run.py --jobs 2 --seed 1`. PostgreSQL is tried where
AVBC_TEST_POSTGRESQL names a server.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from typing import TypeAlias

from bench.badorders import generated_orders
from bench.days import days
from bench.guards import guards
from bench.habit_kinds import EACH, HABITS, try_kind
from bench.habits import habit_row
from bench.inputs import bad_inputs
from bench.tally import Row, merged, table

Job: TypeAlias = "Callable[[], Row | list[Row]]"

GENERATED = 25_000
"""Orders of any shape; those of `bench.habit_kinds` come on top."""
DAYS = 60
"""Store-days on each database."""


def jobs(seed: int, scale: float) -> Iterator[tuple[str, Job]]:
    """Everything there is to try, the longest first, in pieces for several processes."""

    def count(full: int) -> int:
        return max(1, round(full * scale))

    servers = [("SQLite", "")]
    if server := os.environ.get("AVBC_TEST_POSTGRESQL"):
        servers.append(("PostgreSQL", server))
    for part in range(4):
        for name, where in servers:
            if some := range(seed + part, seed + count(DAYS), 4):
                yield f"store-days on {name}", partial(days, some, where)
        yield "generated orders", partial(generated_orders, count(GENERATED), seed, share=(part, 4))
    for habit in HABITS:
        for part in range(2):
            yield (
                habit_row(habit.name),
                partial(try_kind, habit.name, count(EACH), seed, share=(part, 2)),
            )
    for part in range(3):
        yield "guards removed", partial(guards, share=(part, 3))
    for part in range(2):
        yield "bad input", partial(bad_inputs, count(600), seed, share=(part, 2))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns the exit status."""
    parser = argparse.ArgumentParser(
        description="Deaths, faults and bad data: nothing lost, nothing twice, not a cent."
    )
    parser.add_argument("--seed", type=int, default=1, help="of the random choices (1)")
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1), help="processes")
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help="how much of it is tried (1: all; 0.05 takes a minute or two)",
    )
    parser.add_argument("--only", default="", help="kinds with this in their name")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    rows: list[Row] = []
    # Each process starts afresh: a fork would share the connections of this one.
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn")) as pool:
        wanted = [
            (name, job) for name, job in jobs(options.seed, options.scale) if options.only in name
        ]
        futures = {pool.submit(job): name for name, job in wanted}
        for done, future in enumerate(as_completed(futures), 1):
            result = future.result()
            found = [result] if isinstance(result, Row) else result
            rows += found
            seconds = sum(row.seconds for row in found)
            wrong = sum(len(row.wrong) for row in found)
            sys.stderr.write(
                f"{done}/{len(futures)} {futures[future]}: {seconds:.0f} "
                f"s{f', {wrong} violations' if wrong else ''}\n"
            )
    shown = merged(sorted(rows, key=lambda row: row.kind))
    sys.stdout.write(f"{table(shown)}\n\n")
    if "AVBC_TEST_POSTGRESQL" not in os.environ:
        sys.stdout.write("PostgreSQL was not tried: AVBC_TEST_POSTGRESQL names no server.\n")
    sys.stdout.write(
        f"Seed {options.seed}, {options.jobs} processes, {time.monotonic() - started:.0f} s.\n"
    )
    wrong_ones = [complaint for row in shown for complaint in row.wrong]
    for complaint in wrong_ones[:50]:
        sys.stdout.write(f"VIOLATION {complaint[:2000]}\n")
    sys.stdout.write(f"{len(wrong_ones)} violations.\n")
    return 1 if wrong_ones else 0


if __name__ == "__main__":
    sys.exit(main())
