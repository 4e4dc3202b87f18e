"""The page at ``/closing``: the board of the closing of a year, from static files and ``/v1/closing``."""

from collections.abc import Mapping
from importlib.resources import files

from service.http.handlers.static_page import build_file_response
from service.http.http_messages import Request, Response
from service.http.openapi.operation import Operation
from service.http.route import Route

FILES: Mapping[str, str] = {
    "/closing": "board.html",
    "/closing/board.css": "board.css",
    "/closing/board.js": "board.js",
}
"""File name by path."""


class ClosingPageHandler:
    """Handles the files of the board; they are read once."""

    def __init__(self) -> None:
        folder = files("monitoring").joinpath("closing_board")
        self._responses = {
            path: build_file_response(name, folder.joinpath(name).read_bytes())
            for path, name in FILES.items()
        }

    async def get_file(self, request: Request) -> Response:
        """Respond with the file of the path."""
        return self._responses[request.route]


ROUTES = tuple(
    Route(
        "GET",
        path,
        ClosingPageHandler.get_file,
        Operation("A file of the board of a closing", {"200": "A file"}),
        is_open=True,
        is_page=True,
    )
    for path in FILES
)
