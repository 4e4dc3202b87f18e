"""What the work on an open database needs: settings, database, reference data."""

from dataclasses import dataclass, field

from posting.book.registry import ReferenceData
from posting.recovery.book_memory import BookMemory
from service.configuration.settings import Settings
from service.database.embedded_server import Database


@dataclass(frozen=True, slots=True)
class EngineContext:
    """The settings, the open database, and the reference data by which files are decided."""

    settings: Settings
    database: Database
    reference: ReferenceData
    needs_engine: bool = False
    """Whether the files are decided by the engine at work alone: this process never owns the lease."""
    memory: BookMemory = field(default_factory=BookMemory)
    """The book between two files that this process decides."""


def load_reference(settings: Settings) -> ReferenceData:
    """Load the reference data that the settings name, or those shipped."""
    return ReferenceData.load(settings.reference) if settings.reference else ReferenceData.load()
