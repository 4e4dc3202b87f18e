"""The client of a running service, for the systems of ministries.

Example::

    from service.client import Client

    client = Client("https://crescendo.example", key)
    ticket = client.submit("acts.parquet")
    for line in client.refusals(ticket["submission"]):
        print(line["reference"], line["code"], line["action"])

Failed requests are sent again. That is safe: the same file is one submission and the same reference one act,
however often they are sent. Results are the JSON documents that ``/docs`` of the service describes.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from core.errors import CrescendoError, EnvelopeMismatch, InputError
from ingest.sidecars import find_assignment_file
from service.client.file_headers import format_disposition
from service.client.http_service import (
    HttpService,
    Refused,
    ServiceRequest,
    ServiceResponse,
)
from service.client.manifest import HASH_HEADER, EnvelopeValues, merge_manifest, to_headers
from service.client.result_files import ResultFolder, ResultsMissing
from service.client.retries import RetryLater, Unreachable

__all__ = ("Client", "FileShortened", "Progress", "Refused", "ResultsMissing", "Unreachable")

Progress = Callable[[str, int, int], None]
"""Called with the stage, the amount done and the total: ``hashing`` and ``sending`` count bytes, ``deciding`` counts
lines; ``validating``, which the service does before it answers, has no figures."""

WHOLE_BYTES_MAX = 4 * 2**20
"""A file up to this size is sent in one request: sending it again after a broken connection costs little."""
WAIT_SECONDS = 10
_PIECE_BYTES = 2**20
_UNDECIDED_STATES = frozenset({"waiting", "deciding"})
_CONCURRENT_UPLOAD_CODES = frozenset({"offset-differs", "not-found"})
"""Another connection sends the same file: ask again how much of it has arrived."""
_CAPITALS = re.compile("(?<!^)(?=[A-Z])")
_NOTHING: Mapping[str, str | bool] = {}


class FileShortened(CrescendoError):
    """A file that became shorter while it was sent."""


def _ignore_progress(_stage: str, _done: int, _total: int) -> None:
    """Ignore progress."""


class UploadSource(NamedTuple):
    """A file to send, with its headers and query parameters."""

    path: Path
    size: int
    headers: Mapping[str, str]
    query: list[str]


class Client:
    """A client of one service, with one API key."""

    def __init__(self, url: str, key: str, progress: Progress = _ignore_progress, **service: Any) -> None:
        """Set address and key. ``progress`` is called during an upload.

        ``service`` are further fields of ``HttpService``, such as ``language="fr"`` for French texts.
        """
        self._service, self._progress = HttpService(url, key, **service), progress

    def submit(
        self,
        file: str | Path,
        *,
        again: bool = False,
        envelope: EnvelopeValues = _NOTHING,
        wait: bool = True,
    ) -> dict[str, Any]:
        """Send a file and wait until it is decided; return its ticket, which contains the receipt.

        A large file is resumed where a broken connection, a restart or an earlier call left it. A payment file is
        sent together with the account assignment (imputation) file beside it. ``again`` processes a file again that
        was decided before. ``envelope`` states the totals of the file (``batch_id``, ``count``, ``control_sum``), and
        with ``"atomic": True`` that all acts are accepted or none; for keys that it lacks, ``FILE.manifest.json``
        beside the file counts. Without ``wait`` the ticket is returned at once and shows the progress so far.

        Raises
        ------
        Refused
            The file is refused whole, and nothing was changed; ``problem`` says why and what to do.
        Unreachable
            All attempts failed.
        """
        with _open_source(Path(file), envelope) as source:
            send = self._send_whole if source.size <= WHOLE_BYTES_MAX else self._send_in_pieces
            ticket = send(self._add_hash(source), ["again=true"] if again else [])
        return self._wait_for_decisions(Path(file).name, ticket) if wait else ticket

    def dry_run(self, file: str | Path, *, envelope: EnvelopeValues = _NOTHING) -> dict[str, Any]:
        """Return how a file would be decided now: totals, reasons and the first refused lines. Nothing is stored.

        Raises
        ------
        Refused
            The file would be refused whole, or is too large for a dry run.
        Unreachable
            All attempts failed.
        """
        with _open_source(Path(file), envelope) as source:
            return self._send_whole(self._add_hash(source), ["dry_run=true"])

    def _add_hash(self, source: UploadSource) -> UploadSource:
        """Add the hash of the file's bytes to the headers; a declared hash must be the same."""
        computed, declared = self._compute_hash(source.path, source.size), source.headers.get(HASH_HEADER, "")
        if declared and declared.lower() != computed:
            with _raise_refusals(source.path.name):
                finding = f"The envelope states SHA-256 {declared}, the file has {computed}"
                raise EnvelopeMismatch(
                    source.path.name, finding, "Send the file that the envelope belongs to"
                )
        return source._replace(headers={**source.headers, HASH_HEADER: computed})

    def receipt(self, submission: int, *, wait: int = 0) -> dict[str, Any]:
        """Return the ticket of a submission as soon as it is decided, after at most ``wait`` seconds."""
        request = ServiceRequest("GET", f"/v1/submissions/{submission}?wait={wait}")
        return self._service.send(f"submission {submission}", request).json()

    def refusals(self, submission: int, language: str = "") -> Iterator[dict[str, Any]]:
        """Return the refused lines of a submission in the order of the file; texts by default in the client's language."""
        path = f"/v1/submissions/{submission}/refusals?limit=1000"
        while path:
            request = ServiceRequest("GET", path, {"Accept-Language": language or self._service.language})
            response = self._service.send(f"submission {submission}", request).json()
            yield from response["refusals"]
            path = response["next"]

    def fetch_results(
        self, ticket: Mapping[str, Any], folder: str | Path, *, name: str = "", language: str = ""
    ) -> list[Path]:
        """Write the results of a submission into a folder that exists, and return their paths; the receipt is the last.

        They are ``NAME.SUBMISSION.refusals.csv``, ``NAME.SUBMISSION.pain002.xml`` of a payment file, and
        ``NAME.SUBMISSION.receipt.json``, with the ticket; ``name`` is that of the file that was sent. Texts are in
        ``language``, by default that of the client. A result that exists stays as it is.

        Raises
        ------
        ResultsMissing
            A result could not be fetched or written, a file with other content has its name, or the submission has not
            ended. Call it again: it does no harm.
        """
        result_folder = ResultFolder(Path(folder), self._service, language or self._service.language)
        return result_folder.store(ticket, name or ticket["receipt"]["file"])

    def decide(
        self, *lines: Mapping[str, Any], atomic: bool = False, dry_run: bool = False
    ) -> dict[str, Any]:
        """Have one form of one or several acts decided and committed. Dates and decimals may be Python objects.

        With ``atomic`` all acts of the form are accepted or none; with ``dry_run`` the form is decided and undone.

        Raises
        ------
        Refused
            The form cannot be read. A line that is refused for its content is part of the result instead.
        Unreachable
            All attempts failed. Send the form again: acts that were accepted are then answered ``DUPLICATE``.
        """
        body = json.dumps(lines, default=str).encode()
        flags = {"atomic=true": atomic, "dry_run=true": dry_run}
        path = f"/v1/acts?{'&'.join(flag for flag, is_set in flags.items() if is_set)}"
        request = ServiceRequest("POST", path, {"Content-Type": "application/json"}, lambda: body)
        return self._service.send("form", request).json()

    def _compute_hash(self, path: Path, size: int) -> str:
        digest, hashed_bytes = hashlib.sha256(), 0
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
                hashed_bytes += len(piece)
                self._progress("hashing", hashed_bytes, size)
        return digest.hexdigest()

    def _send_whole(self, source: UploadSource, query: list[str]) -> dict[str, Any]:
        path, size = source.path, source.size
        headers = {**source.headers, "Content-Length": str(size)}
        path_and_query = f"/v1/submissions?{'&'.join([*query, *source.query])}"
        request = ServiceRequest("POST", path_and_query, headers, lambda: self._read_pieces(path, 0, size))
        return self._service.send(path.name, request).json()

    def _send_in_pieces(self, source: UploadSource, query: list[str]) -> dict[str, Any]:
        """Ask how much of the file has arrived, and send the rest, until it is a submission."""
        path, size = source.path, source.size
        headers = {**source.headers, "Upload-Length": str(size), "Content-Length": "0"}
        start_request = ServiceRequest("POST", f"/v1/uploads?{'&'.join([*query, *source.query])}", headers)
        retries, confirmed_offset = self._service.start_retries(), 0
        while True:
            try:
                started = self._service.send_once(path.name, start_request)
                if started.status == HTTPStatus.SEE_OTHER:
                    return self.receipt(int(started.headers["Location"].rpartition("/")[2]))
                offset = int(started.headers["Upload-Offset"])
                if offset > confirmed_offset:
                    retries.reset()
                confirmed_offset = offset
                response = self._send_rest(path, offset, size, location=started.headers["Location"])
                if response.status != HTTPStatus.NO_CONTENT:
                    return response.json()
            except RetryLater as error:
                retries.wait(error)

    def _send_rest(self, path: Path, offset: int, size: int, *, location: str) -> ServiceResponse:
        headers = {"Upload-Offset": str(offset), "Content-Length": str(size - offset)}
        request = ServiceRequest("PATCH", location, headers, lambda: self._read_pieces(path, offset, size))
        try:
            return self._service.send_once(path.name, request)
        except Refused as error:
            if error.problem.get("code") not in _CONCURRENT_UPLOAD_CODES:
                raise
            raise RetryLater(str(error), 1) from error

    def _read_pieces(self, path: Path, offset: int, size: int) -> Iterator[bytes]:
        self._progress("sending", offset, size)
        with path.open("rb") as file:
            file.seek(offset)
            while offset < size:
                piece = file.read(min(_PIECE_BYTES, size - offset))
                if not piece:
                    raise FileShortened(f"{path.name} became shorter while it was sent: send it again")
                yield piece
                offset += len(piece)
                self._progress("sending", offset, size)
        self._progress("validating", 0, 0)

    def _wait_for_decisions(self, name: str, ticket: dict[str, Any]) -> dict[str, Any]:
        while ticket["state"] in _UNDECIDED_STATES:
            self._progress("deciding", _count_decided_lines(ticket["receipt"]), ticket["receipt"]["lines"])
            request = ServiceRequest("GET", f"{ticket['links']['self']}?wait={WAIT_SECONDS}")
            ticket = self._service.send(name, request).json()
        return ticket


