"""TLS of the service: its certificate, and the authority whose client certificates it requires."""

import ssl
from pathlib import Path
from typing import NamedTuple

import structlog

from service.configuration.input_files import check_files
from service.configuration.settings import UsageError

LOG = structlog.get_logger()


class TlsFiles(NamedTuple):
    """The files with certificates and keys."""

    certificate: Path
    """The certificate of the service and its intermediate certificates, PEM."""
    key: Path
    client_ca: Path | None
    """The authority that signs the client certificates; None if the service requires none."""


class Tls:
    """The TLS context of the service; a reload changes the certificate of new connections."""

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self.context = _build_context(files)

    @property
    def requires_certificates(self) -> bool:
        """Whether clients must present a certificate."""
        return self._files.client_ca is not None

    def reload(self) -> None:
        """Read certificate and key again; keep the previous ones if the new ones do not belong together."""
        try:
            _build_context(self._files)
            self.context.load_cert_chain(self._files.certificate, self._files.key)
        except UsageError as error:
            LOG.warning("certificate not reloaded, the previous one stays", cause=str(error))
        else:
            LOG.info("certificate reloaded", file=str(self._files.certificate))


def _build_context(files: TlsFiles) -> ssl.SSLContext:
    """Build a context for TLS 1.2 or newer.

    Raises
    ------
    UsageError
        A file is missing or unreadable, or certificate and key do not belong together.
    """
    check_files(file for file in files if file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        # Without a password callback, an encrypted key would prompt on the terminal and block an unattended start.
        context.load_cert_chain(files.certificate, files.key, password=lambda: "")
        if files.client_ca:
            context.load_verify_locations(files.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ValueError) as error:
        names = ", ".join(str(file) for file in files if file)
        raise UsageError(f"TLS cannot use {names}: {error}") from error
    return context
