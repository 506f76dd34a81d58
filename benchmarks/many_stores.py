"""Runs many quiet stores on Celery's workers, and prints what each store costs in a minute.

`nox -s scale` runs it, or `python benchmarks/many_stores.py --stores 1000 --minutes 5`. It needs
PostgreSQL and Redis, in `AVBC_TEST_POSTGRESQL` and `AVBC_TEST_REDIS`, and fails if the dispatcher
takes 5 % of a core, or a store waits for more than 30 s after its cycle was due.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psutil
import redis
import sqlalchemy as sa

import avbc
from avbc.tables import text_table
from avbc.testing import example

MOST_CPU, MOST_WAIT = 0.05, 30
"""Of a core for the dispatcher; seconds after a cycle was due."""

APP = """
import os, time
import celery
from celery.signals import task_postrun, task_prerun
import avbc
from avbc.celery import beat_schedule, register

app = celery.Celery("shops", broker=os.environ["BROKER"])
app.conf.broker_transport_options = {"global_keyprefix": os.environ["PREFIX"]}
register(app, stores="stores", books=lambda: avbc.SqlGateway(os.environ["BOOKS"]))
app.conf.beat_schedule = beat_schedule()
began = 0.0


@task_prerun.connect
def begin(**_):
    global began
    began = time.process_time()


