"""
The identity gate: does everybody get their own answers, in every order, at the same time, in every language?

    check_identity(requests, ask, plan) ─▶ Identity ─▶ guard(…)

A shared cache or a joined request that fails here once is dead.
"""

from hasten.verify.identity.askers import VARIANTS, Asker, Variant
from hasten.verify.identity.gate import IdentityPlan, check_identity
from hasten.verify.identity.result import CRITICAL, LEAST_PRINCIPALS, Identity, Leak, LeakKind, guard

__all__ = [
    "CRITICAL",
    "LEAST_PRINCIPALS",
    "VARIANTS",
    "Asker",
    "Identity",
    "IdentityPlan",
    "Leak",
    "LeakKind",
    "Variant",
    "check_identity",
    "guard",
]
