"""Each fault of a settings file, by key and line; and all of them at once."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from avbc.errors import FaultyInputError, FinalError
from avbc.settings import Settings, SettingsError, StatusMapping

Faults = Callable[[str], list[str]]

ROW = '[[order_status.mapping]]\nacctvantage = "Shipped/Invoice"\nbigcommerce = "Shipped"\n'
SHIPPED = 'bigcommerce = "Shipped"\n'


def more(*rows: str) -> str:
    return SHIPPED + "".join(f"[[order_status.mapping]]\n{row}\n" for row in rows)


# Each: what in the complete file is replaced by what, and the one fault of the result: its place,
# and what its message says.
CASES = {
    "code of four": (
        '"WEB"',
        '"WEB1"',
        "line 7, order_status.import_source_code",
        "must be exactly 3 ASCII letters or digits (manual 2.1.1)",
    ),
    "code with a dash": (
        '"WEB"',
        '"W-B"',
        "line 7, order_status.import_source_code",
        "must be exactly 3 ASCII letters or digits (manual 2.1.1)",
    ),
    "code not ASCII": (
        '"WEB"',
        '"WÉB"',
        "line 7, order_status.import_source_code",
        "must be exactly 3 ASCII letters or digits (manual 2.1.1)",
    ),
    "code of other digits": (
        '"WEB"',
        '"١٢٣"',
        "line 7, order_status.import_source_code",
        "must be exactly 3 ASCII letters or digits (manual 2.1.1)",
    ),
    "code blank": (
        '"WEB"',
        '"  "',
        "line 7, order_status.import_source_code",
        "is required: three letters or digits of your choice (manual 2.1.1)",
    ),
    "code a number": (
        '"WEB"',
        "123",
        "line 7, order_status.import_source_code",
        "must be text, not a whole number: put it in quotes",
    ),
    "both directions by name": (
        '"push"',
        '"both"',
        "line 12, order_status.updates",
        'must be "push", "pull" or "off": statuses go one way only, never both',
    ),
    "both directions as a list": (
        '"push"',
        '["push", "pull"]',
        "line 12, order_status.updates",
        'must be "push", "pull" or "off": statuses go one way only, never both',
    ),
    "updates ticked": (
        '"push"',
        "true",
        "line 12, order_status.updates",
        'must be "push", "pull" or "off": statuses go one way only, never both',
    ),
    "push without rows": (
        ROW,
        "",
        "line 12, order_status.updates",
        (
            'is "push", but there is no [[order_status.mapping]] row: '
            'add one, or use "off" (manual 2.1.7)'
        ),
    ),
    "pull without rows": (
        f'"push"\n{ROW}',
        '"pull"\n',
        "line 12, order_status.updates",
        (
            'is "pull", but there is no [[order_status.mapping]] row: '
            'add one, or use "off" (manual 2.1.7)'
        ),
    ),
    "no time between looks": (
        "= 5",
        "= 0",
        "line 8, order_status.check_interval_minutes",
        "must be at least 1 minute; 1 to 5 suit most stores (manual 2.1.2)",
    ),
    "half a minute": (
        "= 5",
        "= 0.5",
        "line 8, order_status.check_interval_minutes",
        "must be a whole number, not a fraction",
    ),
    "endless": (
        "= 5",
        "= inf",
        "line 8, order_status.check_interval_minutes",
        "must be a whole number, not a fraction",
    ),
    "ticked interval": (
        "= 5",
        "= true",
        "line 8, order_status.check_interval_minutes",
        "must be a whole number, not true or false",
    ),
    "interval as text": (
        "= 5",
        '= "5"',
        "line 8, order_status.check_interval_minutes",
        "must be a whole number, not text",
    ),
    "interval of years": (
        "= 5",
        "= 100000000000000000000",
        "line 8, order_status.check_interval_minutes",
        "must be at most 10080 minutes, which is a week",
    ),
    "unknown key": (
        "tax_area",
        "tax_aera",
        "line 18, gl.tax_aera",
        "is not a known key: did you mean tax_area?",
    ),
    "unknown key in another case": (
        "tax_area",
        "Tax_Area",
        "line 18, gl.Tax_Area",
        "is not a known key: did you mean tax_area?",
    ),
    "unknown key of another screen": (
        "[gl]\n",
        "[gl]\nsync_inventory_levels = true\n",
        "line 18, gl.sync_inventory_levels",
        "is not a known key: it belongs in [shipping]",
    ),
    "unknown key on top": (
        "[store]",
        "enabled = true\n[store]",
        "line 1, enabled",
        "is not a known key: it belongs in [store]",
    ),
    "unknown key like none": (
        "[shipping]",
        "[shipping]\n'1 \"x' = 1",
        'line 24, shipping."1 \\"x"',
        "is not a known key: there are warehouse, sync_product_details,",
    ),
    "unknown key in a row": (
        "receipt_type",
        "reciept_type",
        "line 21, gl.payment_methods[0].reciept_type",
        "is not a known key: did you mean receipt_type?",
    ),
    "unknown section": (
        "[shipping]",
        "[shiping]",
        "line 23, shiping",
        "is not a known key: did you mean shipping?",
    ),
    "auto-create without a class": (
        "[shipping]",
        "[shipping]\nauto_create_missing_shipping_methods = true",
        "line 24, shipping.auto_create_missing_shipping_methods",
        "needs default_shipment_product_class, which the Ship Vias so created are",
    ),
    "auto-create with a blank class": (
        "[shipping]",
        (
            "[shipping]\nauto_create_missing_shipping_methods = true\n"
            "default_shipment_product_class = ' '"
        ),
        "line 24, shipping.auto_create_missing_shipping_methods",
        "needs default_shipment_product_class, which the Ship Vias so created are",
    ),
    "plain http": (
        "https://",
        "http://",
        "line 3, store.api_url",
        "must start with https://: plain http would send the token readable (only a",
    ),
    "a password in the URL": (
        "https://",
        "https://user:example-password@",
        "line 3, store.api_url",
        "must hold no user, password, query or fragment: it must look like",
    ),
    "the storefront's URL": (
        "/stores/abc123/v3/",
        "/",
        "line 3, store.api_url",
        "must look like https://api.bigcommerce.com/stores/{store hash}/v3/",
    ),
    "no URL": (
        'api_url = "https://api.bigcommerce.com/stores/abc123/v3/"\n',
        "",
        "line 1, store.api_url",
        "is required, here or by a credentials_file (manual 1.3)",
    ),
    "a token of two words": (
        '"example-token"',
        '"example token"',
        "line 4, store.access_token",
        "must be one word of printable ASCII characters: copy it again from the API",
    ),
    "a box as text": (
        "[store]",
        '[store]\nenabled = "true"',
        "line 2, store.enabled",
        "must be true or false, not text",
    ),
    "refunds as a word": (
        "tax_area",
        'import_refunds = "yes"\ntax_area',
        "line 18, gl.import_refunds",
        "must be true or false, not text",
    ),
    "a box as a number": (
        "[store]",
        "[store]\nenabled = 1",
        "line 2, store.enabled",
        "must be true or false, not a whole number",
    ),
    "no screen": (
        (
            '[gl]\ntax_area = "BigCommerce"\n[[gl.payment_methods]]\nbigcommerce = "Credit '
            'Card"\nreceipt_type = "Visa/MC"\n'
        ),
        "",
        "gl.tax_area",
        "is required: the Tax Area of the store's sales tax (manual 2.2.2)",
    ),
    "no tax area": (
        'tax_area = "BigCommerce"\n',
        "",
        "line 17, gl.tax_area",
        "is required: the Tax Area of the store's sales tax (manual 2.2.2)",
    ),
    "no warehouse": (
        '"Main"',
        '""',
        "line 24, shipping.warehouse",
        "is required: the AcctVantage Warehouse that fulfils the store's orders",
    ),
    "no new status": (
        'new_order_status = "Awaiting Fulfillment"\n',
        "",
        "line 6, order_status.new_order_status",
        "is required: a BigCommerce order status by name, custom label or id",
    ),
    "a ticked status": (
        '"Awaiting Fulfillment"',
        "true",
        "line 9, order_status.new_order_status",
        "must be the name or the id of a status, not true or false",
    ),
    "a negative status": (
        '"Awaiting Fulfillment"',
        "-1",
        "line 9, order_status.new_order_status",
        "must be the id of a BigCommerce order status, which is never negative",
    ),
    "downloaded is new": (
        '"Awaiting Shipment"',
        '"awaiting  fulfillment"',
        "line 10, order_status.downloaded_order_status",
        "must differ from order_status.new_order_status: an imported order would",
    ),
    "error is new": (
        '"Manual Verification Required"',
        '"Awaiting Fulfillment"',
        "line 11, order_status.import_error_status",
        "must differ from order_status.new_order_status: a refused order would be",
    ),
    "error is downloaded": (
        '"Manual Verification Required"',
        '"Awaiting Shipment"',
        "line 11, order_status.import_error_status",
        "must differ from order_status.downloaded_order_status: a refused order",
    ),
    "a row twice": (
        'bigcommerce = "Shipped"\n',
        (
            'bigcommerce = "Shipped"\n[[order_status.mapping]]\nacctvantage = '
            '"shipped/invoice"\nbigcommerce = "SHIPPED"\n'
        ),
        "line 16, order_status.mapping[1]",
        "repeats order_status.mapping[0]",
    ),
    "a row twice, unused": (
        f'"push"\n{ROW}',
        f'"off"\n{ROW}{ROW}',
        "line 16, order_status.mapping[1]",
        "repeats order_status.mapping[0]",
    ),
    "pushed to two": (
        'bigcommerce = "Shipped"\n',
        (
            'bigcommerce = "Shipped"\n[[order_status.mapping]]\nacctvantage = '
            '"Shipped/Invoice"\nbigcommerce = 10\n'
        ),
        "line 17, order_status.mapping[1].acctvantage",
        "is mapped by order_status.mapping[0] already: a push reads left to right",
    ),
    "pulled from two": (
        f'"push"\n{ROW}',
        f'"pull"\n{ROW}[[order_status.mapping]]\nacctvantage = "Picked"\nbigcommerce = "shipped"\n',
        "line 18, order_status.mapping[1].bigcommerce",
        "is mapped by order_status.mapping[0] already: a pull reads right to left",
    ),
    "pushed to New": (
        'bigcommerce = "Shipped"\n',
        (
            'bigcommerce = "Shipped"\n[[order_status.mapping]]\nacctvantage = "Open"\n'
            'bigcommerce = "Awaiting Fulfillment"\n'
        ),
        "line 18, order_status.mapping[1].bigcommerce",
        "must not be the new_order_status: a pushed order would be imported again",
    ),
    "half a row": (
        'bigcommerce = "Shipped"\n',
        "",
        "line 13, order_status.mapping[0].bigcommerce",
        "is required: a BigCommerce order status by name, custom label or id",
    ),
    "the other half": (
        'acctvantage = "Shipped/Invoice"\n',
        "",
        "line 13, order_status.mapping[0].acctvantage",
        "is required: an AcctVantage order status (manual 2.1.7)",
    ),
    "a list of no rows": (
        (
            'tax_area = "BigCommerce"\n[[gl.payment_methods]]\nbigcommerce = "Credit '
            'Card"\nreceipt_type = "Visa/MC"\n'
        ),
        'tax_area = "BigCommerce"\npayment_methods = ["Visa"]\n',
        "line 19, gl.payment_methods[0]",
        "must be a table, not text",
    ),
    "no list": (
        "[[gl.payment_methods]]",
        "[gl.payment_methods]",
        "line 19, gl.payment_methods",
        "must be a list of rows, each under [[gl.payment_methods]], not a table",
    ),
    "a method twice": (
        'receipt_type = "Visa/MC"\n',
        (
            'receipt_type = "Visa/MC"\n[[gl.payment_methods]]\nbigcommerce = '
            '"creditcard"\nreceipt_type = "Check"\n'
        ),
        "line 23, gl.payment_methods[1].bigcommerce",
        "repeats gl.payment_methods[0]: both names mean the same method",
    ),
    "a method without a type": (
        'receipt_type = "Visa/MC"\n',
        "",
        "line 19, gl.payment_methods[0].receipt_type",
        "is required: an AcctVantage Receipt Type or Purchase Order (manual 2.2.3)",
    ),
    "a type without a method": (
        '"Credit Card"',
        "''",
        "line 20, gl.payment_methods[0].bigcommerce",
        "is required: a payment method of the store (manual 2.2.3)",
    ),
    "since a local time": (
        "updates",
        "import_orders_created_since = 2026-01-01T00:00:00\nupdates",
        "line 12, order_status.import_orders_created_since",
        "must be a date, or a date and time with an offset such as Z",
    ),
    "since out of range": (
        "updates",
        "import_orders_created_since = 0001-01-01T00:00:00+05:00\nupdates",
        "line 12, order_status.import_orders_created_since",
        "must be a date, or a date and time with an offset such as Z",
    ),
    "since a time of day": (
        "updates",
        "import_orders_created_since = 07:30:00\nupdates",
        "line 12, order_status.import_orders_created_since",
        "must be a date, or a date and time, not a date or time",
    ),
    "shipments since a local time": (
        "[shipping]\n",
        "[shipping]\npush_shipments_since = 2026-01-01T00:00:00\n",
        "line 24, shipping.push_shipments_since",
        "must be a date, or a date and time with an offset such as Z",
    ),
    "shipments since a year": (
        "[shipping]\n",
        "[shipping]\npush_shipments_since = 2026\n",
        "line 24, shipping.push_shipments_since",
        "must be a date, or a date and time, not a whole number",
    ),
    "shipments as text": (
        "[shipping]\n",
        '[shipping]\npush_shipments = "yes"\n',
        "line 24, shipping.push_shipments",
        "must be true or false, not text",
    ),
    "an authorization of no day": (
        'receipt_type = "Visa/MC"\n',
        'receipt_type = "Visa/MC"\nauthorization_days = 0\n',
        "line 22, gl.payment_methods[0].authorization_days",
        "must be from 1 to 60 days",
    ),
    "an authorization of two months": (
        'receipt_type = "Visa/MC"\n',
        'receipt_type = "Visa/MC"\nauthorization_days = 61\n',
        "line 22, gl.payment_methods[0].authorization_days",
        "must be from 1 to 60 days",
    ),
    "an authorization of half days": (
        'receipt_type = "Visa/MC"\n',
        'receipt_type = "Visa/MC"\nauthorization_days = 6.5\n',
        "line 22, gl.payment_methods[0].authorization_days",
        "must be a whole number, not a fraction",
    ),
    "posted at once": (
        "updates",
        'new_sales_order_status = "posted"\nupdates',
        "line 12, order_status.new_sales_order_status",
        "must not be Posted, which only AcctVantage sets: use Open (manual 2.1.6)",
    ),
    "posted in the manual's words": (
        "updates",
        'new_sales_order_status = "Posted/Completed"\nupdates',
        "line 12, order_status.new_sales_order_status",
        "must not be Posted, which only AcctVantage sets: use Open (manual 2.1.6)",
    ),
    "no status at all": (
        "updates",
        'new_sales_order_status = ""\nupdates',
        "line 12, order_status.new_sales_order_status",
        'must name an AcctVantage order status, such as "Open"',
    ),
    "edited orders": (
        "updates",
        'edited_orders = "replace"\nupdates',
        "line 12, order_status.edited_orders",
        'must be "update" or "refuse"',
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_one_fault(text: str, faults: Faults, case: tuple[str, str, str, str]) -> None:
    old, new, place, message = case
    assert old in text
    (fault,) = faults(text.replace(old, new, 1))
    assert fault.startswith(f"{place}: {message}")


MAIN = 'warehouse = "Main"\n'
VISA = 'receipt_type = "Visa/MC"\n'
# Each: what is put after what, and the one fault of the result.
ADDED = {
    "a channel that is none": (
        'updates = "push"\n',
        "channels = [1, 0]\n",
        "order_status.channels[1]: must be the id of a channel, which is 1 or more",
    ),
    "a channel twice": (
        'updates = "push"\n',
        "channels = [7, 7]\n",
        "order_status.channels[1]: repeats order_status.channels[0]",
    ),
    "a channel by name": (
        'updates = "push"\n',
        'channels = ["Amazon"]\n',
        "order_status.channels[0]: must be a whole number, not text",
    ),
    "channels not in a list": (
        'updates = "push"\n',
        "channels = 7\n",
        "order_status.channels: must be a list in [ ]",
    ),
    "no day of waiting": (
        'updates = "push"\n',
        "waiting_days = 0\n",
        "order_status.waiting_days: must be from 1 to 365 days",
    ),
    "a form field without a name": (
        SHIPPED,
        '[[order_status.form_fields]]\nbigcommerce = " "\nacctvantage = "memo"\n',
        "order_status.form_fields[0].bigcommerce: is required",
    ),
    "a form field to another place": (
        SHIPPED,
        '[[order_status.form_fields]]\nbigcommerce = "PO"\nacctvantage = "PO Number"\n',
        'order_status.form_fields[0].acctvantage: must be "po_number" or "memo"',
    ),
    "a form field twice": (
        SHIPPED,
        (
            '[[order_status.form_fields]]\nbigcommerce = "PO"\nacctvantage = "memo"\n'
            '[[order_status.form_fields]]\nbigcommerce = "po "\nacctvantage = "po_number"\n'
        ),
        "order_status.form_fields[1].bigcommerce: repeats order_status.form_fields[0]",
    ),
    "a form field that another row takes": (
        SHIPPED,
        (
            '[[order_status.form_fields]]\nbigcommerce = "*"\nacctvantage = "memo"\n'
            '[[order_status.form_fields]]\nbigcommerce = "PO"\nacctvantage = "po_number"\n'
        ),
        (
            "order_status.form_fields[1].bigcommerce: is never reached, since "
            "order_status.form_fields[0] fits everything"
        ),
    ),
    "an offline method with an id of a gateway": (
        VISA,
        'offline = true\npayment_method_id = "stripe.card"\n',
        "gl.payment_methods[0].offline: is true, and payment_method_id names a gateway's method",
    ),
    "a coupon rule that is none": (
        'tax_area = "BigCommerce"\n',
        'unsupported_coupons = "ignore"\n',
        'gl.unsupported_coupons: must be "refuse" or "amount"',
    ),
    "another time to import": (
        VISA,
        'import_when = "captured"\n',
        'gl.payment_methods[0].import_when: must be "always", "authorized", "paid" or "never"',
    ),
    "a purchase order that is never paid": (
        VISA,
        (
            '[[gl.payment_methods]]\nbigcommerce = "PO"\nreceipt_type = "purchase order"\n'
            'import_when = "paid"\n'
        ),
        'gl.payment_methods[1].import_when: is "paid", and receipt_type is Purchase Order',
    ),
    "a method's id twice": (
        VISA,
        (
            'payment_method_id = "stripe.card"\n'
            '[[gl.payment_methods]]\nbigcommerce = "Karte"\nreceipt_type = "Visa/MC"\n'
            'payment_method_id = "stripe.card"\n'
        ),
        "gl.payment_methods[1].payment_method_id: repeats gl.payment_methods[0]",
    ),
    "half a shipping method": (
        MAIN,
        '[[shipping.methods]]\nbigcommerce = "UPS*"\n',
        "shipping.methods[0].ship_via: is required: an AcctVantage Ship Via",
    ),
    "the other half": (
        MAIN,
        '[[shipping.methods]]\nship_via = "UPS"\n',
        "shipping.methods[0].bigcommerce: is required: a shipping method of the store",
    ),
    "a shipping method twice": (
        MAIN,
        (
            '[[shipping.methods]]\nbigcommerce = "UPS*"\nship_via = "UPS"\n'
            '[[shipping.methods]]\nbigcommerce = "ups*"\nship_via = "Truck"\n'
        ),
        "shipping.methods[1].bigcommerce: repeats shipping.methods[0]",
    ),
    "a product of nothing": (
        MAIN,
        '[[products.mapping]]\npart_number = "MUG"\n',
        "products.mapping[0]: needs a product_id, a variant_id, a sku or a name",
    ),
    "a product without a part number": (
        MAIN,
        '[[products.mapping]]\nsku = "MUG-*"\n',
        "products.mapping[0].part_number: is required: an AcctVantage part number",
    ),
    "a product id that is none": (
        MAIN,
        '[[products.mapping]]\nproduct_id = -1\npart_number = "MUG"\n',
        "products.mapping[0].product_id: must be an id of BigCommerce, which is 1 or more",
    ),
    "a product twice": (
        MAIN,
        (
            '[[products.mapping]]\nsku = "MUG*"\npart_number = "MUG"\n'
            '[[products.mapping]]\nsku = "mug*"\npart_number = "CUP"\n'
        ),
        "products.mapping[1]: repeats products.mapping[0]",
    ),
    "a field without a name": (
        MAIN,
        '[products]\nkeep_store_fields = ["price", " "]\n',
        "products.keep_store_fields[1]: must name a field of store products",
    ),
    "an account for two things": (
        MAIN,
        (
            '[journal]\nreceivable = "11-00"\nsales = "4000"\nclearing = [\n'
            '  {receipt_type = "Check", gl_code = "11-00"},\n]\n'
        ),
        "journal.receivable: must differ from journal.clearing[0].gl_code: it is for nothing else",
    ),
    "two accounts that are one": (
        MAIN,
        '[journal]\nreceivable = "1100"\npending = "1100"\nsales = "4000"\n',
        "journal.receivable: must differ from journal.pending: it is for nothing else",
    ),
    "a tax area twice": (
        MAIN,
        (
            '[[journal.tax]]\ntax_area = "Texas"\ngl_code = "2200"\n'
            '[[journal.tax]]\ntax_area = "TEXAS"\ngl_code = "2210"\n'
        ),
        "journal.tax[1].tax_area: repeats journal.tax[0]",
    ),
    "a Receipt Type without an account": (
        MAIN,
        '[[journal.clearing]]\nreceipt_type = "Check"\n',
        "journal.clearing[0].gl_code: is required",
    ),
}


@pytest.mark.parametrize("case", ADDED.values(), ids=ADDED.keys())
def test_one_fault_of_what_is_added(text: str, faults: Faults, case: tuple[str, str, str]) -> None:
    after, added, message = case
    (fault,) = faults(text.replace(after, after + added, 1))
    assert fault.partition(", ")[2].startswith(message)


def test_a_faultless_file_has_none(text: str, faults: Faults) -> None:
    assert faults(text) == []


def test_every_fault_at_once_in_the_order_of_lines(text: str, faults: Faults) -> None:
    faulty = (
        text.replace('"WEB"', '"WEBSHOP"')
        .replace("= 5", "= 0")
        .replace('"push"', '"both"')
        .replace("tax_area", "taxarea")
        .replace("https", "http")
        .replace('warehouse = "Main"', "auto_create_missing_shipping_methods = true")
        .replace("receipt_type", "bigcommerce_type")
    )
    places = [fault.partition(": ")[0] for fault in faults(faulty)]
    assert places == [
        "line 3, store.api_url",
        "line 7, order_status.import_source_code",
        "line 8, order_status.check_interval_minutes",
        "line 12, order_status.updates",
        "line 18, gl.taxarea",
        "line 19, gl.payment_methods[0].receipt_type",
        "line 21, gl.payment_methods[0].bigcommerce_type",
        "line 23, shipping.warehouse",
        "line 24, shipping.auto_create_missing_shipping_methods",
    ]


def test_the_error_names_the_file_and_counts(text: str, load: Callable[[str], Settings]) -> None:
    with pytest.raises(
        SettingsError, match=r"avbc\.toml has 2 faults:\n  line 7, .*\n  line 8, "
    ) as raised:
        load(text.replace('"WEB"', '"W"').replace("= 5", "= 0"))
    assert isinstance(raised.value, FaultyInputError)
    assert isinstance(raised.value, FinalError)


def test_a_key_given_wrong_is_faulty_though_another_is_misspelt_like_it(
    text: str, faults: Faults
) -> None:
    faulty = text.replace('updates = "push"', 'updates = "both"\nupdate = "push"')
    assert [fault.partition(": ")[0] for fault in faults(faulty)] == [
        "line 12, order_status.updates",
        "line 13, order_status.update",
    ]


@pytest.mark.parametrize(
    ("rows", "direction"),
    [
        ([("Picked", "Awaiting Shipment"), ("Packed", "Awaiting Shipment")], "push"),
        ([("Picked", "Awaiting Shipment"), ("Picked", "Partially Shipped")], "pull"),
        ([("Shipped/Invoice", "Completed"), ("Posted", "Completed")], "pull"),
        ([("Shipped/Invoice", "Completed"), ("Posted/Completed", "Completed")], "pull"),
        ([("from", "to"), ("to", "from")], "push"),
        ([("Open", "Awaiting Fulfillment")], "pull"),
        ([("Picked", "Shipped"), ("Picked", "Completed"), ("Packed", "Shipped")], "off"),
    ],
    ids=[
        "many to one pushed",
        "many to one pulled",
        "the manual's exception",
        "the same in the manual's words",
        "words",
        "New pulled",
        "unused",
    ],
)
def test_rows_that_are_clear_in_their_direction(
    text: str, load: Callable[[str], Settings], rows: list[tuple[str, str]], direction: str
) -> None:
    table = "".join(
        f'[[order_status.mapping]]\nacctvantage = "{ours}"\nbigcommerce = "{theirs}"\n'
        for ours, theirs in rows
    )
    settings = load(text.replace(f'"push"\n{ROW}', f'"{direction}"\n{table}'))
    assert settings.order_status.mapping == tuple(
        StatusMapping(acctvantage=ours, bigcommerce=theirs) for ours, theirs in rows
    )


def test_rules_hold_for_classes_too(text: str, load: Callable[[str], Settings]) -> None:
    settings = load(text)
    with pytest.raises(SettingsError) as raised:
        attrs.evolve(
            settings,
            order_status=attrs.evolve(settings.order_status, import_source_code="LONG", mapping=[]),
            shipping=attrs.evolve(settings.shipping, warehouse=" "),
        )
    assert [fault.key for fault in raised.value.faults] == [
        "order_status.import_source_code",
        "order_status.updates",
        "shipping.warehouse",
    ]


def test_text_that_no_file_can_hold(text: str, load: Callable[[str], Settings]) -> None:
    settings = load(text)
    rows = [attrs.evolve(settings.gl.payment_methods[0], receipt_type="\ud800")]
    with pytest.raises(
        SettingsError,
        match=r"gl\.payment_methods\[0\]\.receipt_type: holds a character that cannot be written",
    ):
        attrs.evolve(settings, gl=attrs.evolve(settings.gl, payment_methods=rows))


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (
            b"[store",
            r"line 1, file: is not TOML: `\[store` is a heading whose .* write `\[store\]`",
        ),
        (b"[store]\nx = '\xff'", "file: cannot be read: it is not a text file in UTF-8"),
        (b"x = " + b"[" * 100_000, "file: is not TOML: it is nested too deeply"),
        (b"x = " + b"1" * 5_000, "file: is not TOML: "),
    ],
    ids=["syntax", "encoding", "depth", "digits"],
)
def test_what_is_no_toml(tmp_path, data: bytes, fault: str) -> None:
    path = tmp_path / "avbc.toml"
    path.write_bytes(data)
    with pytest.raises(SettingsError, match=fault) as raised:
        Settings.load(path)
    assert raised.value.__context__ is None


def test_a_file_that_is_not_there(tmp_path) -> None:
    with pytest.raises(
        SettingsError,
        match=r"none\.toml has 1 fault:\n  file: cannot be read: No such file or directory",
    ):
        Settings.load(tmp_path / "none.toml")
