"""The Celery application of many stores: `celery -A shops worker`, `celery -A shops beat`."""

import os

from celery import Celery

import avbc
from avbc.celery import beat_schedule, register

app = Celery("shops", broker=os.environ["BROKER_URL"])
app.conf.task_ignore_result = True  # the logs and the journal say what was done
app.conf.broker_connection_retry_on_startup = True
app.conf.task_time_limit = 3600  # seconds; then the process is killed, which does no harm
register(
    app,
    stores=os.environ["AVBC_STORES"],  # a folder: each *.toml in it is a store
    books=lambda: avbc.SqlGateway(os.environ["BOOKS_URL"]),
)
app.conf.beat_schedule = beat_schedule()
