"""The options of the service: its address, its limits, and what runs in it."""

import socket
from typing import NamedTuple

from monitoring.cut_off import CutOff
from service.database.ledger_selection import LedgerCreation
from service.dropfolders.watcher import DropFolderRules
from service.http.tls import Tls


class ServerOptions(NamedTuple):
    """Address and limits of the service, and what runs in it."""

    sock: socket.socket
    file_bytes_max: int
    uploads_max: int
    rate: float
    """Requests per second that one sender may make, after an initial burst."""
    has_public_metrics: bool
    is_standby: bool
    """Wait until no other engine works on the database, instead of failing."""
    cut_off: CutOff | None
    """The cut-off shown as a countdown in the metrics."""
    tls: Tls | None = None
    """The TLS settings; None for plain HTTP."""
    drop_folders: DropFolderRules | None = None
    """The drop folders to watch."""
    creation: LedgerCreation | None = None
    """Permission to create the ledger if it is missing."""

    @property
    def requires_certificates(self) -> bool:
        """Whether clients must present a certificate."""
        return self.tls is not None and self.tls.requires_certificates

    @property
    def address(self) -> str:
        """The URL of the service."""
        host, port = self.sock.getsockname()[:2]
        scheme = "https" if self.tls else "http"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
