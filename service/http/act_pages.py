"""Pages of the history of acts, as the service encodes them."""

import msgspec

from reporting.act_views import AcceptedLine, EntrySummary, RefusedHistory
from reporting.line_documents import LineDocument


class SealedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that contains some of these lines, and the hash chain up to it."""

    batch: int
    committed_at: str
    chain: str
    computed: str | None
    """The chain hash computed again from the batch's rows and the chain before it; null unless ``proof=true``."""
    holds: bool | None
    """Whether ``computed`` equals ``chain``."""


class ActPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of acts: accepted ones in order of their entries, then refused ones."""

    accepted: list[AcceptedLine]
    refused: list[RefusedHistory]
    batches: list[SealedBatch]
    is_whole: bool
    """False where followers or duplicates are left out: ``/v1/acts/{entry}/followers`` lists all."""
    next: str | None
    documents: list[LineDocument] | None
    """What the accepted lines state of their documents; null unless ``documents=true``."""


class FollowerPage(msgspec.Struct, frozen=True):
    """The entries that follow an entry directly, in order."""

    followers: list[EntrySummary]
    next: str | None