@contextmanager
def _open_source(path: Path, envelope: EnvelopeValues) -> Iterator[UploadSource]:
    """Open a file for sending: packed with the account assignment file beside it, if any, and with its envelope."""
    with ExitStack() as stack:
        with _raise_refusals(path.name):
            values, content = merge_manifest(path, envelope), path
            if find_assignment_file(path) is not None:
                from ingest.pain001.archive import pack_with_assignments

                content = stack.enter_context(pack_with_assignments(path))
            content.open("rb").close()  # a folder or a file without permission is refused here
            size = content.stat().st_size
        request_headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": format_disposition(path.name),
            **to_headers(values),
        }
        query = ["atomic=true"] if values.get("atomic") else []
        yield UploadSource(content, size, request_headers, query)


@contextmanager
def _raise_refusals(name: str) -> Iterator[None]:
    """Raise input errors of the body as the refusal that the service would answer, and files that cannot be read."""
    try:
        yield
    except OSError as error:
        finding = f"The file cannot be read: {error.strerror}"
        details = {"where": name, "found": finding, "remedy": "Name a file that can be read"}
        raise Refused(name, {"code": "file-unreadable", "detail": finding, **details}) from error
    except InputError as error:
        code = _CAPITALS.sub("-", error.find_category().__name__).lower()
        details = {"where": error.place, "found": error.finding, "remedy": error.remedy}
        raise Refused(name, {"code": code, "detail": str(error), **details}) from error


def _count_decided_lines(receipt: Mapping[str, Any]) -> int:
    return sum(receipt[name]["lines"] for name in ("accepted", "duplicate", "refused", "suspended"))
