from __future__ import annotations

import runpy
import sys

from avbc.testing import values


def test_json_without_the_fast_extra(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "orjson", None)
    plain = runpy.run_path(values.__file__)
    value = {"name": "Łódź 🎁", "amount": "9.9500", "rows": [1, None, True]}
    assert plain["dumps"](value) == values.dumps(value)
    assert plain["loads"](values.dumps(value)) == value
