"""Bindings to client certificates: a bound credential is refused on connections without its certificate (RFC 8705)."""

import base64
import binascii
import hashlib
from collections.abc import Mapping

from service.auth.credentials import AuthenticatedCaller
from service.auth.failures import AuthenticationFailed

_DIGEST_BYTES = 32


def compute_fingerprint(certificate: bytes) -> bytes:
    """Return the SHA-256 fingerprint of a certificate (DER)."""
    return hashlib.sha256(certificate).digest()


def parse_thumbprint(text: str) -> bytes:
    """Return the fingerprint in a token (``x5t#S256``, base64url without padding).

    Raises
    ------
    ValueError
        The text is not a fingerprint.
    """
    try:
        fingerprint = base64.b64decode(text + "=", altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    if len(fingerprint) != _DIGEST_BYTES:
        raise ValueError("a fingerprint has 32 bytes")
    return fingerprint


class CertificateBindings:
    """The certificates that each key or system is bound to, and whether every one must be bound."""

    def __init__(self, *, is_required: bool = False) -> None:
        self._is_required = is_required
        self.fingerprints_by_holder: Mapping[str, frozenset[bytes]] = {}
        """An empty set means: bound once, and all its certificates have ended, so no connection is accepted."""

    def check_certificate(self, authenticated: AuthenticatedCaller, fingerprint: bytes) -> None:
        """Check that a connection with this client certificate may use the credential.

        Raises
        ------
        AuthenticationFailed
            The credential is bound to another certificate, or is not bound although the service requires it.
        """
        name = authenticated.caller.key
        bound, required = self.fingerprints_by_holder.get(name), authenticated.required_fingerprint
        if bound is not None and fingerprint not in bound:
            raise AuthenticationFailed("certificate-differs", name)
        if required and fingerprint != required:
            raise AuthenticationFailed("certificate-differs", name)
        if self._is_required and bound is None and not required:
            raise AuthenticationFailed("certificate-unbound", name)
