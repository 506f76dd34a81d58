"""The tax area of an order: the configured one, with the store's tax unchanged (manual 2.2.2)."""

from __future__ import annotations

from avbc.mapping.case import Case, MappingRules, Ruling
from avbc.text import text_key


def tax_area_for(rules: MappingRules) -> Ruling[str]:
    """The tax area that an order's tax is booked to, with or without tax on the order.

    The store's tax is never computed again: the order's Override box is always ticked, since a tax
    of zero is a result too (inferred). The area must exist in the books and must not be the one of
    AvaTax, which would compute the tax again (manual 2.2.2).
    """
    case = Case(rules)
    wanted = rules.settings.gl.tax_area
    setting = "gl.tax_area"
    case.note(
        "tax_override",
        value=True,
        reason="the store computed the tax; AcctVantage must not do it again",
        setting=setting,
    )
    area = rules.tax_areas.get(text_key(wanted))
    if area is None:
        case.error(
            "tax_area_unknown",
            setting,
            wanted,
            f"AcctVantage has no Tax Area {wanted!r}.",
            "Create it in AcctVantage, or name another one in gl.tax_area.",
            candidates=tuple(known.name for known in rules.reference.tax_areas if not known.avatax),
        )
        return case.ruling(None)
    if area.avatax:
        case.error(
            "tax_area_is_avatax",
            setting,
            area.name,
            f"{area.name!r} is the Tax Area of AvaTax, which would compute the store's tax again.",
            "Name a Tax Area of its own for the store in gl.tax_area.",
        )
    case.note("tax_area", area.name, "the configured Tax Area", setting)
    return case.ruling(area.name)
