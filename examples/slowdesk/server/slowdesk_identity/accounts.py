"""Accounts and their salted password hashes, from accounts.json."""

import hashlib
import hmac
import json
import re
from pathlib import Path

SCRYPT = {"n": 2**14, "r": 8, "p": 1}

_stored = json.loads((Path(__file__).parent / "accounts.json").read_text())
_accounts: dict[str, dict[str, str]] = _stored["accounts"]
_imported: dict[str, str] = _stored["imported"]


def hash_password(password: str, salt: str) -> str:
    return hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), **SCRYPT).hex()


def _stored_hash(email: str) -> dict[str, str] | None:
    if email in _accounts:
        return _accounts[email]
    # The agents were imported in one go, with one initial password.
    return _imported if re.fullmatch(_imported["pattern"], email) else None


def verify(email: str, password: str) -> bool:
    """Whether the password is the account's."""
    stored = _stored_hash(email)
    if stored is None:
        return False
    return hmac.compare_digest(stored["hash"], hash_password(password, stored["salt"]))
