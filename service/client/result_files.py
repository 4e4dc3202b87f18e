"""The results of submissions as files in a folder; each appears under its name complete, or not at all."""

import filecmp
import glob
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO, NamedTuple

from core.durability import flush_path
from core.errors import CrescendoError
from ingest.result_names import (
    PAIN002_SUFFIX,
    PROBLEM_SUFFIX,
    RECEIPT_SUFFIX,
    REFUSALS_SUFFIX,
    to_safe_name,
)
from service.client.http_service import HttpService, ServiceRequest
from service.client.retries import Unreachable

WriteResult = Callable[[BinaryIO], object]
"""Writes the content of a result to a file."""

_END_STATES = frozenset({"decided", "cancelled"})
_PAYMENT_FORMAT = "pain.001"
_DIGEST_LETTERS = 12


class ResultFault(CrescendoError):
    """A result that could not be written, or a file with other content that has its name."""


class ResultsMissing(CrescendoError):
    """Results that are not in the folder, because one of them could not be fetched or written."""

    def __init__(self, finding: str, names: list[str], *, cause: str, is_unreachable: bool) -> None:
        super().__init__(f"{finding}: {', '.join(names)}. {cause}")
        self.names, self.is_unreachable = names, is_unreachable


class ResultFile(NamedTuple):
    """The name of a result and what writes its content."""

    name: str
    write: WriteResult


class ResultFolder(NamedTuple):
    """The folder into which results are written, and the service from which they come."""

    path: Path
    service: HttpService
    language: str

    def store(self, ticket: Mapping[str, Any], name: str) -> list[Path]:
        """Write the results of a submission that has ended, and return their paths; the receipt is the last.

        Raises
        ------
        ResultsMissing
            One could not be fetched or written; it and those after it are missing.
        """
        files = self._list_files(ticket, name)
        for position, file in enumerate(files):
            try:
                _check_end(ticket)
                store_result(self.path / file.name, file.write)
            except CrescendoError as error:
                raise ResultsMissing(
                    f"{name}: these results of submission {ticket['submission']} are missing in {self.path}",
                    [missing.name for missing in files[position:]],
                    cause=str(error),
                    is_unreachable=isinstance(error, Unreachable),
                ) from error
        return [self.path / file.name for file in files]

    def _list_files(self, ticket: Mapping[str, Any], name: str) -> list[ResultFile]:
        stem, links = f"{to_safe_name(name)}.{ticket['submission']}", ticket["links"]
        files = [ResultFile(f"{stem}{REFUSALS_SUFFIX}", self._plan_download(links["refusals"], "text/csv"))]
        if ticket["receipt"]["format"].startswith(_PAYMENT_FORMAT):
            download = self._plan_download(links["pain002"], "application/xml")
            files.append(ResultFile(f"{stem}{PAIN002_SUFFIX}", download))
        return [
            *files,
            ResultFile(f"{stem}{RECEIPT_SUFFIX}", lambda target: target.write(self._encode_receipt(ticket))),
        ]

    def _encode_receipt(self, ticket: Mapping[str, Any]) -> bytes:
        """Encode the ticket; where its texts may be in another language, load it again."""
        if self.language == self.service.language:
            return _encode(ticket)
        path = ticket["links"]["self"]
        request = ServiceRequest("GET", path, {"Accept-Language": self.language})
        return _encode(self.service.send(path, request).json())

    def _plan_download(self, path: str, media_type: str) -> WriteResult:
        request = ServiceRequest("GET", path, {"Accept": media_type, "Accept-Language": self.language})
        return lambda target: self.service.download(path, request, target)


def store_problem(folder: Path, name: str, problem: Mapping[str, Any]) -> Path:
    """Write why a file was refused whole; a hash in the name keeps different problems apart.

    Raises
    ------
    ResultFault
        It could not be written.
    """
    content = _encode(problem)
    digest = hashlib.sha256(content).hexdigest()[:_DIGEST_LETTERS]
    path = folder / f"{to_safe_name(name)}.{digest}{PROBLEM_SUFFIX}"
    store_result(path, lambda target: target.write(content))
    return path


def remove_problems(folder: Path, file: Path) -> None:
    """Remove the problems of earlier attempts with a file that the service has accepted.

    A problem names its file: those of a file of the same name in another folder stay.
    """
    for path in folder.glob(f"{glob.escape(to_safe_name(file.name))}.*{PROBLEM_SUFFIX}"):
        with suppress(OSError, ValueError, AttributeError):
            if json.loads(path.read_bytes()).get("file") == str(file):
                path.unlink()


def store_result(path: Path, write: WriteResult) -> None:
    """Write a file durably and give it its name at the end; an equal file of that name stays as it is.

    Raises
    ------
    ResultFault
        The file could not be written, or there is a file of that name with other content.
    """
    unfinished = path.with_name(f".{path.name}.{token_hex(4)}.part")
    try:
        _write_durably(unfinished, write)
        if not os.path.lexists(path):
            unfinished.rename(path)
            flush_path(path.parent)
        elif not filecmp.cmp(unfinished, path, shallow=False):
            raise ResultFault(
                f"{path} exists with other content, and stays as it is: move it away, or name another folder"
            )
    except OSError as error:
        raise ResultFault(f"{path} could not be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _write_durably(path: Path, write: WriteResult) -> None:
    with path.open("xb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())


def _check_end(ticket: Mapping[str, Any]) -> None:
    if ticket["state"] not in _END_STATES:
        cause = ticket["lost"] or f"it is {ticket['state']}"
        raise CrescendoError(f"The submission has no final results: {cause}")


def _encode(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
