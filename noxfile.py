"""Every check of the project: `nox` runs them all, `nox -l` lists them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "virtualenv"
# A Python that this machine lacks is skipped, and said so, also where CI is set.
nox.options.error_on_missing_interpreters = False
nox.options.stop_on_first_error = False

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
OLDEST = PYTHONS[0]
EXTRAS = ".[" + ",".join(PROJECT["project"]["optional-dependencies"]) + "]"


def install(session: nox.Session, *groups: str) -> None:
    # Python compiles what it imports: most of what is installed is never imported, and compiling it takes as long as installing it.
    session.install("--no-compile", EXTRAS, *nox.project.dependency_groups(PROJECT, *groups))


@nox.session(python=OLDEST)
def lint(session: nox.Session) -> None:
    """Style, and the security rules among it."""
    session.install(*nox.project.dependency_groups(PROJECT, "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=OLDEST)
def imports(session: nox.Session) -> None:
    """The floors of the house: each imports only from floors below it."""
    session.install(*nox.project.dependency_groups(PROJECT, "lint"))
    # The contracts are read off the source: nothing of it is run, so nothing is installed.
    session.run("lint-imports", "--no-logo", env={"PYTHONPATH": "src"})


@nox.session(python=OLDEST)
def types(session: nox.Session) -> None:
    """mypy and pyright, strict, on the package and on the typing contract in tests/typing."""
    install(session, "types", "test")
    session.run("mypy")
    session.run("mypy", "tests/typing")
    session.run("pyright")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The tests and the examples in docstrings; branch coverage, the share of the chaos bench and Celery's workers on the oldest Python."""
    install(session, "test")
    session.env.setdefault("COVERAGE_CORE", "ctrace")
    arguments = session.posargs or ["-n", str(min(4, os.cpu_count() or 1))]
    if session.posargs:
        session.run("pytest", *arguments)
        return
    if session.python != OLDEST:
        # Both take long, and tell one Python from another no better than the other tests do.
        session.run("pytest", "--ignore=tests/chaos", "--ignore=tests/test_celery.py", *arguments)
        return
    session.run("coverage", "erase")
    session.install("pytest-cov>=6")
    session.run("pytest", "--cov", "--cov-report=", *arguments)
    session.run("coverage", "report")
    session.run("coverage", "report", "--include=*/avbc/mapping/*", "--fail-under=100")


@nox.session(python=OLDEST)
def examples(session: nox.Session) -> None:
    """Every example is run as a user runs it."""
    install(session, "notebooks")
    for example in sorted(Path("examples").glob("*.py")):
        session.run("python", "-W", "error", str(example))
    for notebook in sorted(Path("examples").glob("*.ipynb")):
        session.run("jupyter", "execute", str(notebook))


@nox.session(python=OLDEST)
def docs(session: nox.Session) -> None:
    """The site; a warning is an error."""
    install(session, "docs")
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html")


@nox.session(python=OLDEST)
def audit(session: nox.Session) -> None:
    """Known vulnerabilities in what the package installs. Skipped, and said so, where the service that knows them does not answer."""
    install(session, "audit")
    found = Path(session.create_tmp()) / "audit.json"
    found.unlink(missing_ok=True)
    # Its exit code is 1 for vulnerabilities and for a service that is away: only its report tells the two apart.
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
            else f"pypi.org told nothing of any of {len(packages)} packages"
        )
        session.skip(f"NOTHING WAS AUDITED: {why}")
    session.log(f"{len(audited)} of {len(packages)} packages were audited")
    vulnerable = [
        (package, vulnerability) for package in audited for vulnerability in package["vulns"]
    ]
    for package, vulnerability in vulnerable:
        mended = ", ".join(vulnerability["fix_versions"]) or "no version yet"
        session.log(
            f"{package['name']} {package['version']} has {vulnerability['id']}, mended in {mended}"
        )
    if vulnerable:
        session.error(f"{len(vulnerable)} known vulnerabilities")


@nox.session(python=OLDEST, default=False)
def bench(session: nox.Session) -> None:
    """Requests, quota, CPU and memory, as ratios against peers and floors."""
    install(session, "bench")
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session(python=OLDEST, default=False)
def chaos(session: nox.Session) -> None:
    """Deaths, faults and bad data by the thousand: nothing lost, nothing twice, not a cent. A share of it is among the tests."""
    install(session, "test")
    session.run("python", "tests/chaos/run.py", *session.posargs)
