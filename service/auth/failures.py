"""Why access is refused: the caller is not authenticated, or may not do what it asks for."""

from typing import Any

from core.errors import CrescendoError


class AuthenticationFailed(CrescendoError):
    """The credential is not accepted.

    ``reason`` goes to the audit trail only: an attacker must not learn how close the attempt came.
    """

    def __init__(self, reason: str, claimed_name: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.claimed_name = claimed_name
        """The key or system that the credential names; empty where it names none."""


class PermissionDenied(CrescendoError):
    """The caller is known, but its roles or its perimeter do not allow the request; ``code`` is stable.

    ``members`` are further members of the problem: where it is, what is needed, and what to do.
    """

    def __init__(self, code: str, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.code, self.detail, self.members = code, detail, members
