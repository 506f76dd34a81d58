"""The tax area (manual 2.2.2)."""

import attrs
import pytest

from avbc.mapping import MappingRules, tax_area_for


@pytest.fixture
def rules_with(settings, reference):
    return lambda area: MappingRules(
        attrs.evolve(settings, gl=attrs.evolve(settings.gl, tax_area=area)), reference
    )


@pytest.mark.parametrize(
    ("area", "value", "code"),
    [
        ("BigCommerce", "BigCommerce", None),
        ("bigcommerce ", "BigCommerce", None),
        ("Nowhere", None, "tax_area_unknown"),
        ("AvaTax", None, "tax_area_is_avatax"),
    ],
)
def test_the_configured_area_is_taken(rules_with, area, value, code):
    ruling = tax_area_for(rules_with(area))
    assert ruling.value == value
    assert [problem.code for problem in ruling.problems] == ([code] if code else [])


def test_avatax_is_no_candidate(rules_with):
    assert tax_area_for(rules_with("Nowhere")).problems[0].candidates == ("BigCommerce",)


def test_the_override_is_ticked(rules_with):
    assert ("tax_override", "yes") in [
        (one.field, one.value) for one in tax_area_for(rules_with("BigCommerce")).decisions
    ]
