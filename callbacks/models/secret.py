"""Secrets at rest: AES-GCM bound to the row, so that a ciphertext moved to another row fails.

Stored form: 8 characters key id, 12 bytes nonce, ciphertext with tag.
"""

import base64
import hashlib
import os
import uuid
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEY_ID_LENGTH = 8
NONCE_LENGTH = 12


class TokenUnreadable(Exception):
    """The stored secret does not decrypt: wrong key, or the row was tampered with."""


def encrypt_token(*, token: str, task_id: uuid.UUID) -> bytes:
    return encrypt(secret=token.encode(), row_id=task_id)


def decrypt_token(*, ciphertext: bytes, task_id: uuid.UUID) -> str:
    return decrypt(ciphertext=ciphertext, row_id=task_id).decode()


def encrypt(*, secret: bytes, row_id: uuid.UUID) -> bytes:
    """Encrypt under the newest key. Raises ImproperlyConfigured where there is none."""
    keys = _keys(tuple(settings.TOKEN_ENCRYPTION_KEYS))
    if not keys:
        raise ImproperlyConfigured("TOKEN_ENCRYPTION_KEYS is not set; tokens cannot be kept.")
    key_id, cipher = next(iter(keys.items()))
    nonce = os.urandom(NONCE_LENGTH)
    return key_id.encode() + nonce + cipher.encrypt(nonce, secret, row_id.bytes)


def decrypt(*, ciphertext: bytes, row_id: uuid.UUID) -> bytes:
    """Raises TokenUnreadable; its text never holds key, ciphertext or secret."""
    stored = bytes(ciphertext)
    key_id = stored[:KEY_ID_LENGTH].decode(errors="replace")
    cipher = _keys(tuple(settings.TOKEN_ENCRYPTION_KEYS)).get(key_id)
    if cipher is None:
        raise TokenUnreadable(f"No key {key_id} in TOKEN_ENCRYPTION_KEYS.")
    nonce = stored[KEY_ID_LENGTH : KEY_ID_LENGTH + NONCE_LENGTH]
    try:
        return cipher.decrypt(nonce, stored[KEY_ID_LENGTH + NONCE_LENGTH :], row_id.bytes)
    except InvalidTag:
        raise TokenUnreadable(f"The secret of row {row_id} does not decrypt.") from None


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@lru_cache(maxsize=8)
def _keys(encoded: tuple[str, ...]) -> dict[str, AESGCM]:
    """Key id (first 8 hex digits of the key's SHA-256) to cipher, newest first."""
    keys = {}
    for text in encoded:
        try:
            key = base64.urlsafe_b64decode(text)
        except ValueError:
            key = b""
        if len(key) != 32:
            raise ImproperlyConfigured("TOKEN_ENCRYPTION_KEYS: each is 32 bytes in base64url.")
        keys[hashlib.sha256(key).hexdigest()[:KEY_ID_LENGTH]] = AESGCM(key)
    return keys
