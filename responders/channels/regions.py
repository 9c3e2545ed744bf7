"""What each provider allows, by the longest matching number prefix. A table, to be read beside the
provider's pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from responders.channels.base import Capabilities

if TYPE_CHECKING:
    from collections.abc import Mapping

TWILIO: Mapping[str, Capabilities] = {
    # North America: texts both ways.
    "+1": Capabilities(two_way=True, code_allowed=True, link_allowed=True, per_number_per_day=None),
    # Mainland China: nothing can come back, links and codes are filtered; the third identical text to a
    # number in 24 h is refused, and the fifth different one starts a review, so four a day.
    "+86": Capabilities(
        two_way=False, code_allowed=False, link_allowed=False, per_number_per_day=4, identical_per_day=2
    ),
    # Anywhere else nothing has been declared yet: assume no reply can come back rather than wait for one.
    "": Capabilities(two_way=False, code_allowed=False, link_allowed=True, per_number_per_day=None),
}


def capabilities(table: Mapping[str, Capabilities], number: str) -> Capabilities:
    """The entry of the longest prefix in the table that the number begins with."""
    return table[max((prefix for prefix in table if number.startswith(prefix)), key=len)]
