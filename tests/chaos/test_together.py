"""A quick share of many processes at once.

`nox -s chaos` lets them import hundreds of orders under a quota that runs out.
"""

from __future__ import annotations

import os

from bench.together import together_on_postgresql, together_on_sqlite


def test_three_processes_import_each_order_once_into_a_file() -> None:
    row = together_on_sqlite("few")
    assert row.wrong == []
    assert row.orders == 7


def test_three_processes_import_each_order_once_into_a_server(postgresql_url: str) -> None:
    del postgresql_url  # It sees that a server is there. Databases are made on it, and dropped.
    row = together_on_postgresql("few", os.environ["AVBC_TEST_POSTGRESQL"])
    assert row.wrong == []
    assert row.orders == 7
