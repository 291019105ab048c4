"""
What must never be written down, as strategies: secrets and personal data in the forms in which requests carry them.
"""

import base64
import json
import re

from hypothesis import strategies as st

_BYTES = st.binary(min_size=12, max_size=40)
_DIGITS = "0123456789"


def _urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _jwt(parts: tuple[str, str, bytes]) -> str:
    head = _urlsafe(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    return f"{head}.{_urlsafe(json.dumps({'sub': parts[0], 'name': parts[1]}).encode())}.{_urlsafe(parts[2])}"


def _luhn(body: str) -> str:
    digits = [int(each) for each in body]
    total = sum(each if at % 2 else sum(divmod(each * 2, 10)) for at, each in enumerate(reversed(digits)))
    return body + str(-total % 10)


_NAMES = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=10)
HEX = st.binary(min_size=8, max_size=32).map(bytes.hex)
BASE64 = st.one_of(_BYTES.map(_urlsafe), _BYTES.map(lambda data: base64.b64encode(data).decode()))
BASE32 = st.binary(min_size=10, max_size=20).map(lambda data: base64.b32encode(data).decode().rstrip("="))
JWTS = st.tuples(_NAMES, _NAMES, st.binary(min_size=32, max_size=32)).map(_jwt)
UUIDS = st.uuids().map(str)
EMAILS = st.builds(lambda name, host: f"{name}@{host}.example", _NAMES, _NAMES)
CARDS = st.text(_DIGITS, min_size=15, max_size=15).map(_luhn)
SPACED_CARDS = CARDS.map(lambda card: "-".join(re.findall("....", card)))
PHONES = st.builds(
    lambda country, number: f"+{country}{number}", st.integers(1, 99), st.text(_DIGITS, min_size=8, max_size=11)
)
PERSONS = st.text(_DIGITS, min_size=9, max_size=12)
IBANS = st.builds(lambda number: f"DE{number}", st.text(_DIGITS, min_size=20, max_size=20))
ADDRESSES = st.ip_addresses(v=4).map(str)
KEYS = st.builds(
    lambda prefix, data: prefix + re.sub("[-_]", "x", _urlsafe(data)),
    st.sampled_from(["sk_live_", "ghp_", "AKIA", "xoxb-", "glpat-", "Bearer "]),
    st.binary(min_size=15, max_size=30),
)
LICENSES = st.lists(st.from_regex(r"[A-Z]{2}[0-9]{2}", fullmatch=True), min_size=3, max_size=5).map("-".join)

SECRETS = st.one_of(
    HEX, BASE64, BASE32, JWTS, UUIDS, EMAILS, CARDS, SPACED_CARDS, PHONES, PERSONS, IBANS, ADDRESSES, KEYS, LICENSES
)

#: Another eye for what looks like one, written without looking at the agent's own rules.
LOOKS_SECRET = re.compile(
    r"@|eyJ[\w-]+\.|[0-9]{9,}|(?<![0-9])[0-9]{4}[- ]?[0-9]{4}[- ]?[0-9]{4}|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-"
    r"|(?=[0-9a-fA-F]*[0-9])(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{12,}|(?:[0-9]{1,3}\.){3}[0-9]"
    r"|(?=\w*[0-9])(?=\w*[a-z])(?=\w*[A-Z])[A-Za-z0-9]{12,}|%(?!5B|5D|3A)|[A-Za-z0-9]{21,}"
)
