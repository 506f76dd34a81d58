"""Checks a store before it is served: `python check.py retail.toml`."""

import os
import sys

import avbc

settings = avbc.Settings.load(sys.argv[1])
with (
    avbc.SqlGateway(os.environ["BOOKS_URL"]) as books,
    avbc.Orchestrator(settings, books) as web,
):
    # The URL, the token and its scopes; then every name in the settings.
    for check in (web.test_connection, web.check_setup):
        report = check()
        print(report, end="\n\n")
        if not report.ok:
            sys.exit(1)
