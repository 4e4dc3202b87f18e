"""The ways in: each reads one sort of credential, and says who holds it."""

from typing import NamedTuple, Protocol

from service.auth.api_keys import Caller


class AuthenticatedCaller(NamedTuple):
    """Who a credential makes of whoever sends it."""

    caller: Caller
    required_fingerprint: bytes = b""
    """The fingerprint of the client certificate that the credential itself asks for; empty when it asks for none."""


class CredentialScheme(Protocol):
    """One sort of credential."""

    def can_read(self, text: str) -> bool:
        """Whether ``text`` looks like one of these."""
        ...

    async def authenticate(self, text: str) -> AuthenticatedCaller:
        """Who holds it.

        Raises
        ------
        Stranger
            Nobody who is known.
        """
        ...
