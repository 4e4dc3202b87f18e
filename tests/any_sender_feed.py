"""A feed beneath the check of senders: for tests of what the engine decides, whoever sends it."""

import pyarrow as pa

from ingest.queue.admission import AdmissionResult
from ingest.queue.file_feed import FileFeed
from ingest.spool.spooled_file import SpooledFile


class _AnySender:
    programmes = None

    def check_lines(self, lines: pa.RecordBatch) -> None:
        """Accept the lines."""


class AnySenderFeed(FileFeed):
    """A feed that admits every kind of act from every sender."""

    async def _register(self, spooled: SpooledFile) -> AdmissionResult:
        reprocess = self.request.reprocess
        return await self._admission.admit(spooled, _AnySender(), reprocess=reprocess, is_internal=True)
