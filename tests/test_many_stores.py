"""From an empty folder to ten stores that are served, by examples/many_stores alone."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest
import redis
import sqlalchemy as sa

from avbc import Settings, SqlGateway
from avbc.testing import FakeStore, LoopbackServer, example

pytestmark = [
    pytest.mark.one_python,
    pytest.mark.skipif(os.geteuid() != 0, reason="an operator who sets it up is root"),
    pytest.mark.skipif(
        shutil.which("redis-server") is None, reason="redis-server is not installed"
    ),
]

HERE = Path(__file__).parents[1] / "examples" / "many_stores"
UNITS = ("avbc-worker", "avbc-webhooks", "avbc-beat", "avbc-serve")
NEW = 11
TOKEN = "example-token"
PATIENCE = 90
"""Seconds after which what is waited for is held not to come."""

SYSTEMCTL = f"""#!{sys.executable}
# What systemd does with the units of the test.
import os, shlex, signal, subprocess, sys, time
from pathlib import Path

units, redis = Path(os.environ["AVBC_UNITS"]), Path(os.environ["AVBC_REDIS"])
action, *names = [name for name in sys.argv[1:] if name != "--now"]
if (action, names) == ("restart", ["redis-server"]):
    subprocess.run(["redis-server", redis / "redis.conf"], check=True)
for name in names if action in ("enable", "stop") else ():
    pid = units / f"{{name}}.pid"
    if action == "stop":
        os.kill(int(pid.read_text()), signal.SIGTERM)
        continue
    keys = dict(
        line.split("=", 1)
        for line in (units / f"{{name}}.service").read_text().splitlines()
        if "=" in line and line[0] not in "#["
    )
    pairs = Path(keys["EnvironmentFile"]).read_text().splitlines()
    environment = dict(os.environ, **dict(shlex.split(pair)[0].split("=", 1) for pair in pairs))
    command = shlex.split(keys["ExecStart"].replace("%%", "%"))
    if folder := keys.get("StateDirectory"):
        command = [each.replace("/var/lib/" + folder, str(units)) for each in command]
    with (units / f"{{name}}.log").open("ab") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=keys["WorkingDirectory"],
            stdout=log, stderr=log, start_new_session=True,
        )
    pid.write_text(str(process.pid))
"""


def wait_until(condition: Callable[[], object]) -> None:
    """Ask again and again."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


class Machine:
    """A machine whose folders lie in one folder."""

    def __init__(self, folder: Path, server: sa.URL) -> None:
        self.config, self.units = folder / "config", folder / "units"
        self.books = server.set(database="avbc")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        (folder / "redis").mkdir()
        (folder / "redis" / "redis.conf").write_text(
            f"port {self.port}\ndaemonize yes\ndir {folder}\npidfile {folder}/redis.pid\n"
        )
        (folder / "bin").mkdir()
        (folder / "bin" / "systemctl").write_text(SYSTEMCTL, encoding="utf-8")
        (folder / "bin" / "systemctl").chmod(0o755)
        (folder / "code").mkdir()
        (folder / "code" / "venv").symlink_to(sys.prefix)
        self.units.mkdir()
        self.environment = {
            **os.environ,
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "AVBC_CODE": str(folder / "code"),
            "AVBC_CONFIG": str(self.config),
            "AVBC_REDIS": str(folder / "redis"),
            "AVBC_UNITS": str(self.units),
            "AVBC_USER": "root",
            "AVBC_BROKER": f"127.0.0.1:{self.port}/0",
            # With the sign that a shell would take for its own.
            "AVBC_BOOKS_URL": f"postgresql://{server.username}@{server.host}:{server.port}/avbc"
            "?connect_timeout=5&application_name=stores",
            "PGHOST": str(server.host),
            "PGPORT": str(server.port),
            "PGUSER": str(server.username),
        }

    def run(self, *arguments: str) -> str:
        """Run steps of the script; returns what they print."""
        command = ["sh", str(HERE / "set_up.sh"), *arguments]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def fail(self, *arguments: str) -> str:
        """Run a step that must fail; returns what it prints."""
        with pytest.raises(AssertionError) as caught:
            self.run(*arguments)
        return str(caught.value)

    @property
    def password(self) -> str:
        """What the script made for Redis."""
        text = (self.config / "environment").read_text(encoding="utf-8")
        return text.partition("redis://:")[2].partition("@")[0]

    def systemctl(self, *arguments: str) -> None:
        subprocess.run(["systemctl", *arguments], env=self.environment, check=True)

    def log(self, unit: str) -> list[str]:
        return (self.units / f"{unit}.log").read_text(encoding="utf-8").splitlines()

    def pid(self, unit: str) -> int:
        return int((self.units / f"{unit}.pid").read_text(encoding="utf-8"))

    def is_running(self, unit: str) -> bool:
        """Whether its process is there; one that has ended is buried."""
        with suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
        return psutil.pid_exists(self.pid(unit))

    def end(self) -> None:
        for file in self.units.glob("*.pid"):
            with suppress(ProcessLookupError):
                os.killpg(int(file.read_text(encoding="utf-8")), signal.SIGKILL)
        with suppress(FileNotFoundError):
            os.kill(int((self.units.parent / "redis.pid").read_text()), signal.SIGTERM)


