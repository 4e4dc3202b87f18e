"""An issuer's server on this machine: HTTPS, its keys, and how often it was asked."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.service.http.certificates import Pair


class IssuerServer(ThreadingHTTPServer):
    """Answers with ``answer``; one that has ``elsewhere`` sends everybody on to there."""

    daemon_threads = True

    def __init__(self, pair: Pair, answer: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer, self.elsewhere, self.asked = answer, "", 0
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair.words)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server_address[1]}/keys"

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that does not like our certificate is no matter of ours."""


class _Handler(BaseHTTPRequestHandler):
    server: IssuerServer  # type: ignore[assignment]

    def do_GET(self) -> None:
        self.server.asked += 1
        if self.server.elsewhere:
            self.send_response(302)
            self.send_header("location", self.server.elsewhere)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("content-length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the library
        """Nothing."""


@contextmanager
def issuing(pair: Pair, answer: bytes) -> Iterator[IssuerServer]:
    server = IssuerServer(pair, answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
