"""The texts of one refusal."""

from typing import NamedTuple


class Remedy(NamedTuple):
    """The finding and the remedy, in two languages."""

    finding: str
    action: str
    finding_fr: str
    action_fr: str
