"""Typed reading of the environment, with secrets also from files (`NAME_FILE`)."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environs import Env

env = Env()


def secret(name: str, *, kept_in: Path | None = None) -> str | None:
    """Return the secret `name`: from the environment, from the file that `NAME_FILE` names, or
    from `kept_in` (the key that this installation made for itself), else None.

    Raises ImproperlyConfigured where a named file cannot be read.
    """
    value = os.environ.get(name)
    if value:
        return value
    named = os.environ.get(f"{name}_FILE")
    if named:
        return _read(Path(named), name)
    if kept_in is not None and kept_in.exists():
        return _read(kept_in, name)
    return None


def _read(path: Path, name: str) -> str:
    try:
        return path.read_text().strip()
    except OSError as exc:
        raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read.") from exc
