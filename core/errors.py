"""What can go wrong, drawn.

CrescendoError
├── EngineError                 the engine cannot go on
│   ├── SchemaMismatch          a table is not shaped as declared
│   ├── BookMoved               someone else advanced the book
│   ├── LeaseHeld               another engine holds the lease
│   ├── BatchFailed             a batch failed three times
│   └── DatabaseUnfit           the database cannot serve (version, migration drift, unreachable)
├── InputError                  a whole input is refused; nothing was changed
│   ├── FileUnreadable          truncated, not the format it claims, not UTF-8
│   ├── EnvelopeMismatch        hash, count or control sum differ
│   ├── FormatUnknown           unknown format, version or column
│   └── LimitExceeded           over a stated limit
└── ReferenceDataError          nomenclature, chart or calendar files do not hold together

A refusal is not here: it is data (``core.outcome_codes.Code``).
"""


class CrescendoError(Exception):
    """Something Crescendo reports by name."""


class EngineError(CrescendoError):
    """The engine cannot go on."""


class SchemaMismatch(EngineError):
    """A table is not shaped as declared."""


class BookMoved(EngineError):
    """Someone else advanced the book; reload it and decide again."""


class LeaseHeld(EngineError):
    """Another engine holds the lease on this database."""


class BatchFailed(EngineError):
    """A batch failed three times; the engine stops rather than guess."""


class DatabaseUnfit(EngineError):
    """The database cannot serve: too old, drifted from its migrations, or unreachable."""


class InputError(CrescendoError):
    """A whole input is refused, and nothing was changed.

    ``place`` says where, ``found`` what stood there, ``remedy`` what to do.
    """

    def __init__(self, place: str, finding: str, remedy: str) -> None:
        super().__init__(f"{place}: {finding}. {remedy}")
        self.place, self.finding, self.remedy = place, finding, remedy
        self.batch_id = ""
        """Which batch it was, once that is known."""


class FileUnreadable(InputError):
    """Truncated, not the format it claims, or not UTF-8."""


class EnvelopeMismatch(InputError):
    """Hash, count or control sum differ from what the envelope states."""


class FormatUnknown(InputError):
    """Unknown format, version or column."""


class LimitExceeded(InputError):
    """Over a stated limit."""


class NotWaiting(CrescendoError):
    """A submission waits no more: it is being decided, or it is decided."""


class ReferenceDataError(CrescendoError):
    """Nomenclature, chart or calendar files do not hold together."""
