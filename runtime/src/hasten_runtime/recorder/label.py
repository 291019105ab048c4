"""
Who asked, as a label from which nobody can be told: a keyed hash of everything in the headers that says who it is.

The key is in the policy for as long as is recorded and nowhere afterwards. Requests of one visitor have one label in
all workers, so their order is known; what it was made of is not.
"""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

#: Cookies that measure or protect and say nothing of who is logged in; some change with every request.
_OTHERS = (
    b"_ga", b"_gid", b"_gat", b"_gcl", b"_fb", b"_hj", b"_pk_", b"_cl", b"_uet", b"__utm", b"__hs", b"hubspotutk",
    b"__cf_bm", b"cf_", b"_dd_s", b"amp_", b"amplitude", b"ajs_", b"mp_", b"intercom", b"_mkto", b"optimizely", b"_vwo",
    b"csrf", b"_csrf", b"xsrf", b"x-csrf", b"x-xsrf", b"__host-csrf", b"lang", b"locale", b"i18n", b"theme", b"cookie",
    b"consent", b"euconsent", b"tz", b"timezone", b"_pin", b"_tt_", b"_scid",
)  # fmt: skip
#: Words in the names of headers that say who asks, besides Authorization and Cookie.
_TELLING = (
    b"token", b"secret", b"auth", b"api-key", b"apikey", b"session", b"credential", b"identity", b"user", b"jwt",
)  # fmt: skip
#: … and those that have such a word and do not.
_NOT_TELLING = (b"user-agent", b"x-user-agent", b"sec-fetch-user")


def label_of(headers: Iterable[tuple[bytes, bytes]], key: bytes, cookies: Iterable[str] = ()) -> str:
    """
    The label in 16 hexadecimal digits; "" where nothing says who asks.

    Args:
        headers: With names in lower case.
        cookies: Names of those that say who asks; where none are named, all but the known others.
    """
    chosen = [each.encode() for each in cookies]
    found: list[bytes] = []
    for name, value in headers:
        if name == b"cookie":
            pairs = (each.strip() for each in value.split(b";"))
            found += [b"cookie:" + each for each in pairs if each and _tells(each.partition(b"=")[0], chosen)]
        elif value and _names_somebody(name):
            found.append(name + b":" + value)
    if not found:
        return ""
    # A browser may send its cookies in another order.
    return blake2b(b"\0".join(sorted(found)), digest_size=8, key=key).hexdigest()


def _tells(cookie: bytes, chosen: list[bytes]) -> bool:
    if chosen:
        return cookie in chosen
    return not cookie.lower().startswith(_OTHERS)


@lru_cache(maxsize=512)
def _names_somebody(header: bytes) -> bool:
    if header in _NOT_TELLING or b"csrf" in header or b"xsrf" in header:
        return False
    return any(each in header for each in _TELLING)
