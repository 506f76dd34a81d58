"""Shipments that are no longer sent, since the settings must ask for it now."""

from __future__ import annotations

from avbc.acctvantage import ShipmentGateway
from avbc.mapping import Problem
from avbc.orchestrator.engine.push_run import PushRun

NOT_PUSHED = "shipping.push_shipments"
"""The key of the item, and the setting that it is about."""
_JOB = "push_shipments"
_CODE = "shipments_not_pushed"


def note_unpushed_shipments(run: PushRun) -> None:
    """Put it on the worklist once if shipments were sent before, and new ones are not.

    It costs no request. Sending them settles it.
    """
    if run.settings.shipping.push_shipments or not run.parts.has(ShipmentGateway):
        return
    last = run.integration.journal.watermark(f"{_JOB} {run.integration.scope}")
    # Once it is noted, the books need not be asked: there are more of them every day.
    if last is None or run.first_seen(_CODE, NOT_PUSHED, _JOB) is not None:
        return
    made = run.parts.shipments.shipments(run.source_code, last)
    if all(shipment.changed_at == last for shipment in made):
        return
    problem = Problem(
        _CODE,
        NOT_PUSHED,
        "false",
        f"Shipments were sent to the store until {last:%Y-%m-%d %H:%M} UTC. There are new ones in "
        f"AcctVantage, and they are not sent, since {NOT_PUSHED} is false.",
        f"To have them sent, set {NOT_PUSHED} = true. Otherwise settle this item.",
    )
    run.add_item(problem, key=NOT_PUSHED, area=_JOB)
