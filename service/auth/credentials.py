"""The ways in: each reads one sort of credential, and says who holds it."""

from typing import NamedTuple, Protocol

from service.auth.roles import Role, find_kinds


class Caller(NamedTuple):
    """Who is calling: the key, the sender it speaks for, and what it may do."""

    key: str
    sender: str
    roles: frozenset[Role]
    programmes: frozenset[str]
    """The programmes it may touch; empty for all."""
    kinds: frozenset[str]
    """The kinds of act it may send."""

    @property
    def can_read_all_senders(self) -> bool:
        """Whether it sees other senders' submissions."""
        return Role.AUDITOR in self.roles


def build_caller(key: str, sender: str, roles: frozenset[Role], programmes: frozenset[str]) -> Caller:
    """A caller with the kinds that its roles may send."""
    return Caller(key, sender, roles, programmes, find_kinds(roles))


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
