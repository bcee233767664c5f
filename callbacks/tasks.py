"""Celery doors: each loads by id and calls one function."""
