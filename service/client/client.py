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
from ingest.sidecars import imputation_beside
from service.client.http_service import Call, Later, Patience, Refused, Reply, Service, Unreachable
from service.client.manifest import HASH, Said, headers, said

__all__ = ("Changed", "Client", "Progress", "Refused", "Unreachable")

Progress = Callable[[str, int, int], None]
"""Called with what is done, how much of it, and of how much: ``hashing`` and ``sending`` in bytes, ``deciding`` in
lines; ``proving``, which the service does before it answers, says no figures."""

WHOLE_BYTES_MAX = 4 * 2**20
"""A file up to this size is sent in one request: what a cut can cost is not worth a second one."""
WAIT_SECONDS = 10
_PIECE_BYTES = 2**20
_UNDER_WAY = frozenset({"waiting", "deciding"})
_CROSSED = frozenset({"offset-differs", "not-found"})
"""Somebody else sends the same file: ask anew how far it is."""
_CAPITALS = re.compile("(?<!^)(?=[A-Z])")
_NOTHING: Mapping[str, str | bool] = {}


class Changed(CrescendoError):
    """A file that became shorter while it was sent."""


def _see_nothing(_stage: str, _done: int, _total: int) -> None:
    """Nobody looks on."""


class Parcel(NamedTuple):
    """A file as it is sent."""

    path: Path
    size: int
    headers: Mapping[str, str]
    query: list[str]
    """What is asked for it beside that."""


