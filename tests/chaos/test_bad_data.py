"""A quick share of the bad data: `nox -s chaos` tries twenty thousand orders."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from bench.badorders import generated_orders, try_orders
from bench.inputs import Kind, bad_inputs, every_kind
from bench.nonsense import DATES, SCRIPTS, Sample, good_order, huge_order, mutate, sample_of
from bench.tally import Row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avbc.testing import OrderFactory, order_of_shape
from avbc.testing.shapes import SHAPES


def test_generated_orders_are_imported_right_or_refused_with_a_reason() -> None:
    row = generated_orders(500, seed=1)
    assert row.wrong == []
    assert row.points == 500


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(choose=st.randoms(use_true_random=False), shape=st.sampled_from(sorted(SHAPES)))
def test_an_order_of_any_shape_may_be_changed_in_any_way(choose: random.Random, shape: str) -> None:
    """The same changes, drawn by hypothesis, which finds the smallest that does harm."""
    sample = sample_of(order_of_shape(shape, OrderFactory(first_id=7)))
    mutate(choose, sample)
    row = Row("order")
    try_orders([sample], row)
    assert row.wrong == []


def good(**header: object) -> Sample:
    sample = sample_of(OrderFactory(first_id=7).plain())
    sample.body.update(header)
    sample.importable = True
    return sample


@pytest.mark.parametrize("text", [*SCRIPTS, "x" * 65_536, "né 山 👋" * 13_000])
def test_text_of_any_script_and_length_is_imported(text: str) -> None:
    sample = good(staff_notes=text, customer_message=text)
    sample.body["billing_address"]["company"] = text[:200].replace("\n", " ")
    row = Row("text")
    try_orders([sample], row)
    assert row.wrong == []


@pytest.mark.parametrize("date", DATES)
def test_dates_at_the_edges_are_imported(date: str) -> None:
    row = Row("date")
    try_orders([good(date_created=date, date_modified=date)], row)
    assert row.wrong == []


def test_five_hundred_lines_and_ten_figures_are_imported() -> None:
    sample = huge_order(7)
    assert Decimal(sample.body["total_inc_tax"]) > 10**9
    assert sample.body["items_total"] > len(sample.lines) == 500
    sample.importable = True
    row = Row("huge")
    try_orders([sample], row)
    assert row.wrong == []


def test_the_judge_sees_a_value_that_was_changed_behind_its_back() -> None:
    """An order of which the client sees another amount than the one that is judged."""
    for key, value in [
        ("total_inc_tax", "19.44"),
        ("total_tax", "0.0000"),
        ("shipping_cost_ex_tax", "8.01"),
        ("customer_id", "x"),
    ]:
        sample = good()
        row = Row("order")
        judged = Sample(
            **{
                name: getattr(sample, name)
                for name in ("id", "body", "lines", "transactions", "coupons", "importable")
            }
        )
        judged.body = _Turned(sample.body, key, value)
        try_orders([judged], row)
        assert row.wrong, key


class _Turned(dict[str, object]):
    """Sent as it is, and read back with another value."""

    def __init__(self, row: dict[str, object], key: str, value: object) -> None:
        super().__init__(row)
        self.key = key
        self.value = value

    def get(self, key: str, default: object = None) -> object:  # type: ignore[override]  # a liar
        return self.value if key == self.key else super().get(key, default)


def test_other_input_is_taken_or_refused_with_its_faults() -> None:
    rows = bad_inputs(60, seed=1)
    assert [complaint for row in rows for complaint in row.wrong] == []
    assert sum(row.points for row in rows) == 60 * 8


def test_good_input_is_taken() -> None:
    with every_kind() as kinds:
        for kind in kinds:
            assert isinstance(kind, Kind)
            kind.take(kind.good)


def test_good_orders_are_good() -> None:
    orders = [good_order(random.Random(number), number) for number in range(1, 41)]
    assert sum(order.importable for order in orders) > 25
