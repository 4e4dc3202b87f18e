"""The admission of a spooled file: check it against its request and against the key, then give it a number."""

from core.errors import InputError
from ingest.queue.admission import Admission, AdmissionResult
from ingest.spool.file_claims import FileIdentity
from ingest.spool.spool import SpooledFile
from service.auth.credentials import Caller
from service.auth.failures import PermissionDenied
from service.auth.perimeter import PerimeterCheck, require_sending_role
from service.http import upload_headers
from service.http.problems import Problem, from_permission_denied


class FileAdmission:
    """Admits the files of callers; the file format and the queue are those of ``ingest``."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    async def find_earlier_submission(self, identity: FileIdentity, *, again: bool) -> int | None:
        """Return the submission that a file already is; None if it is to be decided, for the first time or ``again``."""
        return await self._admission.find_earlier_submission(identity, reprocess=again)

    async def refuse(self, spooled: SpooledFile) -> None:
        """Remove a file that is not to be admitted, unless an earlier submission needs it."""
        await self._admission.refuse(spooled)

    async def admit(
        self, spooled: SpooledFile, media_type: str, caller: Caller, *, again: bool
    ) -> AdmissionResult:
        """Validate a file, register it as a submission and queue it.

        Raises
        ------
        InputError, Problem
            The whole file is refused, and removed from the spool.
        """
        try:
            return await self._admit(spooled, media_type, caller, again=again)
        except InputError as error:
            error.batch_id = spooled.envelope.batch_id
            raise
        except PermissionDenied as denied:
            raise from_permission_denied(denied) from denied

    async def _admit(
        self, spooled: SpooledFile, media_type: str, caller: Caller, *, again: bool
    ) -> AdmissionResult:
        try:
            require_sending_role(caller)
            upload_headers.check_content(spooled, media_type)
            if caller.programmes:
                await self._check_perimeter(spooled, caller, again=again)
        except (InputError, Problem, PermissionDenied):
            await self._admission.refuse(spooled)
            raise
        return await self._admission.admit(spooled, PerimeterCheck(caller, spooled.name), reprocess=again)

    async def _check_perimeter(self, spooled: SpooledFile, caller: Caller, *, again: bool) -> None:
        """Check the perimeter of a known file, which is answered with its outcome and without validation.

        It is read as it was registered, whatever the caller states now.
        """
        if original := await self._admission.find_original(spooled, reprocess=again):
            await self._admission.validate(original, PerimeterCheck(caller, spooled.name))
