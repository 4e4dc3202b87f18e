"""A key set fetched from a file, or over HTTPS from the one address that the operator gave: never from one in a token."""

import http.client
import ssl
import time
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import CrescendoError
from service.settings import Misuse

BYTES_MAX = 2**20
_SECONDS = 5
_PIECE_BYTES = 2**16


class Silent(CrescendoError):
    """No key set came."""


def checked(source: str) -> str:
    """A source that can be fetched from: an ``https`` address, or a file by its whole path.

    Raises
    ------
    Misuse
        It is neither.
    """
    if "://" not in source:
        file = Path(source).resolve()
        if not file.is_file():
            raise Misuse(f"there is no file {file}: --jwks names a file or an https address")
        return str(file)
    if not _is_address(source):
        raise Misuse(f"{source!r} is no https address, as in https://issuer.example/keys")
    return source


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme == "https" and bool(parts.hostname) and (parts.port or 443) > 0
    except ValueError:
        return False
    return is_whole and not (parts.username or parts.fragment) and text.isascii() and text.isprintable()


def fetched(source: str) -> bytes:
    """The text of a key set; redirects are not followed, and a slow or endless answer is given up.

    Raises
    ------
    Silent
        Nothing came, or not in time, or too much.
    """
    try:
        text = _downloaded(source) if "://" in source else _read(Path(source))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Silent(str(error) or type(error).__name__) from error
    if len(text) > BYTES_MAX:
        raise Silent(f"over {BYTES_MAX:,} bytes")
    return text


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(BYTES_MAX + 1)


def _downloaded(address: str) -> bytes:
    parts, end = urlsplit(address), time.monotonic() + _SECONDS
    connection = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=_SECONDS, context=ssl.create_default_context()
    )
    try:
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        connection.request("GET", target, headers={"Accept": "application/jwk-set+json, application/json"})
        answer, found = connection.getresponse(), bytearray()
        if answer.status != HTTPStatus.OK:
            raise ValueError(f"the answer is {answer.status}")
        while len(found) <= BYTES_MAX and (piece := answer.read1(_PIECE_BYTES)):
            found += piece
            if time.monotonic() > end:
                raise TimeoutError(f"not whole after {_SECONDS} seconds")
        return bytes(found)
    finally:
        connection.close()
