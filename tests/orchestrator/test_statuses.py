from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import pytest

from avbc.bigcommerce.models import OrderStatus
from avbc.bigcommerce.models.statuses import SYSTEM_STATUSES
from avbc.orchestrator import Orchestrator
from avbc.orchestrator.engine.statuses import ImportStatuses, import_statuses
from avbc.settings import Settings, SettingsError
from avbc.testing import FakeStore, OrderFactory, example


def screen(new: str | int, downloaded: str | int = 9, import_error: str | int = 12) -> Settings:
    settings = Settings.from_dict(example.settings_dict("http://127.0.0.1/stores/abc123/v3/"))
    return attrs.evolve(
        settings,
        order_status=attrs.evolve(
            settings.order_status,
            new_order_status=new,
            downloaded_order_status=downloaded,
            import_error_status=import_error,
        ),
    )


def never() -> Sequence[OrderStatus]:
    raise AssertionError("the store was asked")


@pytest.mark.parametrize("new", [11, "11", "Awaiting Fulfillment", "awaiting fulfillment "])
def test_ids_and_bigcommerces_own_names_need_no_request(new: str | int) -> None:
    assert import_statuses(
        screen(new, "Completed", "Manual Verification Required"), never
    ) == ImportStatuses(11, 10, 12)


def test_the_merchants_labels_are_asked_for() -> None:
    labelled = [
        OrderStatus(
            id=status.id, name=status.name, custom_label="To pick" if status.id == 11 else ""
        )
        for status in SYSTEM_STATUSES
    ]
    assert import_statuses(screen("to pick"), lambda: labelled).new == 11


def test_every_fault_is_listed() -> None:
    with pytest.raises(SettingsError) as caught:
        import_statuses(screen("Fresh", "Old"), lambda: SYSTEM_STATUSES)
    assert [fault.key for fault in caught.value.faults] == [
        "order_status.new_order_status",
        "order_status.downloaded_order_status",
    ]
    with pytest.raises(SettingsError, match="again and again"):
        import_statuses(screen(11, "Awaiting Fulfillment"), never)
    with pytest.raises(SettingsError, match="again and again"):
        import_statuses(screen(11, 9, "Awaiting Fulfillment"), never)
    with pytest.raises(SettingsError, match="failed orders would count as imported"):
        import_statuses(screen(11, 9, "Awaiting Shipment"), never)
    with pytest.raises(SettingsError, match="never finished"):
        import_statuses(screen("Incomplete"), never)


def test_an_import_by_the_merchants_label_asks_for_the_statuses_once(
    join: Callable[..., Orchestrator], change: Callable[..., object]
) -> None:
    store = FakeStore(status_labels={11: "To pick"})
    web = join(
        settings=change(order_status={"new_order_status": "To pick"}), transport=store.transport()
    )
    for _ in range(2):
        store.add_order(OrderFactory().plain())
        web.import_orders()
    assert store.counts()["GET /v2/order_statuses"] == 1
    assert store.order(1001).header["status_id"] == 9
