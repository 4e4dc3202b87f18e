"""The ways in: each reads one sort of credential, and says who holds it."""

from typing import NamedTuple, Protocol

from service.auth.api_keys import Caller


class Holder(NamedTuple):
    """Who a credential makes of whoever sends it."""

    caller: Caller
    confirmed: bytes = b""
    """The fingerprint of the client certificate that the credential itself asks for; empty when it asks for none."""


class Way(Protocol):
    """One sort of credential."""

    def reads(self, text: str) -> bool:
        """Whether ``text`` looks like one of these."""
        ...

    async def holder(self, text: str) -> Holder:
        """Who holds it.

        Raises
        ------
        Stranger
            Nobody who is known.
        """
        ...
