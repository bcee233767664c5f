"""Keys of an installation on one machine: made once, kept under var/, for the owner only."""

import base64
import os
import secrets
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
# All state of an installation; another folder for a second one beside it (tests, containers).
VAR_DIR = Path(os.environ.get("VAR_DIR") or BASE_DIR / "var").resolve()
SECRET_KEY_FILE = VAR_DIR / "keys" / "secret_key"
TOKEN_KEYS_FILE = VAR_DIR / "keys" / "token_encryption_keys"
AUDIT_KEY_FILE = VAR_DIR / "keys" / "audit_signing_key"


def ensure_local_keys() -> None:
    """Create the secret key, the token key and the audit's signing key where they are missing."""
    # Payloads are in the database file and in logs: a folder that we make is the owner's alone.
    VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    _create(SECRET_KEY_FILE, secrets.token_urlsafe(50))
    for path in (TOKEN_KEYS_FILE, AUDIT_KEY_FILE):
        _create(path, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())


def _create(path: Path, value: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        # O_EXCL: two processes that start together must agree on one key.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(value)
