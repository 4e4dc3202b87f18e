"""Turn a file in a drop folder into a submission: the checks of an HTTP upload, with a signature in place of an API key."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, BinaryIO, NamedTuple, cast

import msgspec

from core.errors import FileUnreadable
from core.reader_failures import refuse_on_failure
from core.roles import Role
from ingest.formats.detection import MANIFEST_BYTES_MAX
from ingest.formats.jsonl import parse_object
from ingest.sidecars import MANIFEST_SUFFIX
from ingest.spool.envelope import Envelope, parse_envelope
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from service.auth.credentials import Caller, build_caller
from service.dropfolders import signatures
from service.dropfolders.file_names import SIGNATURE_SUFFIX, check_name
from service.dropfolders.folder import FileReplaced, SenderFolder
from service.dropfolders.signatures import SIGNATURE_FILE_BYTES_MAX, Signer
from service.dropfolders.stable_files import StableFile
from service.http import upload_headers
from service.http.problems import Problem, try_again
from service.http.service_context import ServiceContext

_SIGNATURE_MISSING = Problem(
    HTTPStatus.UNAUTHORIZED,
    "signature-missing",
    "The file must be signed, but there is no signature beside it",
    detail_fr="Le fichier doit être signé, et aucune signature ne l'accompagne",
    remedy="Store FILE.sig, the Ed25519 signature of the bytes of the file, after the file",
)
_SIGNER_UNKNOWN = Problem(
    HTTPStatus.UNAUTHORIZED,
    "signer-unknown",
    "No signing key is registered for this sender",
    detail_fr="Aucune clé de signature n'est enregistrée pour cet émetteur",
    remedy="Ask the operator to register a key with: crescendo access signer add",
)
_SIGNATURE_WRONG = Problem(
    HTTPStatus.UNAUTHORIZED,
    "signature-wrong",
    "The signature does not match these bytes with any key that is valid for this sender now",
    detail_fr="La signature ne correspond pas à ces octets avec une clé valable pour cet émetteur",
    remedy="Sign exactly the bytes that are sent, with a key that is neither ended nor expired",
)


class AdmittedFile(NamedTuple):
    """The submission a file became, and who signed it."""

    submission: int
    signer: Signer | None


class FileIntake:
    """Admits files of drop folders."""

    def __init__(self, service: ServiceContext, spool: Spool, unsigned: frozenset[Role]) -> None:
        """Set the parts. ``unsigned`` are the roles of senders without a signer; if empty, these may send nothing."""
        self._service, self._spool, self._unsigned = service, spool, unsigned

    async def admit(self, folder: SenderFolder, file: StableFile, signers: Sequence[Signer]) -> AdmittedFile:
        """Spool, validate and register a file; the same bytes of the same sender are one submission.

        Raises
        ------
        InputError, Problem
            The file is refused whole or, with status 503, must wait.
        FileReplaced
            Another file has taken its place.
        """
        self._service.limits.check_file(folder.sender)
        name, sender = file.entry.name, folder.sender
        check_name(name)
        if not file.entry.is_file:
            raise FileUnreadable(name, "This is a folder, a link or a pipe", "Store a regular file")
        if not signers and not self._unsigned:
            raise _copy_problem(_SIGNER_UNKNOWN)
        signature = self._read_signature(folder, file) if signers else None
        spooled = await self._spool_file(folder, file)
        signer = await self._find_signer(spooled, signature, signers) if signature else None
        caller = (
            signer.caller
            if signer
            else build_caller("unsigned", sender, self._unsigned, programmes=frozenset())
        )
        try:
            return AdmittedFile(await self._admit_spooled_file(spooled, caller), signer)
        except Problem as problem:
            problem.claimed_name = caller.key
            raise

    def _read_signature(self, folder: SenderFolder, file: StableFile) -> bytes:
        if not file.has_signature:
            raise _copy_problem(_SIGNATURE_MISSING)
        name = f"{file.entry.name}{SIGNATURE_SUFFIX}"
        signature = signatures.parse_signature(folder.read_small_file(name, SIGNATURE_FILE_BYTES_MAX))
        if signature is None:
            raise _copy_problem(_SIGNATURE_WRONG)
        return signature

    async def _spool_file(self, folder: SenderFolder, file: StableFile) -> SpooledFile:
        envelope, spooled = _read_envelope(folder, file), None
        try:
            with folder.open_unchanged_file(file.entry) as stream:
                source = cast(BinaryIO, _InterruptibleFile(self._service, stream))
                spooled = await asyncio.to_thread(self._spool.receive, source, file.entry.name, envelope)
        except FileReplaced:
            if spooled:
                await self._service.admission.refuse(spooled)
            raise
        return spooled

    async def _find_signer(self, spooled: SpooledFile, signature: bytes, signers: Sequence[Signer]) -> Signer:
        """Find who signed the file in the spool, where no sender can change it between the check and its use."""
        signer = await asyncio.to_thread(signatures.find_signer, spooled.path, signature, signers)
        if signer is None:
            await self._service.admission.refuse(spooled)
            raise _copy_problem(_SIGNATURE_WRONG)
        return signer

    async def _admit_spooled_file(self, spooled: SpooledFile, caller: Caller) -> int:
        media_type = upload_headers.OCTET_STREAM
        return (await self._service.admission.admit(spooled, media_type, caller, again=False)).number


class _InterruptibleFile:
    """A file whose reading fails when the service stops."""

    def __init__(self, service: ServiceContext, file: BinaryIO) -> None:
        self._service, self._file = service, file

    def read(self, size: int) -> bytes:
        """Read up to ``size`` bytes, fewer only at the end of the file."""
        if self._service.state.is_draining:
            raise try_again("The service is stopping")
        return self._file.read(size)


def _read_envelope(folder: SenderFolder, file: StableFile) -> Envelope:
    """Read the envelope from the manifest of the file; the sender is the owner of the folder."""
    envelope = _read_manifest(folder, file) if file.has_manifest else Envelope()
    if envelope.sender not in {"", folder.sender}:
        finding = (
            f"The manifest names {envelope.sender} as the sender, but the folder belongs to {folder.sender}"
        )
        raise Problem(HTTPStatus.FORBIDDEN, "wrong-sender", finding)
    return msgspec.structs.replace(envelope, sender=folder.sender)


def _read_manifest(folder: SenderFolder, file: StableFile) -> Envelope:
    name = f"{file.entry.name}{MANIFEST_SUFFIX}"
    text = folder.read_small_file(name, MANIFEST_BYTES_MAX)
    with refuse_on_failure(name):
        values: dict[str, Any] = parse_object(text, name)
        return parse_envelope(values, name)


def _copy_problem(problem: Problem) -> Problem:
    """Copy a problem: an exception instance that is raised twice would keep the traceback of the first time."""
    return Problem(problem.status, problem.code, problem.detail, **problem.extensions)
