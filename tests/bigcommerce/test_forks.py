"""A process may fork at any time: each process sends over connections of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import avbc
from avbc.bigcommerce import Call, ClientClosed, Quota
from avbc.bigcommerce.quota import STARTERS

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))

if not hasattr(os, "fork"):
    pytest.skip("this system does not fork", allow_module_level=True)

READ = Call("GET", "/v2/time", lambda body: body)

# The parent's threads are in the middle of requests while it forks. Each process asks for what no
# other asks for, and must get that. A child that hangs is ended by its alarm.
PROGRAM = """
import asyncio, json, os, signal, sys, threading, warnings
from avbc.bigcommerce import AsyncBigCommerce, BigCommerce, Call

warnings.simplefilter("ignore", DeprecationWarning)  # of threads and forks, which is the point
api_url, library, kind = sys.argv[1:]
CHILDREN, REQUESTS = 5, 12


def calls(name):
    return [
        Call("GET", "/v2/time", lambda body: body, params={"for": f"{name}.{number}"})
        for number in range(REQUESTS)
    ]


def wrong(name, answers):
    return sum(answer["for"] != f"{name}.{number}" for number, answer in enumerate(answers))


if kind == "sync":
    store = BigCommerce(api_url, "token", http=library)
    ask = lambda name: wrong(name, store.map(calls(name), limit=3))
else:
    store = AsyncBigCommerce(api_url, "token", http=library)

    async def ask_all(name):
        return wrong(name, await store.map(calls(name), limit=3))

    def ask(name):
        return asyncio.run(ask_all(name))


found = [ask("first")]
stop = threading.Event()


def keep_asking():
    while not stop.is_set():
        found.append(ask("parent"))


busy = threading.Thread(target=keep_asking)
if kind == "sync":
    busy.start()
children = []
for number in range(CHILDREN):
    child = os.fork()
    if not child:
        status = 3
        try:
            signal.alarm(20)
            status = min(ask(f"child{number}"), 1)
        finally:
            os._exit(status)
    children.append(child)
ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
stop.set()
if kind == "sync":
    busy.join()
    found.append(ask("last"))
print(json.dumps([sum(found), ends]))
"""


def echo(handler: BaseHTTPRequestHandler) -> None:
    asked = handler.path.partition("for=")[2].partition("&")[0]
    body = json.dumps({"for": asked}).encode()
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_each_process_gets_its_own_answers(loopback: Any, kind: str) -> None:
    loopback.on("/v2/time", echo)
    environment = {**os.environ, "PYTHONPATH": str(Path(avbc.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, loopback.api_url, httpx.__name__, kind],
        capture_output=True,
        text=True,
        env=environment,
        timeout=100,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    wrong, ends = json.loads(done.stdout)
    assert (wrong, ends) == (0, [0] * 5)


def test_requests_of_the_parent_are_not_in_flight_in_the_child() -> None:
    quota = Quota()
    for _ in range(STARTERS):
        assert quota.ask(0.0) == 0.0
    assert quota.ask(0.0) > 0
    quota.after_fork()
    assert quota.ask(0.0) == 0.0


def test_a_given_transport_stays_and_a_closed_client_stays_closed(
    script: Any, open_store: Any
) -> None:
    steps = script(httpx.Response(200, json=[]))
    store = open_store(steps.transport)
    store.after_fork()
    assert store.send(READ) == []
    assert len(steps.requests) == 1
    store.close()
    store.after_fork()
    with pytest.raises(ClientClosed):
        store.send(READ)
