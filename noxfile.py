"""Every check of the project: `nox` runs them all, `nox -l` lists them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nox

nox.needs_version = ">=2025.11.12"
# uv installs in two seconds what pip installs in twenty.
nox.options.default_venv_backend = "uv|virtualenv"
# A Python that this machine does not have is skipped with a message, also where CI is set.
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.stop_on_first_error = False

# Container images often set it. Every process of every test would compile all that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def is_found(version: str) -> bool:
    """Whether this machine has a Python. A shim of pyenv may be there without it."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return True
    found = shutil.which(f"python{version}")
    return found is not None and subprocess.run([found, "-c", ""], check=False).returncode == 0


PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
OLDEST = next(filter(is_found, PYTHONS), PYTHONS[0])
"""The oldest Python that this machine has: it does what one Python is enough for."""
ON_EVERY_CORE = ("-n", str(min(4, 1 + (os.cpu_count() or 1))), "--dist", "worksteal")
"""Options of pytest-xdist: a process more than there are cores, since some tests wait."""
EXTRAS = ".[" + ",".join(PROJECT["project"]["optional-dependencies"]) + "]"


def install(session: nox.Session, *groups: str) -> None:
    """Install the package with all its extras, and some groups of what a checkout needs."""
    options = (
        # Otherwise uv takes the package that it built last time.
        ["--reinstall-package", "avbc"]
        if session.venv_backend == "uv"
        # Python compiles what it imports; most of what is installed is never imported.
        else ["--no-compile"]
    )
    session.install(*options, EXTRAS, *nox.project.dependency_groups(PROJECT, *groups))


def run_at_once(session: nox.Session, *commands: tuple[str, ...]) -> None:
    """Run commands that do not depend on each other, one on each core. One that fails ends it."""

    def run(command: tuple[str, ...]) -> object:
        return session.run(*command, silent=True)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for output in pool.map(run, commands):
            sys.stdout.write(str(output))