class Client:
    """One service, and the key to it."""

    def __init__(self, url: str, key: str, told: Progress = _see_nothing, **patience: Any) -> None:
        """``told`` hears of progress; ``patience`` are ``attempts``, ``pause`` and ``noted`` of ``Service``."""
        self._service, self._told = Service(url, key, **patience), told

    def submit(
        self,
        file: str | Path,
        *,
        again: bool = False,
        envelope: Said = _NOTHING,
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
        with _parcelled(Path(file), envelope) as parcel:
            send = self._whole if parcel.size <= WHOLE_BYTES_MAX else self._in_pieces
            ticket = send(self._sealed(parcel), ["again=true"] if again else [])
        return self._awaited(Path(file).name, ticket) if wait else ticket

    def dry_run(self, file: str | Path, *, envelope: Said = _NOTHING) -> dict[str, Any]:
        """What would become of a file, were it decided now: its sums, reasons and first refused lines; nothing is stored.

        Raises
        ------
        Refused
            It would be refused whole, or is too large to be tried.
        Unreachable
            No answer, attempt after attempt.
        """
        with _parcelled(Path(file), envelope) as parcel:
            return self._whole(self._sealed(parcel), ["dry_run=true"])

    def _sealed(self, parcel: Parcel) -> Parcel:
        """With the hash of its bytes, which must be the one that was said, if one was."""
        found, stated = self._hash(parcel.path, parcel.size), parcel.headers.get(HASH, "")
        if stated and stated.lower() != found:
            with _refusing(parcel.path.name):
                told = f"The envelope states SHA-256 {stated}, the file has {found}"
                raise EnvelopeMismatch(parcel.path.name, told, "Send the file that the envelope belongs to")
        return parcel._replace(headers={**parcel.headers, HASH: found})

    def receipt(self, submission: int, *, wait: int = 0) -> dict[str, Any]:
        """How far a submission is: its ticket, after at most ``wait`` seconds, or as soon as it is decided."""
        call = Call("GET", f"/v1/submissions/{submission}?wait={wait}")
        return self._service.insist(f"submission {submission}", call).json()

    def refusals(self, submission: int, language: str = "en") -> Iterator[dict[str, Any]]:
        """The refused lines of a submission, in the order of the file; ``fr`` for French."""
        page = f"/v1/submissions/{submission}/refusals?limit=1000"
        while page:
            call = Call("GET", page, {"Accept-Language": language})
            found = self._service.insist(f"submission {submission}", call).json()
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
        call = Call("POST", "/v1/acts", {"Content-Type": "application/json"}, lambda: body)
        return self._service.insist("form", call).json()

    def _hash(self, path: Path, size: int) -> str:
        digest, done = hashlib.sha256(), 0
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
                done += len(piece)
                self._told("hashing", done, size)
        return digest.hexdigest()

    def _whole(self, parcel: Parcel, query: list[str]) -> dict[str, Any]:
        path, size = parcel.path, parcel.size
        about = {**parcel.headers, "Content-Length": str(size)}
        place = f"/v1/submissions?{'&'.join([*query, *parcel.query])}"
        call = Call("POST", place, about, lambda: self._pieces(path, 0, size))
        return self._service.insist(path.name, call).json()

    def _in_pieces(self, parcel: Parcel, query: list[str]) -> dict[str, Any]:
        """Ask how far it is, and send what is missing, until it is a submission."""
        path, size = parcel.path, parcel.size
        about = {**parcel.headers, "Upload-Length": str(size), "Content-Length": "0"}
        begin = Call("POST", f"/v1/uploads?{'&'.join([*query, *parcel.query])}", about)
        patience, there = Patience(self._service), 0
        while True:
            try:
                begun = self._service.once(path.name, begin)
                if begun.status == HTTPStatus.SEE_OTHER:
                    return self.receipt(int(begun.headers["Location"].rpartition("/")[2]))
                offset = int(begun.headers["Upload-Offset"])
                if offset > there:
                    patience.progressed()
                there = offset
                found = self._add(path, offset, size, begun.headers["Location"])
                if found.status != HTTPStatus.NO_CONTENT:
                    return found.json()
            except Later as later:
                patience.wait(later)

    def _add(self, path: Path, offset: int, size: int, here: str) -> Reply:
        headers = {"Upload-Offset": str(offset), "Content-Length": str(size - offset)}
        call = Call("PATCH", here, headers, lambda: self._pieces(path, offset, size))
        try:
            return self._service.once(path.name, call)
        except Refused as refused:
            if refused.problem.get("code") not in _CROSSED:
                raise
            raise Later(str(refused), 1) from refused

    def _pieces(self, path: Path, offset: int, size: int) -> Iterator[bytes]:
        self._told("sending", offset, size)
        with path.open("rb") as file:
            file.seek(offset)
            while offset < size:
                piece = file.read(min(_PIECE_BYTES, size - offset))
                if not piece:
                    raise Changed(f"{path.name} became shorter while it was sent: send it again")
                yield piece
                offset += len(piece)
                self._told("sending", offset, size)
        self._told("proving", 0, 0)

    def _awaited(self, name: str, ticket: dict[str, Any]) -> dict[str, Any]:
        while ticket["state"] in _UNDER_WAY:
            self._told("deciding", _decided(ticket["receipt"]), ticket["receipt"]["lines"])
            call = Call("GET", f"{ticket['links']['self']}?wait={WAIT_SECONDS}")
            ticket = self._service.insist(name, call).json()
        return ticket


@contextmanager
def _parcelled(path: Path, envelope: Said) -> Iterator[Parcel]:
    """A file, together with the imputation file beside it, and what is said of it."""
    with ExitStack() as held:
        with _refusing(path.name):
            told, whole = said(path, envelope), path
            if imputation_beside(path) is not None:
                from ingest.pain001.archive import packed

                whole = held.enter_context(packed(path))
        about = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{_plain(path.name)}"',
            **headers(told),
        }
        yield Parcel(whole, whole.stat().st_size, about, ["atomic=true"] if told.get("atomic") else [])


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """What is wrong already here is refused as the service would refuse it."""
    try:
        yield
    except InputError as error:
        code = _CAPITALS.sub("-", type(error).__name__).lower()
        about = {"where": error.place, "found": error.found, "remedy": error.remedy}
        raise Refused(name, {"code": code, "detail": str(error), **about}) from error


def _decided(receipt: Mapping[str, Any]) -> int:
    return sum(receipt[name]["lines"] for name in ("accepted", "duplicate", "refused", "suspended"))


def _plain(name: str) -> str:
    """A name that may stand in a header: only its end says anything to the service."""
    return "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '";\\' else "_"
        for letter in name
    )
