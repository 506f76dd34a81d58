from __future__ import annotations

from decimal import Decimal

import pytest
from attrs import evolve

from avbc.acctvantage import BooksRefused, Credit, CreditLine, CreditTender, SqlGateway
from avbc.testing.contract import make_bundle


def test_a_refused_credit_says_what_does_not_add_up(books: SqlGateway) -> None:
    books.create_order(make_bundle(1))
    credit = Credit(
        "WEB1-CM1",
        "WEB1",
        1,
        (CreditLine("product", Decimal(2)),),
        Decimal("0.1"),
        Decimal("2.1"),
        "USD",
        (CreditTender("Check", Decimal("2.1")),),
    )
    for change, reason in [
        ({"total": Decimal("2.2")}, r"its total 2\.2 is not the 2\.1 of lines \+ tax"),
        (
            {"tenders": (CreditTender("Check", Decimal(2)),)},
            r"its total 2\.1 is not the 2 of its tenders",
        ),
        ({"tax": Decimal("sNaN")}, "has an amount that is not a number"),
        ({"import_id": ""}, "refund 1 of order WEB1 has no Import ID"),
        ({"order_import_id": "WEB9"}, "credit WEB1-CM1 .*names a record that is not in the books"),
    ]:
        with pytest.raises(BooksRefused, match=reason):
            books.create_credit(evolve(credit, **change))  # type: ignore[arg-type]  # the fields are in the table above
    assert books.credits() == []
