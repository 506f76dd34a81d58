from decimal import Decimal

import attrs
import pytest

from avbc.bigcommerce import models
from avbc.bigcommerce.models import (
    Address,
    Consignments,
    EmailConsignments,
    EmailedConsignment,
    Model,
    Order,
    OrderCount,
    OrderProduct,
    PickupConsignment,
    ShippingConsignment,
    StatusCount,
)

MODELS = [kind for name in models.__all__ if issubclass(kind := getattr(models, name), Model)]


def line(id: int, **values: object) -> OrderProduct:  # noqa: A002 - the model's own word
    return attrs.evolve(OrderProduct(id=id), **values)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_can_be_built_by_hand_with_nothing_but_defaults(model):
    assert model() == model()
    assert not hasattr(model(), "__dict__")


def test_models_are_values_and_the_raw_row_does_not_count():
    assert Order(id=1, raw={"id": 1}) == Order(id=1)
    assert Order(id=1) != Order(id=2)
    assert attrs.evolve(Order(id=1), status_id=9).status_id == 9


def test_two_models_never_share_a_mutable_default():
    first, second = Order(id=1), Order(id=2)
    first.billing_address.email = "ana@example.com"
    assert second.billing_address.email == ""


def test_the_raw_row_stays_out_of_repr_since_it_may_be_long():
    assert "secret" not in repr(Order(id=1, raw={"note": "secret"}))


def test_extra_has_what_is_not_declared():
    order = Order(
        id=1, raw={"id": 1, "order_source": "www", "billing_address": {"email": "ana@example.com"}}
    )
    assert order.extra == {"order_source": "www"}


def test_the_warning_of_a_consignment_is_declared_under_its_json_key():
    assert ShippingConsignment(raw={"__warning__": {"message": "cut"}, "new": 1}).extra == {
        "new": 1
    }


def test_lines_are_the_embedded_ones_of_all_consignments():
    consignments = Consignments(
        shipping=(
            ShippingConsignment(id=51, line_items=(line(1), line(2))),
            ShippingConsignment(id=52, line_items=(line(3),)),
        ),
        pickups=(PickupConsignment(id=9, line_items=(line(4),)),),
        downloads=(EmailedConsignment(line_items=(line(5),)),),
        email=EmailConsignments(gift_certificates=(EmailedConsignment(line_items=(line(6),)),)),
    )
    order = Order(id=1, consignments=consignments, items_total=6)
    assert [one.id for one in order.lines] == [1, 2, 3, 4, 5, 6]
    assert order.lines_complete


def test_lines_that_were_read_apart_replace_the_embedded_ones():
    consignments = Consignments(
        shipping=(
            ShippingConsignment(id=51, line_items=(line(1),), warning="Not all line items ..."),
        )
    )
    order = Order(id=1, consignments=consignments, items_total=2)
    assert not order.lines_complete
    order = attrs.evolve(order, products=(line(1), line(2)))
    assert [one.id for one in order.lines] == [1, 2]
    assert order.lines_complete


def test_lines_are_incomplete_when_a_consignment_was_cut_even_if_the_sum_fits():
    consignments = Consignments(
        shipping=(
            ShippingConsignment(id=51, line_items=(line(1),), warning="Not all line items ..."),
        )
    )
    assert not Order(id=1, consignments=consignments, items_total=1).lines_complete


@pytest.mark.parametrize(("total", "complete"), [(3, True), (4, False), (2, False)])
def test_quantities_must_add_up_and_components_of_bundles_do_not_count(total, complete):
    products = (
        line(1, quantity=2),
        line(2, quantity=1),
        line(3, quantity=2, parent_order_product_id=1, is_bundled_product=True),
    )
    assert Order(id=1, products=products, items_total=total).lines_complete is complete


def test_an_order_without_lines_is_complete_only_if_it_counts_none():
    assert Order(id=1, items_total=0).lines == ()
    assert Order(id=1, items_total=0).lines_complete
    assert not Order(id=1, items_total=1).lines_complete


def test_parent_zero_is_no_parent():
    assert not line(1, parent_order_product_id=0).is_component


def test_counts_by_status():
    count = OrderCount(
        count=33, statuses=(StatusCount(id=11, count=31), StatusCount(id=9, count=2))
    )
    assert count.of(9) == 2
    assert count.of(10) == 0


def test_a_consignment_is_an_address_too():
    consignment = ShippingConsignment(id=51, city="Austin", cost_ex_tax=Decimal("11.09"))
    assert isinstance(consignment, Address)
    assert isinstance(consignment, Model)
