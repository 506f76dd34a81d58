"""Clients and contacts of orders (manual 2.1.3, and BigCommerce - Clients & Contacts)."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from avbc.acctvantage.import_ids import client_import_id
from avbc.acctvantage.records import Client, Contact
from avbc.bigcommerce.models import Address
from avbc.mapping.case import Case, MappingRules, Ruling
from avbc.mapping.text import address, full_name, plain
from avbc.shown import Shown
from avbc.text import quoted, text_key

_CODE, _BY_EMAIL = "order_status.import_source_code", "order_status.match_clients_by_email"


@attrs.frozen
class ClientChoice(Shown):
    """The client of an order, from the books or new; and the contact, if there is one."""

    client: Client | None = None
    new_client: Client | None = None
    bind_import_id: str | None = None
    """The Import ID to write to `client`, which was found by email and has none."""
    contact: Contact | None = None
    new_contact: Contact | None = None
    email: str = ""
    """The email that no client has, where clients are matched by email and this one is new."""

    @property
    def name(self) -> str:
        """The client's name."""
        client = self.client or self.new_client
        return client.name if client else ""

    @property
    def open_ar(self) -> bool:
        """Whether the client buys on open A/R; a new client does not."""
        return self.client is not None and self.client.open_ar


def client_for(
    customer_id: int, billing: Address, candidates: Sequence[Client], rules: MappingRules
) -> Ruling[ClientChoice]:
    """The client that an order belongs to.

    By Import ID first. A new customer or a guest is then looked up by the billing email, if the
    settings allow it: on the clients, then on their contacts. More than one hit is a problem that
    lists them, never a choice (inferred). A registered customer found by email is bound to the
    Import ID, unless the client has another one already. Otherwise the client is new: the company
    with the person as its contact, or the person, whose last name is the client's name.
    """
    case = Case(rules)
    import_id = client_import_id(rules.source_code, customer_id)
    by_id = [
        hit
        for hit in candidates
        if import_id is not None
        and (
            hit.import_id == import_id
            or hit.store_customer_ids.get(rules.source_code) == customer_id
        )
    ]
    by_email: list[Client] = []
    sought = billing.email if rules.settings.order_status.match_clients_by_email else ""
    email = text_key(sought)
    if email and not by_id:
        by_email = [hit for hit in candidates if text_key(hit.email) == email] or [
            hit
            for hit in candidates
            if any(text_key(contact.email) == email for contact in hit.contacts)
        ]
    choice: ClientChoice | None = None
    if len(by_id) > 1:
        _ambiguous("customer_id", import_id, "Import ID", by_id, case)
    elif by_id:
        is_own = by_id[0].import_id == import_id
        reason = "Import ID {0}" if is_own else "it was exported to the store as customer {1}"
        case.note("client", by_id[0].name, reason, _CODE, import_id, customer_id)
        choice = _with_contact(by_id[0], None, billing, case)
    elif len(by_email) > 1:
        _ambiguous("billing_address.email", billing.email, "email", by_email, case)
    elif by_email:
        choice = _found_by_email(by_email[0], import_id, billing, case)
    else:
        choice = _new(import_id, billing, sought, case)
    return case.ruling(choice)


def check_open_ar(client: ClientChoice, method: str, case: Case) -> None:
    """Check that the client of an order may owe it; `method` is mapped to Purchase Order."""
    setting, new = "gl.purchase_orders_from_new_clients", client.new_client
    if client.open_ar:
        return
    if new is None:
        case.error(
            "client_not_on_open_ar",
            "payment_method",
            method,
            f"The order is paid by Purchase Order, and the client {quoted(client.name)} is not on "
            "open A/R.",
            "Put the client on open A/R in AcctVantage, or map the payment method to a Receipt "
            "Type.",
        )
    elif case.rules.settings.gl.purchase_orders_from_new_clients:
        case.note(
            "client.open_ar",
            new.open_ar,
            "a new client may pay by Purchase Order; it is put on open A/R in AcctVantage",
            setting,
        )
    else:
        case.error(
            "client_not_on_open_ar",
            "payment_method",
            method,
            f"The order is paid by Purchase Order, and {quoted(new.name)} is a new buyer, for whom "
            "AcctVantage has no client yet.",
            f"{_how_to_create(new, case.rules)} To take such orders from new buyers, set "
            f"{setting}; otherwise map the payment method to a Receipt Type.",
        )


def _how_to_create(new: Client, rules: MappingRules) -> str:
    """How a person creates a client so that the next import finds it."""
    by_email = rules.settings.order_status.match_clients_by_email
    if new.email and (by_email or new.import_id is None):
        known_by = f"email {quoted(new.email)}"
    else:
        known_by = f"Import ID {quoted(new.import_id)}"
    if new.import_id is None and not new.email:
        return "Enter the order by hand."
    match = (
        ""
        if by_email or new.import_id is not None
        else (", and set order_status.match_clients_by_email")
    )
    created = rules.how_to_create(f"a client with the {known_by}", "load_clients")
    return f"{created}, and put the client on open A/R in AcctVantage{match}."


