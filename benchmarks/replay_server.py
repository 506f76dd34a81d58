"""Serves answers that were kept: a server that does as little as possible.

`python benchmarks/replay_server.py` reads answers from its standard input, prints its address and
serves them until its standard input is closed.
"""

from __future__ import annotations

import asyncio
import pickle
import sys

from page_server import serve

if __name__ == "__main__":
    answers: dict[bytes, bytes] = pickle.load(sys.stdin.buffer)
    asyncio.run(serve(lambda line: answers[line.removesuffix(b" HTTP/1.1")]))
