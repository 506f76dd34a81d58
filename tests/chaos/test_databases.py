"""A quick share of the faults of the books' database.

`nox -s chaos` tries more points of longer runs.
"""

from __future__ import annotations

import os

from bench.databases import postgresql_faults, sqlite_faults


def test_a_file_that_is_locked_and_a_disk_that_is_full() -> None:
    rows = sqlite_faults("few", sample=3)
    assert [complaint for row in rows for complaint in row.wrong] == []
    assert [row.points for row in rows] == [3, 3, 3]


def test_a_server_that_goes_away_and_a_deadlock(postgresql_url: str) -> None:
    del postgresql_url  # It sees that a server is there. Databases are made on it, and dropped.
    rows = postgresql_faults("few", os.environ["AVBC_TEST_POSTGRESQL"], sample=3)
    assert [complaint for row in rows for complaint in row.wrong] == []
    assert [row.points for row in rows] == [3, 3, 3, 3]
