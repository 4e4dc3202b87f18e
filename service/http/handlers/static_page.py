"""The live page at ``/``: files of this package as they are, with nothing from outside and nothing that is built."""

from collections.abc import Mapping
from http import HTTPStatus
from importlib.resources import files

import msgspec

from core.remedies import REMEDIES
from service.http.http_messages import Request, Response
from service.http.router import Handler
from service.http.service_context import ServiceContext

_POLICY_HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
_MEDIA_TYPES: Mapping[str, str] = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "json": "application/json",
}
_FOLDER = "/live/"
_FILE_NAMES = (
    *("live.css", "live.svg", "live.js", "words.js", "format.js", "elements.js"),
    *("stream.js", "panels.js", "details.js"),
)
FILES: Mapping[str, str] = {"/": "live.html", **{f"{_FOLDER}{name}": name for name in _FILE_NAMES}}
"""The file behind each path."""
REASONS, PROGRAMMES = f"{_FOLDER}reasons.json", f"{_FOLDER}programmes.json"
PATHS = (*FILES, REASONS, PROGRAMMES)


class LivePageHandler:
    """The handlers; what they answer is read once."""

    def __init__(self, desk: ServiceContext) -> None:
        self._desk = desk

    def build_handlers(self) -> dict[tuple[str, str], Handler]:
        """One for each path."""
        folder = files("monitoring").joinpath("dashboard")
        read = {path: (name, folder.joinpath(name).read_bytes()) for path, name in FILES.items()}
        read[REASONS] = ("reasons.json", _encode_reasons())
        always = {
            ("GET", path): _build_static_handler(name, content) for path, (name, content) in read.items()
        }
        return {**always, ("GET", PROGRAMMES): self.get_programmes}

    async def get_programmes(self, _: Request) -> Response:
        """What programmes are called."""
        labels = {code: each.label for code, each in self._desk.codes.programmes.items()}
        return Response(HTTPStatus.OK, msgspec.json.encode(labels), headers=_POLICY_HEADERS)


def _build_static_handler(name: str, content: bytes) -> Handler:
    found = Response(HTTPStatus.OK, content, _MEDIA_TYPES[name.rpartition(".")[2]], _POLICY_HEADERS)

    async def handler(_: Request) -> Response:
        return found

    return handler


def _encode_reasons() -> bytes:
    """What each code of a refusal means, in both languages."""
    said = {
        code.name: {"en": (each.finding, each.action), "fr": (each.finding_fr, each.action_fr)}
        for code, each in REMEDIES.items()
    }
    return msgspec.json.encode(said)
