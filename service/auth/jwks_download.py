"""Fetching a key set: from a file, or over HTTPS from the address that the operator gave, never from one in a token."""

import http.client
import ssl
import time
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import CrescendoError
from service.configuration.settings import UsageError

BYTES_MAX = 2**20
_TIMEOUT_SECONDS = 5
_PIECE_BYTES = 2**16


class KeySetUnavailable(CrescendoError):
    """No key set could be read."""


def check_source(source: str) -> str:
    """Return a source of keys: an ``https`` address, or the absolute path of a file.

    Raises
    ------
    UsageError
        The text is neither.
    """
    if "://" not in source:
        file = Path(source).resolve()
        if not file.is_file():
            raise UsageError(f"there is no file {file}: give --jwks a file or an https address")
        return str(file)
    if not _is_https_address(source):
        raise UsageError(f"{source!r} is not an https address: write it as in https://issuer.example/keys")
    return source


def _is_https_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme == "https" and bool(parts.hostname) and (parts.port or 443) > 0
    except ValueError:
        return False
    return is_whole and not (parts.username or parts.fragment) and text.isascii() and text.isprintable()


def fetch_key_set(source: str) -> bytes:
    """Return the text of a key set, without following redirects.

    Raises
    ------
    KeySetUnavailable
        The source cannot be read, is too slow, or is too large.
    """
    try:
        text = _download(source) if "://" in source else _read_file(Path(source))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise KeySetUnavailable(str(error) or type(error).__name__) from error
    if len(text) > BYTES_MAX:
        raise KeySetUnavailable(f"the key set has more than {BYTES_MAX:,} bytes")
    return text


def _read_file(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(BYTES_MAX + 1)


def _download(address: str) -> bytes:
    parts, end = urlsplit(address), time.monotonic() + _TIMEOUT_SECONDS
    connection = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS, context=ssl.create_default_context()
    )
    try:
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        connection.request("GET", target, headers={"Accept": "application/jwk-set+json, application/json"})
        response, content = connection.getresponse(), bytearray()
        if response.status != HTTPStatus.OK:
            raise ValueError(f"the response has status {response.status}")
        while len(content) <= BYTES_MAX and (piece := response.read1(_PIECE_BYTES)):
            content += piece
            if time.monotonic() > end:
                raise TimeoutError(f"the response is incomplete after {_TIMEOUT_SECONDS} seconds")
        return bytes(content)
    finally:
        connection.close()
