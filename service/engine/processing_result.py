"""The result of file processing: receipts, refusals and speed. Commands print it, or write it as JSON."""

import msgspec

from core.errors import EngineError, InputError
from service.engine.pain002_files import Pain002File
from service.results.receipts import Reason, Receipt, RefusedExample


class FileRejection(msgspec.Struct, frozen=True):
    """A file refused whole; none of its lines was decided."""

    file: str
    error: str
    where: str
    found: str
    remedy: str

    @classmethod
    def from_error(cls, file: object, error: InputError) -> "FileRejection":
        """Describe the error for which ``file`` is refused."""
        return cls(str(file), error.find_category().__name__, error.place, error.finding, error.remedy)


class Speed(msgspec.Struct, frozen=True):
    """The time, processor time and memory used from the start of the command to the last commit."""

    lines: int
    seconds: float
    lines_a_second: float
    working_seconds: float
    """Seconds after the database was started and the book was loaded."""
    indexing_seconds: float
    """Seconds for building look-up indexes, after the last commit."""
    core_microseconds_a_line: float
    """Processor time of this process alone, while working."""
    peak_memory_bytes: int
    stage_microseconds_a_line: dict[str, float]
    """Core-microseconds per line of each pipeline stage, in this process."""


class MissingFile(msgspec.Struct, frozen=True):
    """A submission whose file is missing from the spool."""

    submission: int
    reason: str


class ProcessingResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about the files."""

    receipts: list[Receipt]
    known: list[Receipt]
    """Receipts of files that were processed before."""
    rejected: list[FileRejection]
    twice: list[str]
    """Paths with the same bytes as another file of the same call, which was processed once."""
    reasons: list[Reason]
    batch: int
    chain: str
    """The hash of the last batch."""
    speed: Speed
    is_interrupted: bool
    lost: list[MissingFile]
    """Submissions set aside: their files are missing from the spool and must be sent again."""
    answered: list[Pain002File]
    """Payment files, and their pain.002."""
    refused_examples: list[RefusedExample] = []
    """The first refused lines of some of the files."""
    has_credits: bool = True
    """Whether any credits are open in the ledger."""
    requests_without_invoice: int | None = None
    """Lines of payment requests, accepted by this command, that state no invoice number, so that nothing tells whether their
    invoice was requested before; null if another engine decided."""


def require_acceptance(result: ProcessingResult, origin: str) -> ProcessingResult:
    """Return ``result`` if no file was refused whole. Files that the engine itself writes must never be.

    Raises
    ------
    EngineError
        The acts of ``origin`` were refused whole.
    """
    if result.rejected:
        raise EngineError(f"the acts of {origin} were refused whole: {result.rejected[0].found}")
    return result
