"""Client certificates: a credential that is bound to one is worth nothing over another connection (as RFC 8705 has it)."""

import base64
import binascii
import hashlib
from collections.abc import Mapping

from service.auth.credentials import Holder
from service.auth.failures import Stranger

_DIGEST_BYTES = 32


def fingerprint(certificate: bytes) -> bytes:
    """What a certificate (DER) is known by."""
    return hashlib.sha256(certificate).digest()


def thumbprint(text: str) -> bytes:
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


class Bindings:
    """Which certificates each holder is bound to, and whether one is asked of everybody."""

    def __init__(self, *, is_demanded: bool = False) -> None:
        self._is_demanded = is_demanded
        self.by_holder: Mapping[str, frozenset[bytes]] = {}
        """An empty set: bound once, and every certificate of it is ended."""

    def check(self, holder: Holder, presented: bytes) -> None:
        """Whether the connection is the holder's own.

        Raises
        ------
        Stranger
            It came with another certificate or none, or the holder is bound to none where one is demanded.
        """
        name = holder.caller.key
        bound = self.by_holder.get(name)
        if bound is not None and presented not in bound:
            raise Stranger("certificate-differs", name)
        if holder.confirmed and presented != holder.confirmed:
            raise Stranger("certificate-differs", name)
        if self._is_demanded and bound is None and not holder.confirmed:
            raise Stranger("certificate-unbound", name)
