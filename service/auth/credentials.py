"""Callers, and the credentials that identify them."""

from typing import NamedTuple, Protocol

from core.roles import ACCOUNTING_ROLES, PAYING_ROLES, Role, find_kinds


class Caller(NamedTuple):
    """The key of a request, the sender that it speaks for, and what it may do."""

    key: str
    """The name of an API key, or ISSUER/SUBJECT of a system with tokens."""
    sender: str
    roles: frozenset[Role]
    programmes: frozenset[str]
    """The perimeter: the programmes that the key may see and use; empty for all."""
    kinds: frozenset[str]
    """The kinds of act that the key may send."""

    @property
    def can_read_all_senders(self) -> bool:
        """Whether the key may see the submissions of all senders."""
        return Role.AUDITOR in self.roles

    @property
    def is_accountant(self) -> bool:
        """Whether the key is of an accountant, who pays; the invoice service does not."""
        return bool(self.roles & PAYING_ROLES)

    @property
    def can_read_all_acts(self) -> bool:
        """Whether the key may see the acts of all senders: who checks, pays or allows what other senders order."""
        return self.can_read_all_senders or bool(self.roles & (ACCOUNTING_ROLES | {Role.BUDGET_CONTROLLER}))

    @property
    def only_sender(self) -> str | None:
        """The only sender whose submissions the key may see; None for all."""
        return None if self.can_read_all_senders else self.sender

    @property
    def only_sender_of_acts(self) -> str | None:
        """The only sender whose acts the key may see; None for all."""
        return None if self.can_read_all_acts else self.sender


def build_caller(key: str, sender: str, roles: frozenset[Role], *, programmes: frozenset[str]) -> Caller:
    """Return a caller with the kinds of act that its roles may send."""
    return Caller(key, sender, roles, programmes, find_kinds(roles))


class SystemIdentity(NamedTuple):
    """A system that authenticates with tokens: the name of its issuer here, and what the issuer calls it."""

    issuer: str
    subject: str

    @property
    def name(self) -> str:
        """The name that stands for the key."""
        return f"{self.issuer}/{self.subject}"


class AuthenticatedCaller(NamedTuple):
    """The caller that a credential identifies."""

    caller: Caller
    required_fingerprint: bytes = b""
    """The fingerprint of the client certificate that the credential itself requires; empty for none."""


class CredentialScheme(Protocol):
    """One type of credential."""

    def can_read(self, text: str) -> bool:
        """Return whether ``text`` looks like a credential of this type."""
        ...

    async def authenticate(self, text: str) -> AuthenticatedCaller:
        """Return the caller that a credential identifies.

        Raises
        ------
        AuthenticationFailed
            The credential is not accepted.
        """
        ...
