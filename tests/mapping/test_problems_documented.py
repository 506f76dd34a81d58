"""docs/problems.md lists the codes that the code uses, all of them and no other."""

import re
from pathlib import Path
from typing import get_args

from avbc.mapping.decisions import MappingProblem

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/problems.md").read_text(encoding="utf-8")
OF_MAPPING, OF_IMPORTING = PAGE.split("## Importing")
CODES = set(get_args(MappingProblem))


def documented(text):
    return re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE)


def sources(folder):
    return [
        path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "src/avbc" / folder).rglob("*.py"))
        if path.name != "decisions.py"
    ]


def test_every_mapping_problem_is_documented_once_and_no_other():
    assert sorted(documented(OF_MAPPING)) == sorted(CODES)


def test_every_documented_code_is_used():
    used = {code for source in sources("mapping") for code in re.findall(r'"([a-z_]+)"', source)}
    assert used >= CODES


def test_every_problem_of_an_import_is_documented():
    used = {
        code
        for source in sources("orchestrator")
        for code in re.findall(r'[Pp]roblem\(\s*"([a-z_]+)"', source)
    }
    assert used - CODES <= set(documented(OF_IMPORTING))


def test_warnings_are_marked():
    warned = {
        code
        for source in sources("mapping")
        for pattern in (
            r'(?:case|found)\.warn\(\s*"([a-z_]+)"',
            r'Problem\(\s*"([a-z_]+)",(?:(?!\n +\)\n).)*?\n +"warning",\n',
        )
        for code in re.findall(pattern, source, re.DOTALL)
    }
    rows = re.findall(r"^\| `([a-z_]+)` \|[^|]*\|([^|]*)\|", OF_MAPPING, re.MULTILINE)
    marked = {code for code, meaning in rows if "*Warning.*" in meaning}
    assert warned == marked
