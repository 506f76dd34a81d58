"""The harness of the chaos bench stands beside these tests, in the package `bench`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
