"""Addresses: BigCommerce's into the books' Bill To and Ship To."""

from __future__ import annotations

from avbc.acctvantage import records
from avbc.bigcommerce import models
from avbc.mapping.text import plain


def full_name(address: models.Address) -> str:
    """First and last name, whichever there is."""
    return f"{plain(address.first_name)} {plain(address.last_name)}".strip()


def address(source: models.Address) -> records.Address:
    """A Bill To or Ship To address: a company and its person, or a person alone (inferred).

    State and country keep their names as the store has them.

    >>> address(models.Address(last_name="Rivera", company="Mugs &amp; More")).attention
    'Rivera'
    """
    company = plain(source.company)
    person = full_name(source)
    return records.Address(
        name=company or person,
        attention=person if company else "",
        address_1=plain(source.street_1),
        address_2=plain(source.street_2),
        city=plain(source.city),
        state=plain(source.state),
        zip=plain(source.zip),
        country=plain(source.country),
        phone=plain(source.phone),
        email=plain(source.email),
    )


def one_line(place: records.Address) -> str:
    """An address on one line, for explanations.

    >>> one_line(records.Address(name="Ana Rivera", city="Austin", state="Texas", zip="78701"))
    'Ana Rivera, Austin, Texas, 78701'
    """
    parts = [
        place.name,
        place.attention,
        place.address_1,
        place.address_2,
        place.city,
        place.state,
        place.zip,
        place.country,
    ]
    return ", ".join(part for part in parts if part)
