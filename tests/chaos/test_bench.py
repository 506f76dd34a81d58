"""What was tried is added up."""

from __future__ import annotations

from bench.tally import Damage, Row, merged, table


def test_what_was_tried_is_added_up() -> None:
    one, other = Row("death: few"), Row("death: few")
    one.count(7, Damage(), "point 1")
    other.count(7, Damage(lost=["a"], doubled=["b", "c"]), "point 2")
    other.complain("point 3", "it never came")
    (row,) = merged([one, other])
    assert row.wrong == [
        "death: few, point 2: lost: a | doubled: b; c",
        "death: few, point 3: it never came",
    ]
    assert table([row]).splitlines() == [
        "kind        points tried  orders  lost  doubled  off by a cent",
        "----------  ------------  ------  ----  -------  -------------",
        "death: few             2      14     1        2              0",
        "all                    2      14     1        2              0",
    ]
