"""From a file in a folder to a submission: the same checks as over HTTP, with a signature in place of a key."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, BinaryIO, NamedTuple, cast

import msgspec

from core.errors import FileUnreadable
from ingest.formats.detection import MANIFEST_BYTES_MAX
from ingest.formats.jsonl import strict_object
from ingest.spool.envelope import Envelope, stated
from ingest.spool.spool import Spool, Spooled
from service.auth import api_keys
from service.auth.api_keys import Caller
from service.auth.roles import Role
from service.dropfolders import signatures
from service.dropfolders.file_names import MANIFEST, SIGNATURE, check
from service.dropfolders.folder import Changed, Folder
from service.dropfolders.signatures import SIGNATURE_FILE_BYTES_MAX, Signer
from service.dropfolders.stable_files import Arrived
from service.http import upload_headers
from service.http.problems import Problem, busy
from service.http.service_context import Desk

_MISSING = Problem(
    HTTPStatus.UNAUTHORIZED,
    "signature-missing",
    "The file must be signed, and no signature stands beside it",
    detail_fr="Le fichier doit être signé, et aucune signature ne l'accompagne",
    remedy="Leave FILE.sig, the Ed25519 signature of its bytes, after the file",
)
_NO_SIGNER = Problem(
    HTTPStatus.UNAUTHORIZED,
    "signer-unknown",
    "No key is registered that signs for this sender",
    detail_fr="Aucune clé de signature n'est enregistrée pour cet émetteur",
    remedy="Have the operator register one: crescendo access signer add",
)
_WRONG = Problem(
    HTTPStatus.UNAUTHORIZED,
    "signature-wrong",
    "The signature is not one of these bytes by a key that is good for this sender now",
    detail_fr="La signature ne correspond pas à ces octets avec une clé valable pour cet émetteur",
    remedy="Sign the very bytes that are sent, with a key that is neither ended nor over",
)


class Accepted(NamedTuple):
    """A file that is a submission now."""

    submission: int
    signer: Signer | None


class Taking:
    """Takes files in."""

    def __init__(self, desk: Desk, spool: Spool, unsigned: frozenset[Role]) -> None:
        """``unsigned`` are the roles of senders without a signer; none: they may send nothing."""
        self._desk, self._spool, self._unsigned = desk, spool, unsigned

    async def take(self, folder: Folder, arrived: Arrived, signers: Sequence[Signer]) -> Accepted:
        """Spool, prove and register a file; the same bytes of the same sender are one submission.

        Raises
        ------
        InputError, Problem
            It is refused whole, or, with status 503, can be taken later.
        Changed
            Another file stands in its place by now.
        """
        self._desk.check_open()
        self._desk.check_sender(folder.sender, is_file=True)
        name, sender = arrived.entry.name, folder.sender
        check(name)
        if not arrived.entry.is_file:
            raise FileUnreadable(name, "A folder, a link or a pipe", "Leave a regular file")
        if not signers and not self._unsigned:
            raise _again(_NO_SIGNER)
        found = self._signature(folder, arrived) if signers else None
        spooled = await self._spooled(folder, arrived)
        signer = await self._recognised(spooled, found, signers) if found else None
        who = signer.caller if signer else api_keys.caller("unsigned", sender, self._unsigned, frozenset())
        try:
            return Accepted(await self._admitted(spooled, who), signer)
        except Problem as problem:
            problem.claimed = who.key
            raise

    def _signature(self, folder: Folder, arrived: Arrived) -> bytes:
        if not arrived.has_signature:
            raise _again(_MISSING)
        name = f"{arrived.entry.name}{SIGNATURE}"
        found = signatures.signature(folder.small(name, SIGNATURE_FILE_BYTES_MAX))
        if found is None:
            raise _again(_WRONG)
        return found

    async def _spooled(self, folder: Folder, arrived: Arrived) -> Spooled:
        declared, spooled = _declared(folder, arrived), None
        try:
            with folder.reading_whole(arrived.entry) as file:
                source = cast(BinaryIO, _Source(self._desk, file))
                spooled = await asyncio.to_thread(self._spool.receive, source, arrived.entry.name, declared)
        except Changed:
            if spooled:
                await self._desk.inbox.admission.refuse(spooled)
            raise
        return spooled

    async def _recognised(self, spooled: Spooled, found: bytes, signers: Sequence[Signer]) -> Signer:
        """Who signed what lies in the spool: nobody changes it there between the look and the use."""
        signer = await asyncio.to_thread(signatures.signer_of, spooled.path, found, signers)
        if signer is None:
            await self._desk.inbox.admission.refuse(spooled)
            raise _again(_WRONG)
        return signer

    async def _admitted(self, spooled: Spooled, who: Caller) -> int:
        return (await self._desk.admit(spooled, upload_headers.ANY, who, again=False)).number


class _Source:
    """A file that ends early when the service stops."""

    def __init__(self, desk: Desk, file: BinaryIO) -> None:
        self._desk, self._file = desk, file

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes, fewer only at the end."""
        if self._desk.is_draining:
            raise busy("The service is stopping")
        return self._file.read(size)


def _declared(folder: Folder, arrived: Arrived) -> Envelope:
    """What stands beside the file, and the sender whose folder it is."""
    said = _manifest(folder, arrived) if arrived.has_manifest else Envelope()
    if said.sender not in {"", folder.sender}:
        told = f"The manifest names {said.sender} as its sender, and the folder is that of {folder.sender}"
        raise Problem(HTTPStatus.FORBIDDEN, "wrong-sender", told)
    return msgspec.structs.replace(said, sender=folder.sender)


def _manifest(folder: Folder, arrived: Arrived) -> Envelope:
    name = f"{arrived.entry.name}{MANIFEST}"
    said: dict[str, Any] = strict_object(folder.small(name, MANIFEST_BYTES_MAX), name)
    return stated(said, name)


def _again(problem: Problem) -> Problem:
    """The same problem, to be raised once more."""
    return Problem(problem.status, problem.code, problem.detail, **problem.more)