@nox.session(python=OLDEST)
def lint(session: nox.Session) -> None:
    """Style and security rules."""
    session.install(*nox.project.dependency_groups(PROJECT, "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=OLDEST)
def imports(session: nox.Session) -> None:
    """The floors of the house: each imports only from floors below it."""
    session.install(*nox.project.dependency_groups(PROJECT, "lint"))
    # The contracts are checked on the source: nothing of it runs, so nothing is installed.
    session.run("lint-imports", "--no-logo", env={"PYTHONPATH": "src"})


@nox.session(python=OLDEST)
def types(session: nox.Session) -> None:
    """mypy and pyright, strict, on the package and on the typing contract in tests/typing.

    mypy on the contract as it was kept with the last release, too: a program that was right stays
    right.
    """
    install(session, "types", "test")
    run_at_once(session, ("mypy",), ("pyright",))
    # It takes what it knows of the package from what mypy saved above.
    session.run("mypy", "tests/typing")
    # What was wrong then may be right now.
    session.run("mypy", "--no-warn-unused-ignores", "tests/typing_kept")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The tests and the examples in docstrings.

    On the oldest Python also their branch coverage, and before them what is marked `one_python`:
    the share of the chaos bench, Celery's workers and more that does not tell one Python from
    another.
    """
    # The benchmarks are run there, in their smallest size.
    install(session, "test", *(["bench"] if session.python == OLDEST else []))
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    if session.python != OLDEST:
        environment = {"AVBC_TEST_PROFILE": "few"}
        # Each process would rewrite the assertions of all tests first, only to tell more of one
        # that fails: `nox -s tests-3.13 -- tests/...` does.
        options = ("-m", "not one_python", "--assert=plain", *ON_EVERY_CORE)
        session.run("pytest", *options, env=environment)
        return
    session.install("pytest-cov>=6")
    session.run("coverage", "erase")
    # What runs on one Python waits for processes and servers, and runs the lines that the others
    # run, so it is not traced.
    session.run("pytest", "-m", "one_python", *ON_EVERY_CORE)
    options = ("-m", "not one_python", "--cov", "--cov-report=", *ON_EVERY_CORE)
    session.run("pytest", *options, env={"COVERAGE_CORE": "ctrace"})
    session.run("coverage", "report")
    session.run("coverage", "report", "--include=*/avbc/mapping/*", "--fail-under=100")


@nox.session(python=OLDEST)
def httpx2(session: nox.Session) -> None:
    """The client's tests on httpx2 instead of httpx, by transports and over loopback HTTP."""
    install(session, "test")
    without_http = [
        f"--ignore=tests/bigcommerce/test_{name}.py" for name in ("decoding", "openapi")
    ]
    arguments = ["tests/bigcommerce", *without_http, *ON_EVERY_CORE]
    session.run("pytest", *arguments, env={"AVBC_TEST_HTTP": "httpx2"})


@nox.session(python=OLDEST)
def examples(session: nox.Session) -> None:
    """Every example and notebook, run as a user runs it."""
    install(session, "notebooks")
    run_at_once(
        session,
        *(("jupyter", "execute", str(one)) for one in sorted(Path("examples").glob("*.ipynb"))),
        *(("python", "-W", "error", str(one)) for one in sorted(Path("examples").glob("*.py"))),
    )


@nox.session(python=OLDEST)
def docs(session: nox.Session) -> None:
    """The site; a warning is an error."""
    install(session, "docs")
    options = ("-j", "auto", "-W", "--keep-going", "-b", "html")
    session.run("sphinx-build", *options, "docs", "docs/_build/html")


@nox.session(python=OLDEST)
def audit(session: nox.Session) -> None:
    """Known vulnerabilities in what the package installs.

    Skipped with a message where the service that lists them does not answer.
    """
    install(session, "audit")
    found = Path(session.create_tmp()) / "audit.json"
    found.unlink(missing_ok=True)
    # Its exit code is 1 for vulnerabilities and also for a service that does not answer: only its
    # report shows which.
    options = [
        "--skip-editable",
        "--progress-spinner",
        "off",
        "--format",
        "json",
        "--output",
        str(found),
    ]
    said = str(session.run("pip-audit", *options, silent=True, success_codes=[0, 1])).strip()
    packages = (
        json.loads(found.read_text(encoding="utf-8"))["dependencies"] if found.exists() else []
    )
    audited = [package for package in packages if "vulns" in package]
    if not audited:
        why = (
            said.splitlines()[-1]
            if not packages and said
            else f"pypi.org knows none of {len(packages)} packages"
        )
        session.skip(f"NOTHING WAS AUDITED: {why}")
    session.log(f"audited {len(audited)} of {len(packages)} packages")
    vulnerable = [
        (package, vulnerability) for package in audited for vulnerability in package["vulns"]
    ]
    for package, vulnerability in vulnerable:
        fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
        session.log(
            f"{package['name']} {package['version']} has {vulnerability['id']}, fixed in {fixed}"
        )
    if vulnerable:
        session.error(f"{len(vulnerable)} known vulnerabilities")


@nox.session(python=OLDEST, default=False)
def bench(session: nox.Session) -> None:
    """Requests, quota, CPU and memory, as ratios to peers and floors."""
    install(session, "bench")
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session(python=OLDEST, default=False)
def chaos(session: nox.Session) -> None:
    """Deaths and bad data by the thousand: nothing lost, nothing twice, not a cent off.

    A share of it is among the tests.
    """
    install(session, "test")
    session.run("python", "tests/chaos/run.py", *session.posargs)


@nox.session(python=OLDEST, default=False)
def scale(session: nox.Session) -> None:
    """Many stores on Celery's workers: what each costs, and how long it waits.

    `-- --stores 1000 --minutes 5`. It needs a PostgreSQL and a Redis server, as the tests of
    Celery's workers do.
    """
    install(session, "test")
    session.run("python", "benchmarks/many_stores.py", *session.posargs)


@nox.session(python=OLDEST, default=False)
def simulate(session: nox.Session) -> None:
    """Store-days, each from its seed: `-- --seed 1 --days 3` tells them as stories.

    Without arguments as many as a minute of CPU time allows. `-- --planted` plants faults and says
    which days show them. A share of both is among the tests.
    """
    install(session, "test")
    session.run("python", "tests/simulation/simulate.py", *session.posargs)
