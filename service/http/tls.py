"""TLS of our own: who we are, and whose certificates we ask of callers."""

import ssl
from pathlib import Path
from typing import NamedTuple

import structlog

from service.configuration.settings import UsageError

LOG = structlog.get_logger()


class TlsFiles(NamedTuple):
    """Where certificates and keys are."""

    certificate: Path
    """Ours and those between it and its root, PEM."""
    key: Path
    client_ca: Path | None
    """Who signs the certificates that callers must have; none is asked for where this is None."""


class Tls:
    """What connections are made with; the certificate may be another from one connection to the next."""

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self.context = _build_context(files)

    @property
    def requires_certificates(self) -> bool:
        """Whether a connection is made only with a certificate."""
        return self._files.client_ca is not None

    def reload(self) -> None:
        """Take certificate and key from their files anew; what does not fit together changes nothing."""
        try:
            _build_context(self._files)
            self.context.load_cert_chain(self._files.certificate, self._files.key)
        except UsageError as error:
            LOG.warning("certificate not taken, the one before stays", cause=str(error))
        else:
            LOG.info("certificate taken anew", file=str(self._files.certificate))


def _build_context(files: TlsFiles) -> ssl.SSLContext:
    """TLS 1.2 or newer.

    Raises
    ------
    Misuse
        The files are not there, do not read, or do not belong together.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.options |= ssl.OP_NO_RENEGOTIATION
    try:
        # A password asked for on a terminal would hold up a start that nobody watches.
        made.load_cert_chain(files.certificate, files.key, password=lambda: "")
        if files.client_ca:
            made.load_verify_locations(files.client_ca)
            made.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ValueError) as error:
        named = ", ".join(str(each) for each in files if each)
        raise UsageError(f"no TLS with {named}: {error}") from error
    return made
