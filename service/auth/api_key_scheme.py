"""Authentication with an API key: the keys are held in memory by name, and checked by the hash of their secret."""

from collections.abc import Mapping

from service.auth.api_keys import PREFIX, Key, parse_token
from service.auth.credentials import AuthenticatedCaller
from service.auth.failures import AuthenticationFailed


class ApiKeyScheme:
    """The live keys."""

    def __init__(self) -> None:
        self.keys_by_name: Mapping[str, Key] = {}

    def can_read(self, text: str) -> bool:
        """Return whether ``text`` begins as API keys do."""
        return text.startswith(f"{PREFIX}_")

    async def authenticate(self, text: str) -> AuthenticatedCaller:
        """Return the caller of a key.

        Raises
        ------
        AuthenticationFailed
            The text is not a key, the key is unknown, ended or expired, or the secret is wrong.
        """
        token = parse_token(text)
        if token is None:
            raise AuthenticationFailed("key-unreadable")
        key = self.keys_by_name.get(token.name)
        if key is None:
            raise AuthenticationFailed("key-unknown", token.name)
        if not key.has_secret(token.secret):
            raise AuthenticationFailed("key-wrong", token.name)
        if key.is_expired():
            raise AuthenticationFailed("key-expired", token.name)
        return AuthenticatedCaller(key.caller)
