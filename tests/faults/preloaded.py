"""What each started process would import anew: libraries that ask for no settings when imported.

The server that processes are forked from imports this once (`multiprocessing`'s forkserver).
"""

# ruff: noqa: F401 - imported to be there
import importlib

import boto3
import botocore.session
import celery.app.base
import celery.apps.beat
import celery.apps.worker
import celery.bin.worker
import celery.concurrency.thread
import celery.events.state
import celery.worker.consumer
import cryptography.fernet
import django.contrib.auth.hashers
import django.core.handlers.wsgi
import django.core.management
import django.db.models
import django.db.models.sql.compiler
import django.forms
import django.template.defaulttags
import django.template.loader_tags
import django.test
import django.urls
import django.views.debug
import environs
import gunicorn.app.wsgiapp
import gunicorn.workers.gthread
import jinja2
import jsonpath
import jsonschema
import prometheus_client
import psycopg_pool
import pydantic.main
import redis.client
import rfc8785
import s3transfer.manager

for name in ("django.db.backends.sqlite3.base", "django.db.backends.postgresql.base"):
    importlib.import_module(name)
