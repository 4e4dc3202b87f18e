"""The result of file processing, built from the database once the files are decided."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ingest.queue.file_feed import AlreadyProcessed, FileFeed, RejectedFile
from service.database import command_queries
from service.engine import pain002_files
from service.engine.engine_context import EngineContext
from service.engine.processing_clock import ProcessingClock
from service.engine.processing_result import FileRejection, MissingFile, ProcessingResult
from service.results import receipt_queries


class ProcessedRequest(NamedTuple):
    """What became of the files of a request."""

    processed: Sequence[int]
    """Numbers of the submissions processed, in order."""
    already_processed: Sequence[AlreadyProcessed]
    rejected: Sequence[RejectedFile]
    missing: Sequence[MissingFile] = ()
    is_interrupted: bool = False

    @classmethod
    def from_feed(cls, files: FileFeed, *, is_interrupted: bool) -> "ProcessedRequest":
        """Return what became of the files of a feed."""
        missing = [
            MissingFile(number, files.missing_files.find_reason(number)) for number in files.missing_files
        ]
        return cls(files.processed, files.already_processed, files.rejected, missing, is_interrupted)


async def build_result(
    context: EngineContext, connection: Any, files: ProcessedRequest, *, clock: ProcessingClock
) -> ProcessingResult:
    """Read receipts and refusals, and write the pain.002 of payment files."""
    batch, chain = await command_queries.read_chain_head(connection)
    receipts = await receipt_queries.read_receipts(connection, files.processed)
    earlier_receipts = await receipt_queries.read_receipts(
        connection, [file.submission for file in files.already_processed]
    )
    reported = pain002_files.ProcessedFiles([*receipts, *earlier_receipts], list(files.rejected))
    return ProcessingResult(
        receipts=receipts,
        known=earlier_receipts,
        rejected=[FileRejection.from_error(file.path, file.error) for file in files.rejected],
        twice=[] if files.is_interrupted else _list_repeated_paths(files, clock),
        reasons=await receipt_queries.read_reasons(connection, files.processed),
        batch=batch,
        chain=chain,
        speed=clock.measure_speed(),
        is_interrupted=files.is_interrupted,
        lost=list(files.missing),
        refused_examples=await receipt_queries.read_refused_examples(connection, receipts),
        requests_without_invoice=clock.requests_without_invoice,
        has_credits=await receipt_queries.has_credits(connection),
        answered=await pain002_files.write_reports(context.settings, context.database.dsn, reported),
    )


def _list_repeated_paths(files: ProcessedRequest, clock: ProcessingClock) -> list[str]:
    """Return the paths that were neither admitted nor refused nor known: their bytes came under another name."""
    progress = clock.progress
    handled: set[Path] = {
        *progress.admitted,
        *(file.path for file in files.already_processed),
        *(file.path for file in files.rejected),
    }
    names = {file.name for file in progress.files}
    return [str(path) for path in progress.paths if path not in handled and path.name not in names]
