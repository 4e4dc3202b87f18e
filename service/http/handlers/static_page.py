"""The live page at ``/``: static files of this package, without a build step and without anything from other hosts."""

from collections.abc import Mapping
from http import HTTPStatus
from importlib.resources import files

import msgspec

from core.remedies import REMEDIES
from reporting.code_labels import CodeLabels
from service.http.http_messages import Request, Response
from service.http.openapi.operation import Operation
from service.http.route import Route

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
"""File name by path."""
REASONS, PROGRAMMES = f"{_FOLDER}reasons.json", f"{_FOLDER}programmes.json"


class LivePageHandler:
    """Handles the files of the live page; they are read once."""

    def __init__(self, labels: CodeLabels) -> None:
        self._labels = labels
        folder = files("monitoring").joinpath("dashboard")
        self._responses = {
            path: build_file_response(name, folder.joinpath(name).read_bytes())
            for path, name in FILES.items()
        }
        self._responses[REASONS] = build_file_response("reasons.json", _encode_reasons())

    async def get_file(self, request: Request) -> Response:
        """Respond with the file of the path."""
        return self._responses[request.route]

    async def get_programmes(self, _: Request) -> Response:
        """Respond with the label of each programme."""
        labels = {code: programme.label for code, programme in self._labels.programmes.items()}
        return Response(HTTPStatus.OK, msgspec.json.encode(labels), headers=_POLICY_HEADERS)


def build_file_response(name: str, content: bytes) -> Response:
    """Return the response with a file of a page, which runs only its own scripts."""
    return Response(HTTPStatus.OK, content, _MEDIA_TYPES[name.rpartition(".")[2]], _POLICY_HEADERS)


def _encode_reasons() -> bytes:
    """Encode what each refusal code means, in both languages."""
    reasons = {
        code.name: {"en": (remedy.finding, remedy.action), "fr": (remedy.finding_fr, remedy.action_fr)}
        for code, remedy in REMEDIES.items()
    }
    return msgspec.json.encode(reasons)


def _describe_file(path: str) -> Operation:
    return Operation("The live page" if path == "/" else "A file of the live page", {"200": "A file"})


ROUTES = (
    *(
        Route("GET", path, LivePageHandler.get_file, _describe_file(path), is_open=True, is_page=True)
        for path in (*FILES, REASONS)
    ),
    Route(
        "GET",
        PROGRAMMES,
        LivePageHandler.get_programmes,
        _describe_file(PROGRAMMES),
        is_open=True,
        is_page=True,
    ),
)
