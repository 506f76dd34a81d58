"""All stores of a folder in one process, until it is stopped: `python serve.py`."""

import logging
import os
import sys
from pathlib import Path

import avbc

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
with avbc.SqlGateway(os.environ["BOOKS_URL"]) as books:
    stores = []
    for file in sorted(Path(os.environ["AVBC_STORES"]).glob("*.toml")):
        try:
            stores.append(avbc.Orchestrator(avbc.Settings.load(file), books))
        except avbc.SettingsError as error:
            # The others are served.
            print(f"{file.name} is left out: {error}", file=sys.stderr)
    if not stores:
        sys.exit(f"there is no store in {os.environ['AVBC_STORES']}")
    avbc.run_all(stores)
