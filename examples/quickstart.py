"""The main job from end to end, as `avbc demo` runs it: the code is `avbc.testing.quickstart`.

    python examples/quickstart.py [books.db]

Without an argument the books are a file in a temporary folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

from avbc.testing import quickstart

if __name__ == "__main__":
    if len(sys.argv) > 1:
        quickstart.run(Path(sys.argv[1]))
    else:
        quickstart.main()
