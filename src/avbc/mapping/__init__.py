"""The mapping engine: pure rules from BigCommerce's values to AcctVantage's records, or problems.

No network, no database, no clock. Each rule can be used alone: it takes values and returns a
`Ruling`, which has a value with its decisions, or problems. `Mapper` maps whole orders.

>>> from decimal import Decimal
>>> from avbc.acctvantage.records import ReferenceData, TaxArea, Warehouse
>>> from avbc.bigcommerce.models import Address, Order, OrderProduct
>>> from avbc.settings import Settings
>>> settings = Settings.from_dict({
...     "store": {"api_url": "https://api.bigcommerce.com/stores/abc123/v3/"},
...     "order_status": {
...         "import_source_code": "WEB", "new_order_status": 11,
...         "downloaded_order_status": 9, "import_error_status": 12,
...     },
...     "gl": {
...         "tax_area": "BigCommerce",
...         "payment_methods": [{"bigcommerce": "Manual", "receipt_type": "Check"}],
...     },
...     "shipping": {"warehouse": "Main"},
... })
>>> books = ReferenceData(
...     receipt_types=("Check",),
...     tax_areas=(TaxArea("BigCommerce"),),
...     warehouses=(Warehouse("Main"),),
... )
>>> amount = Decimal("25.0000")
>>> order = Order(
...     id=1042, subtotal_ex_tax=amount, subtotal_inc_tax=amount, total_ex_tax=amount,
...     total_inc_tax=amount, items_total=1,
...     payment_method="Manual", billing_address=Address(last_name="Rivera"),
...     products=(OrderProduct(
...         id=1, name="Engraving", type="digital", price_ex_tax=amount, price_inc_tax=amount,
...         total_ex_tax=amount, total_inc_tax=amount,
...     ),),
... )
>>> mapped = Mapper(settings, books).map(OrderInputs(order))
>>> mapped.bundle.order.import_id, mapped.bundle.order.total, mapped.bundle.receipts[0].receipt_type
('WEB1042', Decimal('25.00'), 'Check')
"""

from avbc.acctvantage.import_ids import client_import_id, credit_import_id
from avbc.mapping.capture import (
    AUTHORIZATION_DAYS,
    AuthorizationAge,
    PaymentAction,
    PaymentStep,
    authorization_age,
    payment_action,
    shortest_authorization,
)
from avbc.mapping.carriers import CARRIERS, Carrier, carrier_key, carrier_named
from avbc.mapping.case import MappingRules, Ruling
from avbc.mapping.catalog import (
    PRODUCT_FIELDS,
    VARIANT_FIELDS,
    html_text,
    only_variant_fields,
    product_draft,
    product_text,
    variant_draft,
)
from avbc.mapping.client import ClientChoice, client_for
from avbc.mapping.customer_export import (
    ADDRESS_FIELDS,
    CLIENT_FIELDS,
    ClientExport,
    customer_for,
    export_client,
    store_customer_id,
)
from avbc.mapping.decisions import Decision, Problem, Severity
from avbc.mapping.discount import Discounts, discounts_for
from avbc.mapping.edits import Difference, difference, fingerprint, is_fingerprint_of
from avbc.mapping.field_map import FieldRule, FieldValue, changed_fields, with_fields
from avbc.mapping.inventory import HIGHEST_QUANTITY, net_quantities, net_quantity, waiting_demand
from avbc.mapping.order import MappedOrder, Mapper, OrderInputs, map_order
from avbc.mapping.payment import Payment, payment_for, receipt_type_for
from avbc.mapping.places import country_code, state_name
from avbc.mapping.proof import Proof, prove
from avbc.mapping.receipts import ReceiptChange, follow_receipts, payment_without_order
from avbc.mapping.reconcile import Reconciled, Verdict, reconcile
from avbc.mapping.reference import ShipViaChoice, product_for, ship_via_for, tax_area_for
from avbc.mapping.refund import map_refund
from avbc.mapping.replaced import Replacement
from avbc.mapping.shipment import ShipmentPlan, map_shipments, shipment_mark
from avbc.mapping.status import new_order_status, status_for_books, status_for_store, store_status
from avbc.mapping.text import address, plain
from avbc.mapping.to_ship import left_to_ship

__all__ = [
    "ADDRESS_FIELDS",
    "AUTHORIZATION_DAYS",
    "CARRIERS",
    "CLIENT_FIELDS",
    "HIGHEST_QUANTITY",
    "PRODUCT_FIELDS",
    "VARIANT_FIELDS",
    "AuthorizationAge",
    "Carrier",
    "ClientChoice",
    "ClientExport",
    "Decision",
    "Difference",
    "Discounts",
    "FieldRule",
    "FieldValue",
    "MappedOrder",
    "Mapper",
    "MappingRules",
    "OrderInputs",
    "Payment",
    "PaymentAction",
    "PaymentStep",
    "Problem",
    "Proof",
    "ReceiptChange",
    "Reconciled",
    "Replacement",
    "Ruling",
    "Severity",
    "ShipViaChoice",
    "ShipmentPlan",
    "Verdict",
    "address",
    "authorization_age",
    "carrier_key",
    "carrier_named",
    "changed_fields",
    "client_for",
    "client_import_id",
    "country_code",
    "credit_import_id",
    "customer_for",
    "difference",
    "discounts_for",
    "export_client",
    "fingerprint",
    "follow_receipts",
    "html_text",
    "is_fingerprint_of",
    "left_to_ship",
    "map_order",
    "map_refund",
    "map_shipments",
    "net_quantities",
    "net_quantity",
    "new_order_status",
    "only_variant_fields",
    "payment_action",
    "payment_for",
    "payment_without_order",
    "plain",
    "product_draft",
    "product_for",
    "product_text",
    "prove",
    "receipt_type_for",
    "reconcile",
    "ship_via_for",
    "shipment_mark",
    "shortest_authorization",
    "state_name",
    "status_for_books",
    "status_for_store",
    "store_customer_id",
    "store_status",
    "tax_area_for",
    "variant_draft",
    "waiting_demand",
    "with_fields",
]
