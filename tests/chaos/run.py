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
from bench.databases import postgresql_faults, sqlite_faults
from bench.deaths import deaths
from bench.faults import faults, weather
from bench.guards import guards
from bench.habit_kinds import EACH, HABITS, try_kind
from bench.habits import habit_row
from bench.habits_client import TRIES, try_client
from bench.inputs import bad_inputs
from bench.tally import Row, merged, table
from bench.together import together_on_postgresql, together_on_sqlite
from bench.worlds import WORLDS

Job: TypeAlias = "Callable[[], Row | list[Row]]"

BOOKS = ("import", "capture payments", "import refunds", "pull statuses", "follow held")
"""Worlds whose runs write in the books in different ways."""
GENERATED = 25_000
"""Orders of any shape; those of `bench.habit_kinds` come on top."""
PUSHES = [name for name in WORLDS if name not in {"few", "many", "import", "import held"}]


def jobs(seed: int, scale: float) -> Iterator[tuple[str, Job]]:
    """Everything there is to try, the longest first, in pieces for several processes."""

    def sample(full: int) -> int | None:
        return None if scale >= 1 else max(1, round(full * scale))

    def count(full: int) -> int:
        return max(1, round(full * scale))

    server = os.environ.get("AVBC_TEST_POSTGRESQL")
    together = "many" if scale >= 1 else "few"
    yield "processes on SQLite", partial(together_on_sqlite, together)
    if server:
        yield "processes on PostgreSQL", partial(together_on_postgresql, together, server)
    for name, parts in [
        ("import", 4),
        ("import held", 4),
        ("push shipments", 2),
        ("capture payments", 2),
        ("few", 1),
        ("follow in a cycle", 4),
    ]:
        for part in range(parts):
            yield (
                f"death: {name}",
                partial(
                    deaths, name, share=(part, parts), seed=seed, more=count(40), sample=sample(250)
                ),
            )
    for part in range(6):
        yield "fault: import", partial(faults, "import", share=(part, 6), sample=sample(2000))
    for part in range(4):
        yield "generated orders", partial(generated_orders, count(GENERATED), seed, share=(part, 4))
    for name in TRIES:
        yield habit_row(name), partial(try_client, name, count(EACH), seed)
    for habit in HABITS:
        for part in range(2):
            yield (
                habit_row(habit.name),
                partial(try_kind, habit.name, count(EACH), seed, share=(part, 2)),
            )
    for name in PUSHES:
        if name not in {"push shipments", "capture payments", "follow in a cycle"}:
            yield (
                f"death: {name}",
                partial(deaths, name, seed=seed, more=count(20), sample=sample(50)),
            )
        yield f"fault: {name}", partial(faults, name, sample=sample(500))
    for name in ("import", "import held", "many", *PUSHES):
        yield (
            f"random faults: {name}",
            partial(weather, name, range(seed, seed + count(40)), chance=0.1),
        )
    for name in BOOKS:
        yield f"books: {name}", partial(sqlite_faults, name, sample=count(25), seed=seed)
    if server:
        for name in BOOKS:
            yield (
                f"books: {name} on PostgreSQL",
                partial(postgresql_faults, name, server, sample=count(25), seed=seed),
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
