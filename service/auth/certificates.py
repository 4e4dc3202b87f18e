"""Client certificates: a credential that is bound to one is worth nothing over another connection (as RFC 8705 has it)."""

import base64
import binascii
import hashlib
from collections.abc import Mapping

from service.auth.credentials import AuthenticatedCaller
from service.auth.failures import AuthenticationFailed

_DIGEST_BYTES = 32


def compute_fingerprint(certificate: bytes) -> bytes:
    """What a certificate (DER) is known by."""
    return hashlib.sha256(certificate).digest()


def parse_thumbprint(text: str) -> bytes:
    """The fingerprint that a token names (``x5t#S256``, base64url without padding).

    Raises
    ------
    ValueError
        It is none.
    """
    try:
        found = base64.b64decode(text + "=", altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    if len(found) != _DIGEST_BYTES:
        raise ValueError("a fingerprint has 32 bytes")
    return found


class CertificateBindings:
    """Which certificates each holder is bound to, and whether one is asked of everybody."""

    def __init__(self, *, is_required: bool = False) -> None:
        self._is_required = is_required
        self.fingerprints_by_holder: Mapping[str, frozenset[bytes]] = {}
        """An empty set: bound once, and every certificate of it is ended."""

    def check_certificate(self, holder: AuthenticatedCaller, fingerprint: bytes) -> None:
        """Whether the connection is the holder's own.

        Raises
        ------
        Stranger
            It came with another certificate or none, or the holder is bound to none where one is demanded.
        """
        name = holder.caller.key
        bound = self.fingerprints_by_holder.get(name)
        if bound is not None and fingerprint not in bound:
            raise AuthenticationFailed("certificate-differs", name)
        if holder.required_fingerprint and fingerprint != holder.required_fingerprint:
            raise AuthenticationFailed("certificate-differs", name)
        if self._is_required and bound is None and not holder.required_fingerprint:
            raise AuthenticationFailed("certificate-unbound", name)
