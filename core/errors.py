"""The exceptions of Crescendo as a tree.

CrescendoError
├── EngineError                 the engine cannot continue
│   ├── SchemaMismatch          a table does not have the declared shape
│   ├── BookMoved               another engine advanced the book
│   ├── LeaseHeld               another engine owns the lease
│   ├── BatchFailed             a batch failed three times
│   ├── SpoolBusy               another process does not release a lock of the spool
│   ├── DiskFull                a disk has no room for what was to be written
│   ├── ClockSetBack            a clock is before the last time that the ledger has stored
│   └── DatabaseUnfit           the database cannot serve (version, migration drift, unreachable)
│       └── LedgerOutdated      its ledger has the layout of an earlier version
├── InputError                  a whole input is refused; nothing was changed
│   ├── FileUnreadable          truncated, not in the format it claims, not UTF-8
│   ├── EnvelopeMismatch        hash, count or control sum differ
│   ├── FormatUnknown           unknown format, version or column
│   ├── LimitExceeded           over a documented limit
│   └── SenderForbidden         its sender may not send it
├── NoSuchRecord                nothing stored has the name or number that is asked for
├── NotWaiting                  a submission cannot be withdrawn any more
└── ReferenceDataError          nomenclature, chart, calendar or rule files are inconsistent

The refusal of a line is not an exception but data (``core.outcome_codes.Outcome``).
"""


class CrescendoError(Exception):
    """The base of every exception that Crescendo raises on purpose."""


class EngineError(CrescendoError):
    """The engine cannot continue."""


class SchemaMismatch(EngineError):
    """A table does not have the declared shape."""


class BookMoved(EngineError):
    """Another engine advanced the book; reload it and decide again."""


class LeaseHeld(EngineError):
    """Another engine owns the lease on this database."""


class BatchFailed(EngineError):
    """A batch failed three times; the engine stops rather than continue in an unknown state."""


class SpoolBusy(EngineError):
    """Another process does not release a lock of the spool."""


class DiskFull(EngineError):
    """A disk has no room for what was to be written; nothing of it was stored."""


class ClockSetBack(EngineError):
    """A clock is before the last time that the ledger has stored, so what has ended would hold again."""


class DatabaseUnfit(EngineError):
    """The database cannot serve: too old, drifted from its migrations, or unreachable."""


class LedgerOutdated(DatabaseUnfit):
    """The ledger has the layout of an earlier version; nothing of it was changed."""


class InputError(CrescendoError):
    """A whole input is refused, and nothing was changed.

    ``place`` locates the fault, ``finding`` describes it, ``remedy`` says what to do.
    """

    def __init__(self, place: str, finding: str, remedy: str) -> None:
        super().__init__(f"{place}: {finding}. {remedy}")
        self.place, self.finding, self.remedy = place, finding, remedy
        self.batch_id = ""
        """The sender's identifier of the batch; empty until it is known."""

    @classmethod
    def find_category(cls) -> type["InputError"]:
        """Return the class of the tree above to which the error belongs: messages name no narrower one."""
        return next(category for category in reversed(cls.__mro__[:-1]) if category.__base__ is InputError)


class FileUnreadable(InputError):
    """The file is truncated, not in the format it claims, or not UTF-8."""


class EnvelopeMismatch(InputError):
    """Hash, count or control sum differ from those of the envelope."""


class FormatUnknown(InputError):
    """The format, the version or a column is unknown."""


class LimitExceeded(InputError):
    """The input exceeds a documented limit."""


class SenderForbidden(InputError):
    """The sender uses a reserved name, or may not send an act of the file."""


class NoSuchRecord(CrescendoError):
    """Nothing that is stored has the name or number that is asked for."""


class PersonNotProved(CrescendoError):
    """A decision names a person who did not prove to be that person, or may not take it; the message says why."""


class UnknownCode(CrescendoError):
    """A programme or a year that the reference data do not have."""


class NotWaiting(CrescendoError):
    """A submission does not wait any more: its decision has begun or is finished."""


class ReferenceDataError(CrescendoError):
    """Nomenclature, chart, calendar or rule files are inconsistent.

    ``place`` is the file, with the line where there is one; ``finding`` describes the fault, ``remedy`` says what to do.
    """

    def __init__(self, place: str, finding: str, remedy: str) -> None:
        super().__init__(f"{place}: {finding}. {remedy}")
        self.place, self.finding, self.remedy = place, finding, remedy
