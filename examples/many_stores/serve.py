"""All stores of a folder in one process, until it is stopped: `python serve.py`."""

import logging
import os
from pathlib import Path

import avbc

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
folder = Path(os.environ["AVBC_STORES"])
with avbc.SqlGateway(os.environ["BOOKS_URL"]) as books:
    avbc.run_all(
        [avbc.Orchestrator(avbc.Settings.load(file), books) for file in folder.glob("*.toml")]
    )
