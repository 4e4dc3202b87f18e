"""From a file in a folder to a submission: the same checks as over HTTP, with a signature in place of a key."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, BinaryIO, NamedTuple, cast

import msgspec

from core.errors import FileUnreadable
from ingest.formats.detection import MANIFEST_BYTES_MAX
from ingest.formats.jsonl import parse_object
from ingest.spool.envelope import Envelope, parse_envelope
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from service.auth.credentials import Caller, build_caller
from service.auth.roles import Role
from service.dropfolders import signatures
from service.dropfolders.file_names import MANIFEST, SIGNATURE_SUFFIX, check_name
from service.dropfolders.folder import FileReplaced, SenderFolder
from service.dropfolders.signatures import SIGNATURE_FILE_BYTES_MAX, Signer
from service.dropfolders.stable_files import StableFile
from service.http import upload_headers
from service.http.problems import Problem, try_again
from service.http.service_context import ServiceContext

_SIGNATURE_MISSING = Problem(
    HTTPStatus.UNAUTHORIZED,
    "signature-missing",
    "The file must be signed, and no signature stands beside it",
    detail_fr="Le fichier doit être signé, et aucune signature ne l'accompagne",
    remedy="Leave FILE.sig, the Ed25519 signature of its bytes, after the file",
)
_SIGNER_UNKNOWN = Problem(
    HTTPStatus.UNAUTHORIZED,
    "signer-unknown",
    "No key is registered that signs for this sender",
    detail_fr="Aucune clé de signature n'est enregistrée pour cet émetteur",
    remedy="Have the operator register one: crescendo access signer add",
)
_SIGNATURE_WRONG = Problem(
    HTTPStatus.UNAUTHORIZED,
    "signature-wrong",
    "The signature is not one of these bytes by a key that is good for this sender now",
    detail_fr="La signature ne correspond pas à ces octets avec une clé valable pour cet émetteur",
    remedy="Sign the very bytes that are sent, with a key that is neither ended nor over",
)


class AdmittedFile(NamedTuple):
    """A file that is a submission now."""

    submission: int
    signer: Signer | None


class FileIntake:
    """Takes files in."""

    def __init__(self, desk: ServiceContext, spool: Spool, unsigned: frozenset[Role]) -> None:
        """``unsigned`` are the roles of senders without a signer; none: they may send nothing."""
        self._desk, self._spool, self._unsigned = desk, spool, unsigned

    async def admit(self, folder: SenderFolder, file: StableFile, signers: Sequence[Signer]) -> AdmittedFile:
        """Spool, prove and register a file; the same bytes of the same sender are one submission.

        Raises
        ------
        InputError, Problem
            It is refused whole, or, with status 503, can be taken later.
        Changed
            Another file stands in its place by now.
        """
        self._desk.limits.check_file(folder.sender)
        name, sender = file.entry.name, folder.sender
        check_name(name)
        if not file.entry.is_file:
            raise FileUnreadable(name, "A folder, a link or a pipe", "Leave a regular file")
        if not signers and not self._unsigned:
            raise _copy_problem(_SIGNER_UNKNOWN)
        found = self._read_signature(folder, file) if signers else None
        spooled = await self._spool_file(folder, file)
        signer = await self._find_signer(spooled, found, signers) if found else None
        who = signer.caller if signer else build_caller("unsigned", sender, self._unsigned, frozenset())
        try:
            return AdmittedFile(await self._admit_spooled(spooled, who), signer)
        except Problem as problem:
            problem.claimed_name = who.key
            raise

    def _read_signature(self, folder: SenderFolder, arrived: StableFile) -> bytes:
        if not arrived.has_signature:
            raise _copy_problem(_SIGNATURE_MISSING)
        name = f"{arrived.entry.name}{SIGNATURE_SUFFIX}"
        found = signatures.parse_signature(folder.read_small_file(name, SIGNATURE_FILE_BYTES_MAX))
        if found is None:
            raise _copy_problem(_SIGNATURE_WRONG)
        return found

    async def _spool_file(self, folder: SenderFolder, arrived: StableFile) -> SpooledFile:
        declared, spooled = _read_envelope(folder, arrived), None
        try:
            with folder.open_unchanged(arrived.entry) as file:
                source = cast(BinaryIO, _InterruptibleFile(self._desk, file))
                spooled = await asyncio.to_thread(self._spool.receive, source, arrived.entry.name, declared)
        except FileReplaced:
            if spooled:
                await self._desk.admission.refuse(spooled)
            raise
        return spooled

    async def _find_signer(self, spooled: SpooledFile, found: bytes, signers: Sequence[Signer]) -> Signer:
        """Who signed what lies in the spool: nobody changes it there between the look and the use."""
        signer = await asyncio.to_thread(signatures.find_signer, spooled.path, found, signers)
        if signer is None:
            await self._desk.admission.refuse(spooled)
            raise _copy_problem(_SIGNATURE_WRONG)
        return signer

    async def _admit_spooled(self, spooled: SpooledFile, who: Caller) -> int:
        return (
            await self._desk.admission.admit(spooled, upload_headers.OCTET_STREAM, who, again=False)
        ).number


class _InterruptibleFile:
    """A file that ends early when the service stops."""

    def __init__(self, desk: ServiceContext, file: BinaryIO) -> None:
        self._desk, self._file = desk, file

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes, fewer only at the end."""
        if self._desk.state.is_draining:
            raise try_again("The service is stopping")
        return self._file.read(size)


def _read_envelope(folder: SenderFolder, arrived: StableFile) -> Envelope:
    """What stands beside the file, and the sender whose folder it is."""
    said = _read_manifest(folder, arrived) if arrived.has_manifest else Envelope()
    if said.sender not in {"", folder.sender}:
        told = f"The manifest names {said.sender} as its sender, and the folder is that of {folder.sender}"
        raise Problem(HTTPStatus.FORBIDDEN, "wrong-sender", told)
    return msgspec.structs.replace(said, sender=folder.sender)


def _read_manifest(folder: SenderFolder, arrived: StableFile) -> Envelope:
    name = f"{arrived.entry.name}{MANIFEST}"
    said: dict[str, Any] = parse_object(folder.read_small_file(name, MANIFEST_BYTES_MAX), name)
    return parse_envelope(said, name)


def _copy_problem(problem: Problem) -> Problem:
    """The same problem, to be raised once more."""
    return Problem(problem.status, problem.code, problem.detail, **problem.extensions)
