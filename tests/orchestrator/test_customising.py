from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import attrs
import pytest

from avbc.acctvantage import OrderBundle, SqlGateway
from avbc.bigcommerce.models import Order
from avbc.errors import FinalError, TransientError
from avbc.orchestrator import Orchestrator
from avbc.testing import FakeStore, OrderFactory, item

Join = Callable[..., Orchestrator]
CENT = Decimal("0.01")


@pytest.fixture
def order_id(store: FakeStore) -> int:
    return store.add_order(
        OrderFactory().order([item("MUG-RED", 2)], customer_message="Ring twice")
    ).id


def shout(order: Order, bundle: OrderBundle) -> OrderBundle:
    return attrs.evolve(
        bundle, order=attrs.evolve(bundle.order, memo=f"{order.customer_message.upper()}!")
    )


def sign(order: Order, bundle: OrderBundle) -> OrderBundle:
    line = attrs.evolve(
        bundle.order.lines[0], memo="checked", amount=bundle.order.lines[0].amount + CENT
    )
    return attrs.evolve(
        bundle, order=attrs.evolve(bundle.order, lines=(line,), freight=bundle.order.freight - CENT)
    )


def test_customisations_are_written_and_explained(
    join: Join, store: FakeStore, books: SqlGateway, order_id: int
) -> None:
    web = join(customise=[shout, sign])
    (foreseen,) = web.preview_orders().imported
    web.import_orders()
    (order,) = books.sales_orders()
    assert order.memo == "RING TWICE!"
    assert order.lines[0].memo == "checked"
    assert foreseen.explanation is not None
    reasons = {
        decision.field: decision
        for decision in foreseen.explanation.decisions
        if "customised" in decision.reason
    }
    assert reasons["order.memo"].value == "RING TWICE!"
    assert reasons["order.memo"].reason == "customised by shout, was 'Ring twice'"
    assert set(reasons) == {
        "order.memo",
        "order.lines[0].memo",
        "order.lines[0].amount",
        "order.freight",
    }
    assert "sign" in reasons["order.freight"].reason


def test_a_customisation_that_changes_nothing_leaves_no_trace(join: Join, order_id: int) -> None:
    plain, untouched = join(), join(customise=[lambda order, bundle: bundle])
    assert untouched.explain(order_id).decisions == plain.explain(order_id).decisions


def shortchange(order: Order, bundle: OrderBundle) -> OrderBundle:
    return attrs.evolve(
        bundle, order=attrs.evolve(bundle.order, freight=bundle.order.freight - CENT)
    )


def round_away(order: Order, bundle: OrderBundle) -> OrderBundle:
    return attrs.evolve(
        bundle, order=attrs.evolve(bundle.order, freight=bundle.order.freight - CENT, rounding=CENT)
    )


def rename(order: Order, bundle: OrderBundle) -> OrderBundle:
    return attrs.evolve(bundle, order=attrs.evolve(bundle.order, import_id="OTHER"))


def forgive(order: Order, bundle: OrderBundle) -> OrderBundle:
    return attrs.evolve(bundle, receipts=())


def drop_a_line(order: Order, bundle: OrderBundle) -> OrderBundle:
    return attrs.evolve(bundle, order=attrs.evolve(bundle.order, lines=()))


@pytest.mark.parametrize(
    ("customisation", "code", "field"),
    [
        (shortchange, "customisation_does_not_foot", "order.total"),
        (round_away, "customisation_does_not_foot", "order.rounding"),
        (rename, "customisation_refused", "order.import_id"),
        (forgive, "customisation_does_not_foot", "receipts"),
        (drop_a_line, "customisation_does_not_foot", "order.total"),
    ],
)
def test_what_does_not_add_up_any_more_is_refused(
    join: Join, books: SqlGateway, order_id: int, *, customisation: object, code: str, field: str
) -> None:
    (outcome,) = join(customise=[customisation]).import_orders().refused
    assert [(problem.code, problem.field) for problem in outcome.problems] == [(code, field)]
    assert books.sales_orders() == []


def refuse(order: Order, bundle: OrderBundle) -> OrderBundle:
    raise FinalError("we do not ship anvils")


def not_now(order: Order, bundle: OrderBundle) -> OrderBundle:
    raise TransientError("the address service is away")


def crash(order: Order, bundle: OrderBundle) -> OrderBundle:
    raise ZeroDivisionError("oops")


def forget_to_return(order: Order, bundle: OrderBundle) -> OrderBundle:
    return None  # type: ignore[return-value]  # the commonest mistake


def test_a_customisation_may_refuse_an_order(join: Join, store: FakeStore, order_id: int) -> None:
    (outcome,) = join(customise=[refuse]).import_orders().refused
    assert outcome.problems[0].code == "refused_by_customisation"
    assert "anvils" in str(store.order(order_id).header["staff_notes"])


@pytest.mark.parametrize(
    ("customisation", "code", "said"),
    [
        (not_now, "try_again", "address service"),
        (crash, "unexpected_error", "ZeroDivisionError"),
        (forget_to_return, "unexpected_error", "forget_to_return returned NoneType"),
    ],
)
def test_a_customisation_that_fails_leaves_the_order_new(
    join: Join,
    store: FakeStore,
    books: SqlGateway,
    order_id: int,
    *,
    customisation: object,
    code: str,
    said: str,
) -> None:
    (outcome,) = join(customise=[customisation]).import_orders().postponed
    assert outcome.problems[0].code == code
    assert said in outcome.problems[0].message
    assert store.order(order_id).header["status_id"] == 11
    assert books.sales_orders() == []


def test_orders_with_problems_are_not_customised(join: Join, store: FakeStore) -> None:
    from avbc.testing import order_of_shape

    store.add_order(order_of_shape("unknown_sku"))
    (outcome,) = join(customise=[crash]).import_orders().refused
    assert [problem.code for problem in outcome.problems] == ["sku_unknown"]
