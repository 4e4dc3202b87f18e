"""An HTTPS server that publishes the keys of an issuer and counts its requests."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.service.http.certificates import CertificatePair


class IssuerServer(ThreadingHTTPServer):
    """Responds with ``body``, or with a redirect if ``redirect`` is set."""

    daemon_threads = True

    def __init__(self, pair: CertificatePair, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.body, self.redirect, self.request_count = body, "", 0
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair.paths)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server_address[1]}/keys"

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that refuse the certificate."""


class _Handler(BaseHTTPRequestHandler):
    server: IssuerServer  # type: ignore[assignment]

    def do_GET(self) -> None:
        self.server.request_count += 1
        if self.server.redirect:
            self.send_response(302)
            self.send_header("location", self.server.redirect)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("content-length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- named by the library
        """Log nothing."""


@contextmanager
def run_issuer(pair: CertificatePair, answer: bytes) -> Iterator[IssuerServer]:
    server = IssuerServer(pair, answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