def _ambiguous(
    field: str, value: str | None, what: str, hits: Sequence[Client], case: Case
) -> None:
    case.error(
        "client_ambiguous",
        field,
        value,
        f"More than one client of AcctVantage has the {what} {quoted(value)}.",
        f"Merge the clients in AcctVantage, or take the {what} off all but one.",
        candidates=tuple(_described(hit) for hit in hits),
    )


def _described(hit: Client) -> str:
    marks = [
        mark
        for mark in (
            f"Import ID {hit.import_id}" if hit.import_id else "",
            f"id {hit.id}" if hit.id else "",
        )
        if mark
    ]
    name = f"{hit.name}, {hit.first_name}" if hit.first_name else hit.name
    return f"{name} ({', '.join(marks)})" if marks else name


def _found_by_email(
    hit: Client, import_id: str | None, billing: Address, case: Case
) -> ClientChoice:
    case.note("client", hit.name, "email {}", _BY_EMAIL, billing.email)
    bind: str | None = None
    if import_id is not None:
        if hit.import_id is None:
            bind = import_id
            case.note(
                "client.import_id",
                import_id,
                "found by email and has no Import ID yet: bound",
                _CODE,
            )
        else:
            case.warn(
                "client_import_id_kept",
                "customer_id",
                import_id,
                f"The client {quoted(hit.name)} was found by email and keeps its Import ID "
                f"{quoted(hit.import_id)}; this customer's is {quoted(import_id)}.",
                "Nothing, if both are the same person; otherwise correct the client's email or "
                "Import ID in AcctVantage.",
            )
    return _with_contact(hit, bind, billing, case)


def _with_contact(hit: Client, bind: str | None, billing: Address, case: Case) -> ClientChoice:
    """The client and the person: by email, then by name; they may be the same (inferred)."""
    email = text_key(billing.email)
    name = (text_key(plain(billing.first_name)), text_key(plain(billing.last_name)))
    known: list[tuple[Contact, str]] = [
        (contact, "the client's contact with this email")
        for contact in hit.contacts
        if email and text_key(contact.email) == email
    ] + [
        (contact, "the client's contact of this name")
        for contact in hit.contacts
        if (text_key(contact.first_name), text_key(contact.last_name)) == name
    ]
    if known:
        contact, reason = known[0]
        case.note("contact", contact.last_name, reason)
        return ClientChoice(client=hit, bind_import_id=bind, contact=contact)
    if (text_key(hit.first_name), text_key(hit.name)) == name:
        case.note("contact", "", "the client is the person")
        return ClientChoice(client=hit, bind_import_id=bind)
    return ClientChoice(client=hit, bind_import_id=bind, new_contact=_contact(billing, case))


def _new(import_id: str | None, billing: Address, sought: str, case: Case) -> ClientChoice | None:
    bill_to = address(billing)
    company = plain(billing.company)
    first_name, last_name = plain(billing.first_name), plain(billing.last_name)
    name = company or last_name or first_name or bill_to.email
    if not name:
        case.error(
            "client_name_missing",
            "billing_address",
            "",
            "The order's billing address has neither a company, nor a name, nor an email: a client "
            "cannot be created from it.",
            "Complete the billing address in BigCommerce.",
        )
        return None
    reason, setting = _why_new(import_id, sought, case.rules)
    case.note("client", name, f"{reason}: created", setting, import_id, sought)
    new = Client(
        name=name,
        first_name=first_name if last_name and not company else "",
        email=bill_to.email,
        phone=bill_to.phone,
        address=bill_to,
        import_id=import_id,
    )
    if not company:
        case.note("contact", "", "the client is the person")
        return ClientChoice(new_client=new, email=sought)
    return ClientChoice(new_client=new, new_contact=_contact(billing, case), email=sought)


def _why_new(import_id: str | None, sought: str, rules: MappingRules) -> tuple[str, str]:
    """Why no client is the buyer of an order, and the setting that decided it."""
    if sought:
        other = (
            "a guest, and no client has" if import_id is None else "no client has Import ID {0} or"
        )
        return f"{other} email {{1}}", _BY_EMAIL
    if import_id is not None:
        return "no client has Import ID {}", _CODE
    if rules.settings.order_status.match_clients_by_email:
        return "a guest without an email", ""
    return "a guest, and clients are not matched by email", _BY_EMAIL


def _contact(billing: Address, case: Case) -> Contact | None:
    last_name = plain(billing.last_name) or plain(billing.first_name)
    if not last_name:
        case.note("contact", "", "the billing address names no person")
        return None
    case.note("contact", full_name(billing), "new at the client")
    return Contact(
        last_name=last_name,
        first_name=plain(billing.first_name) if plain(billing.last_name) else "",
        email=plain(billing.email),
        phone=plain(billing.phone),
    )
