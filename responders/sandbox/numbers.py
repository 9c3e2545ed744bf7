"""Which numbers exist here. Only numbers reserved for fiction can be reached both ways; no real one is ever
shown.

+1 NXX 555 0100 to 0199 are reserved for fiction by the North American Numbering Plan. Mainland mobiles are
taken with the rules of the real provider (nothing comes back), to show what those rules do; they too reach
only the page.
"""

from __future__ import annotations

import re

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_FICTION = re.compile(r"\+1[2-9][0-9]{2}55501[0-9]{2}", re.ASCII)
_MAINLAND = re.compile(r"\+861[3-9][0-9]{9}", re.ASCII)


def refused(number: str) -> int | None:
    """Twilio's error code for a recipient that cannot be texted; None when it can."""
    if not _E164.fullmatch(number):
        return 21211
    if number.startswith("+86"):
        return None if _MAINLAND.fullmatch(number) else 21614
    return None if _FICTION.fullmatch(number) else 21408


def two_way(number: str) -> bool:
    """Whether somebody with this number can text back."""
    return bool(_FICTION.fullmatch(number))


def mainland(number: str) -> bool:
    """Whether the rules for mainland China hold."""
    return number.startswith("+86")
