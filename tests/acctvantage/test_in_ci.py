"""In CI the tests on PostgreSQL run: a server that is not there fails them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TEST = (
    f"{Path(__file__).with_name('test_contract.py')}::TestSqlGateway::test_satisfies_the_protocol"
)


@pytest.mark.one_python
@pytest.mark.parametrize(("ci", "outcome"), [("true", "1 error"), ("", "1 skipped")])
def test_without_a_server(ci: str, outcome: str) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not Path("/etc/debian_version").exists():
        pytest.skip("only as root on Debian is a server always there")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AVBC_", "PYTEST_", "COV_"))
    } | {"CI": ci}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"{TEST}[postgresql]",
    ]
    done = subprocess.run(
        command,
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in done.stdout.splitlines()[-1], done.stdout
