"""
What the tables of hasten.toml have in common.
"""

import msgspec


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    A table of hasten.toml; a key it does not know is an error.
    """