@pytest.fixture
def machine(tmp_path: Path, postgresql_url: str) -> Iterator[Machine]:
    server = sa.make_url(postgresql_url).set(query={})
    # The database that the script makes has one name: of tests in several processes one runs.
    with Path(tempfile.gettempdir(), "avbc-many-stores.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        machine = Machine(tmp_path, server)
        yield machine
        machine.end()
        admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql("DROP DATABASE IF EXISTS avbc WITH (FORCE)")
            connection.exec_driver_sql("DROP ROLE IF EXISTS root")
        admin.dispose()


class Shops:
    """Stores on loopback, each with a settings file that an operator would write."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self.stores: list[FakeStore] = []

    def open(self, name: str) -> tuple[str, str]:
        """Open a store with two orders; returns its settings file and its credentials file."""
        store = FakeStore(store_hash=name.lower())
        example.populate(store, orders=2)
        served = self._stack.enter_context(LoopbackServer(store))
        self.stores.append(store)
        credentials = self._folder / f"{name}.txt"
        credentials.write_text(
            f"ACCESS TOKEN: {TOKEN}\nCLIENT ID: example-id\nCLIENT SECRET: example-secret\n"
            f"API PATH: {served.api_url}\n",
            encoding="utf-8",
        )
        tables = example.settings_dict(served.api_url)
        tables["store"] = {"description": f"Shop {name}", "credentials_file": str(credentials)}
        tables["order_status"] |= {"import_source_code": name, "check_interval_minutes": 1}
        path = self._folder / f"{name}.toml"
        Settings.from_dict(tables).save(path)
        return str(path), str(credentials)

    def are_done(self) -> bool:
        """Whether no order waits to be imported."""
        return all(
            order.header["status_id"] != NEW
            for store in self.stores
            for order in store.state.orders.values()
        )


def test_ten_stores_by_the_script(machine: Machine, tmp_path: Path) -> None:
    machine.run("folders", "broker", "database")
    (tmp_path / "books.toml").write_text(example.books_toml, encoding="utf-8")
    machine.run("books", str(tmp_path / "books.toml"))
    with ExitStack() as stack:
        shops = Shops(tmp_path, stack)
        for number in range(10):
            told = machine.run("store", *shops.open(f"SH{number}"))
            assert "The connection is good" in told
        machine.run("services")
        wait_until(shops.are_done)
        # A store that is added to those that run.
        machine.run("store", *shops.open("NEW"))
        wait_until(shops.are_done)
        machine.systemctl("stop", "avbc-worker")
        wait_until(lambda: not machine.is_running("avbc-worker"))
        assert machine.is_running("avbc-beat")
        # One process serves them as well, whatever is wrong with one of them.
        (machine.config / "stores" / "bad.toml").write_text("[store]", encoding="utf-8")
        shops.stores[0].place_order()
        machine.systemctl("enable", "avbc-serve")
        wait_until(shops.are_done)
        machine.systemctl("stop", "avbc-serve")
        wait_until(lambda: not machine.is_running("avbc-serve"))

    with SqlGateway(machine.environment["AVBC_BOOKS_URL"]) as books:
        imported = Counter(order.source_code for order in books.sales_orders())
    assert imported == {"SH0": 3, "NEW": 2, **{f"SH{number}": 2 for number in range(1, 10)}}
    text = "\n".join("\n".join(machine.log(unit)) for unit in UNITS if unit != "avbc-webhooks")
    assert "stopped by SIGTERM" in text
    assert "bad.toml is left out" in text
    assert all(f"Shop SH{number} (SH{number}): " in text for number in range(10))
    assert TOKEN not in text
    assert machine.password not in text


def test_a_store_with_faults_is_not_served(machine: Machine, tmp_path: Path) -> None:
    machine.run("folders", "broker", "database")
    (tmp_path / "books.toml").write_text(example.books_toml, encoding="utf-8")
    machine.run("books", str(tmp_path / "books.toml"))
    with ExitStack() as stack:
        files = Shops(tmp_path, stack).open("BAD")
        settings = Path(files[0])
        wrong = settings.read_text(encoding="utf-8").replace("Visa/MC", "No such type")
        settings.write_text(wrong, encoding="utf-8")
        told = machine.fail("store", *files)
    assert "No such type" in told
    assert list((machine.config / "stores").iterdir()) == []


def test_a_store_does_not_take_the_credentials_of_another(machine: Machine, tmp_path: Path) -> None:
    machine.run("folders")
    with ExitStack() as stack:
        settings, _ = Shops(tmp_path, stack).open("TWO")
    credentials = tmp_path / "BigCommerceAPI-credentials.txt"
    credentials.write_text("ACCESS TOKEN: another", encoding="utf-8")
    assert "name both files alike" in machine.fail("store", settings, str(credentials))
    assert list((machine.config / "stores").iterdir()) == []


def test_only_root_reads_the_passwords_and_redis_asks_for_one(machine: Machine) -> None:
    machine.run("folders", "broker")
    environment = machine.config / "environment"
    assert stat.S_IMODE(environment.stat().st_mode) == 0o600
    with pytest.raises(redis.AuthenticationError), redis.Redis(port=machine.port) as nobody:
        nobody.ping()
    with redis.Redis(port=machine.port, password=machine.password) as broker:
        assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert broker.config_get("appendonly") == {"appendonly": "yes"}


def test_units_are_right(machine: Machine) -> None:
    """By systemd's own check, where it is installed."""
    machine.run("folders")
    machine.run("units")
    verify = ["systemd-analyze", "verify", *(machine.units / f"{each}.service" for each in UNITS)]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    # It also looks at units of the machine.
    assert [line for line in done.stderr.splitlines() if "avbc" in line] == []
