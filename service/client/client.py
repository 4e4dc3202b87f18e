"""A ministry system's way to a running service.

In a few lines::

    client = Client("https://crescendo.example", key)
    ticket = client.submit("acts.parquet")
    for line in client.refusals(ticket["submission"]):
        print(line["reference"], line["code"], line["action"])

Whatever breaks on the way is tried again: the same file is one submission and the same reference one act, however
often they are sent.  Answers are the JSON that ``/docs`` of the service describes.
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
from service.client.http_service import (
    HttpService,
    Refused,
    Retries,
    RetryLater,
    ServiceRequest,
    ServiceResponse,
    Unreachable,
)
from service.client.manifest import HASH_HEADER, EnvelopeValues, merge_manifest, to_headers

__all__ = ("Client", "FileShortened", "Progress", "Refused", "Unreachable")

Progress = Callable[[str, int, int], None]
"""Called with what is done, how much of it, and of how much: ``hashing`` and ``sending`` in bytes, ``deciding`` in
lines; ``proving``, which the service does before it answers, says no figures."""

WHOLE_BYTES_MAX = 4 * 2**20
"""A file up to this size is sent in one request: what a cut can cost is not worth a second one."""
WAIT_SECONDS = 10
_PIECE_BYTES = 2**20
_UNDECIDED_STATES = frozenset({"waiting", "deciding"})
_CONCURRENT_UPLOAD_CODES = frozenset({"offset-differs", "not-found"})
"""Somebody else sends the same file: ask anew how far it is."""
_CAPITALS = re.compile("(?<!^)(?=[A-Z])")
_NOTHING: Mapping[str, str | bool] = {}


class FileShortened(CrescendoError):
    """A file that became shorter while it was sent."""


def _ignore_progress(_stage: str, _done: int, _total: int) -> None:
    """Nobody looks on."""


class UploadSource(NamedTuple):
    """A file as it is sent."""

    path: Path
    size: int
    headers: Mapping[str, str]
    query: list[str]
    """What is asked for it beside that."""


class Client:
    """One service, and the key to it."""

    def __init__(self, url: str, key: str, progress: Progress = _ignore_progress, **patience: Any) -> None:
        """``told`` hears of progress; ``patience`` are ``attempts``, ``pause`` and ``noted`` of ``Service``."""
        self._service, self._progress = HttpService(url, key, **patience), progress

    def submit(
        self,
        file: str | Path,
        *,
        again: bool = False,
        envelope: EnvelopeValues = _NOTHING,
        wait: bool = True,
    ) -> dict[str, Any]:
        """Send a file and wait until it is decided; its ticket, with the receipt.

        A large file goes on where a cut, a restart or an earlier call of this left it; a payment file goes together
        with the imputation file beside it.  ``again`` presents a file anew that was decided before.  ``envelope``
        says what the file must add up to, ``batch_id``, ``count``, ``control_sum``, and with ``"atomic": True`` that
        all acts are accepted or none; where it says nothing, ``FILE.manifest.json`` beside the file does.  Without
        ``wait`` the ticket says how far it is.

        Raises
        ------
        Refused
            The file is refused whole, and nothing was changed; ``problem`` says why and what to do.
        Unreachable
            No answer, attempt after attempt.
        """
        with _open_source(Path(file), envelope) as parcel:
            send = self._send_whole if parcel.size <= WHOLE_BYTES_MAX else self._send_in_pieces
            ticket = send(self._add_hash(parcel), ["again=true"] if again else [])
        return self._wait_until_decided(Path(file).name, ticket) if wait else ticket

    def dry_run(self, file: str | Path, *, envelope: EnvelopeValues = _NOTHING) -> dict[str, Any]:
        """What would become of a file, were it decided now: its sums, reasons and first refused lines; nothing is stored.

        Raises
        ------
        Refused
            It would be refused whole, or is too large to be tried.
        Unreachable
            No answer, attempt after attempt.
        """
        with _open_source(Path(file), envelope) as parcel:
            return self._send_whole(self._add_hash(parcel), ["dry_run=true"])

    def _add_hash(self, source: UploadSource) -> UploadSource:
        """With the hash of its bytes, which must be the one that was said, if one was."""
        found, stated = self._compute_hash(source.path, source.size), source.headers.get(HASH_HEADER, "")
        if stated and stated.lower() != found:
            with _raise_refused(source.path.name):
                told = f"The envelope states SHA-256 {stated}, the file has {found}"
                raise EnvelopeMismatch(source.path.name, told, "Send the file that the envelope belongs to")
        return source._replace(headers={**source.headers, HASH_HEADER: found})

    def receipt(self, submission: int, *, wait: int = 0) -> dict[str, Any]:
        """How far a submission is: its ticket, after at most ``wait`` seconds, or as soon as it is decided."""
        call = ServiceRequest("GET", f"/v1/submissions/{submission}?wait={wait}")
        return self._service.send(f"submission {submission}", call).json()

    def refusals(self, submission: int, language: str = "en") -> Iterator[dict[str, Any]]:
        """The refused lines of a submission, in the order of the file; ``fr`` for French."""
        page = f"/v1/submissions/{submission}/refusals?limit=1000"
        while page:
            call = ServiceRequest("GET", page, {"Accept-Language": language})
            found = self._service.send(f"submission {submission}", call).json()
            yield from found["refusals"]
            page = found["next"]

    def decide(self, *lines: Mapping[str, Any]) -> dict[str, Any]:
        """Have one form decided, an act or a few, and committed: dates and decimals may be Python's own.

        Raises
        ------
        Refused
            The form does not read; a line that is refused for its content is in the answer.
        Unreachable
            No answer: send it again, what was accepted then answers ``DUPLICATE``.
        """
        body = json.dumps(lines, default=str).encode()
        call = ServiceRequest("POST", "/v1/acts", {"Content-Type": "application/json"}, lambda: body)
        return self._service.send("form", call).json()

    def _compute_hash(self, path: Path, size: int) -> str:
        digest, done = hashlib.sha256(), 0
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
                done += len(piece)
                self._progress("hashing", done, size)
        return digest.hexdigest()

    def _send_whole(self, source: UploadSource, query: list[str]) -> dict[str, Any]:
        path, size = source.path, source.size
        about = {**source.headers, "Content-Length": str(size)}
        place = f"/v1/submissions?{'&'.join([*query, *source.query])}"
        call = ServiceRequest("POST", place, about, lambda: self._read_pieces(path, 0, size))
        return self._service.send(path.name, call).json()

    def _send_in_pieces(self, source: UploadSource, query: list[str]) -> dict[str, Any]:
        """Ask how far it is, and send what is missing, until it is a submission."""
        path, size = source.path, source.size
        about = {**source.headers, "Upload-Length": str(size), "Content-Length": "0"}
        begin = ServiceRequest("POST", f"/v1/uploads?{'&'.join([*query, *source.query])}", about)
        patience, there = Retries(self._service), 0
        while True:
            try:
                begun = self._service.send_once(path.name, begin)
                if begun.status == HTTPStatus.SEE_OTHER:
                    return self.receipt(int(begun.headers["Location"].rpartition("/")[2]))
                offset = int(begun.headers["Upload-Offset"])
                if offset > there:
                    patience.reset()
                there = offset
                found = self._send_rest(path, offset, size, begun.headers["Location"])
                if found.status != HTTPStatus.NO_CONTENT:
                    return found.json()
            except RetryLater as later:
                patience.wait(later)

    def _send_rest(self, path: Path, offset: int, size: int, location: str) -> ServiceResponse:
        headers = {"Upload-Offset": str(offset), "Content-Length": str(size - offset)}
        call = ServiceRequest("PATCH", location, headers, lambda: self._read_pieces(path, offset, size))
        try:
            return self._service.send_once(path.name, call)
        except Refused as refused:
            if refused.problem.get("code") not in _CONCURRENT_UPLOAD_CODES:
                raise
            raise RetryLater(str(refused), 1) from refused

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
        self._progress("proving", 0, 0)

    def _wait_until_decided(self, name: str, ticket: dict[str, Any]) -> dict[str, Any]:
        while ticket["state"] in _UNDECIDED_STATES:
            self._progress("deciding", _count_decided(ticket["receipt"]), ticket["receipt"]["lines"])
            call = ServiceRequest("GET", f"{ticket['links']['self']}?wait={WAIT_SECONDS}")
            ticket = self._service.send(name, call).json()
        return ticket


@contextmanager
def _open_source(path: Path, envelope: EnvelopeValues) -> Iterator[UploadSource]:
    """A file, together with the imputation file beside it, and what is said of it."""
    with ExitStack() as held:
        with _raise_refused(path.name):
            told, whole = merge_manifest(path, envelope), path
            if find_assignment_file(path) is not None:
                from ingest.pain001.archive import pack_with_assignments

                whole = held.enter_context(pack_with_assignments(path))
        about = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{_escape_name(path.name)}"',
            **to_headers(told),
        }
        yield UploadSource(whole, whole.stat().st_size, about, ["atomic=true"] if told.get("atomic") else [])


@contextmanager
def _raise_refused(name: str) -> Iterator[None]:
    """What is wrong already here is refused as the service would refuse it."""
    try:
        yield
    except InputError as error:
        code = _CAPITALS.sub("-", type(error).__name__).lower()
        about = {"where": error.place, "found": error.finding, "remedy": error.remedy}
        raise Refused(name, {"code": code, "detail": str(error), **about}) from error


def _count_decided(receipt: Mapping[str, Any]) -> int:
    return sum(receipt[name]["lines"] for name in ("accepted", "duplicate", "refused", "suspended"))


def _escape_name(name: str) -> str:
    """A name that may stand in a header: only its end says anything to the service."""
    return "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '";\\' else "_"
        for letter in name
    )