@task_postrun.connect
def end(task, **_):
    with open(f"cpu-{os.getpid()}", "a") as file:
        print(task.name, time.process_time() - began, file=file)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure many quiet stores on Celery's workers.")
    parser.add_argument("--stores", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--interval", type=int, default=1, help="minutes between cycles")
    parser.add_argument("--processes", type=int, default=4, help="that run tasks")
    options = parser.parse_args()
    try:
        postgresql, broker = (os.environ[f"AVBC_TEST_{name}"] for name in ("POSTGRESQL", "REDIS"))
    except KeyError as missing:
        sys.exit(f"{missing} is not set to the URL of a server")
    # Whatever ends it, the workers end and the schema goes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        books_url = stack.enter_context(own_schema(postgresql))
        save_stores(folder, stack.enter_context(quiet_server()), options)
        books = stack.enter_context(avbc.SqlGateway(books_url))
        without_products, _, _ = example.books_toml.partition("products = [")
        (folder / "books.toml").write_text(without_products, encoding="utf-8")
        books.load(folder / "books.toml")
        (folder / "shops.py").write_text(APP, encoding="utf-8")
        environment = {
            **os.environ,
            "AVBC_ACCESS_TOKEN": "example-token",
            "BOOKS": books_url,
            "BROKER": broker,
            "PREFIX": f"avbc-{uuid4().hex}-",
        }
        stack.callback(forget, broker, environment["PREFIX"])
        start = time.monotonic()
        beat = stack.enter_context(celery(folder, environment, "beat", "--pidfile="))
        workers = stack.enter_context(
            celery(folder, environment, "worker", "-c", str(options.processes), "-l", "WARNING")
        )
        while cycles_begun(books) < options.stores or overdue(books) > MOST_WAIT / 2:
            time.sleep(1)
        print(f"all stores had their first cycles after {time.monotonic() - start:.0f} s")
        measured = Measured(books, folder, beat, workers, broker)
        measured.watch(60 * options.minutes)
    measured.show(options.stores, options.minutes)


@contextmanager
def quiet_server() -> Iterator[str]:
    """Serve, in a process of its own, any store: it has no orders, and answers at once."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = multiprocessing.Process(target=lambda: asyncio.run(serve(listening)), daemon=True)
        process.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        process.terminate()
        process.join()


async def serve(listening: socket.socket) -> None:
    server = await asyncio.get_running_loop().create_server(Quiet, sock=listening)
    await server.serve_forever()


class Quiet(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self._transport, asyncio.Transport)
        line, _, _ = data.partition(b"\r\n")
        body = b'{"data": []}'
        answer = b"HTTP/1.1 204 No Content\r\n\r\n"
        if b"/v3/" in line:  # otherwise there are no orders
            head = (
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            )
            answer = head % len(body) + body
        self._transport.write(answer)


def forget(broker: str, prefix: str) -> None:
    """Delete the queues."""
    with redis.Redis.from_url(broker) as server:
        for key in server.scan_iter(f"{prefix}*"):
            server.delete(key)


@contextmanager
def own_schema(url: str) -> Iterator[str]:
    """Yield the URL of a new schema, which is also the name of its connections."""
    base = sa.make_url(url).set(drivername="postgresql+psycopg")
    admin = sa.create_engine(base, isolation_level="AUTOCOMMIT")
    schema = f"scale_{uuid4().hex[:12]}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    own = {"options": f"-csearch_path={schema}", "application_name": schema}
    yield base.set(query={**base.query, **own}).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    admin.dispose()


def save_stores(folder: Path, url: str, options: argparse.Namespace) -> None:
    (folder / "stores").mkdir()
    for number in range(options.stores):
        tables = example.settings_dict(f"{url}/stores/s{number}/v3/")
        own = {"import_source_code": f"{number:03X}", "check_interval_minutes": options.interval}
        tables["order_status"] |= own
        avbc.Settings.from_dict(tables).save(folder / "stores" / f"{number}.toml")


@contextmanager
def celery(folder: Path, environment: dict[str, str], *arguments: str) -> Iterator[psutil.Process]:
    command = [sys.executable, "-m", "celery", "-A", "shops", *arguments]
    process = subprocess.Popen(command, cwd=folder, env=environment)
    yield psutil.Process(process.pid)
    process.terminate()
    process.wait()


def cycles_begun(books: avbc.SqlGateway) -> float:
    with suppress(sa.exc.ProgrammingError):
        return one(books, "SELECT count(began_at) FROM avbc_cycles")
    return 0


def overdue(books: avbc.SqlGateway) -> float:
    """How many seconds ago the cycle was due that waits longest."""
    late = "SELECT extract(epoch FROM max(clock_timestamp() - next_at)) FROM avbc_cycles"
    return one(books, late)


def one(books: avbc.SqlGateway, statement: str) -> float:
    with books.engine.connect() as connection:
        return float(connection.exec_driver_sql(statement).scalar() or 0)


class Measured:
    """What the parts used of a core, and how long stores waited, from its making on."""

    def __init__(
        self,
        books: avbc.SqlGateway,
        folder: Path,
        beat: psutil.Process,
        workers: psutil.Process,
        broker: str,
    ) -> None:
        self.books, self.folder = books, folder
        self.beat, self.workers = beat, workers
        self.redis = redis.Redis.from_url(broker)
        self.backends: dict[int, float] = {}
        self.wait = 0.0
        self.before = self.used()
        self.after = self.before

    def used(self) -> Counter[str]:
        """Seconds of CPU so far, and how many tasks ran."""
        found: Counter[str] = Counter()
        for file in self.folder.glob("cpu-*"):
            for line in file.read_text(encoding="utf-8").splitlines():
                name, seconds = line.split()
                found[name] += float(seconds)
                found[f"{name} count"] += 1
        found["beat"] = cpu(self.beat)
        found["workers"] = sum(map(cpu, [self.workers, *self.workers.children()]))
        found["postgresql"] = sum(self.backends_used().values())
        about = self.redis.info("cpu")
        found["redis"] = about["used_cpu_user"] + about["used_cpu_sys"]
        return found

    def backends_used(self) -> dict[int, float]:
        with self.books.engine.connect() as connection:
            pids = connection.exec_driver_sql(
                "SELECT pid FROM pg_stat_activity WHERE application_name = current_schema()"
            ).scalars()
            for pid in pids:
                with suppress(psutil.NoSuchProcess):
                    self.backends[pid] = cpu(psutil.Process(pid))
        return self.backends

    def watch(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.wait = max(self.wait, overdue(self.books))
            self.backends_used()
            time.sleep(1)
        self.after = self.used()

    def show(self, stores: int, minutes: float) -> None:
        used = self.after - self.before
        dispatcher = used["beat"] + used["avbc.dispatch"]
        parts = {
            "dispatcher (beat and avbc.dispatch)": dispatcher,
            "workers, without avbc.dispatch": used["workers"] - used["avbc.dispatch"],
            "PostgreSQL": used["postgresql"],
            "Redis (all that use it)": used["redis"],
        }
        rows = [
            {
                "part": part,
                "CPU s": f"{seconds:.1f}",
                "ms a store-minute": f"{1000 * seconds / stores / minutes:.2f}",
                "of a core": f"{seconds / 60 / minutes:.1%}",
            }
            for part, seconds in parts.items()
        ]
        print(text_table(rows, list(rows[0])))
        cycles = used["avbc.run_cycle count"]
        print(f"{cycles:.0f} cycles of {stores} stores in {minutes:g} minutes, ", end="")
        print(f"at most {self.wait:.0f} s after they were due")
        share = dispatcher / 60 / minutes
        if share >= MOST_CPU or self.wait > MOST_WAIT:
            sys.exit(f"more than {MOST_CPU:.0%} of a core, or than {MOST_WAIT} s")


def cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


if __name__ == "__main__":
    main()
