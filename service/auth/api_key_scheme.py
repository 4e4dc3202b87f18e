"""The way in with a key of ours: held in memory by its name, and opened by its secret."""

from collections.abc import Mapping

from service.auth.api_keys import PREFIX, Key, parse_token
from service.auth.credentials import AuthenticatedCaller
from service.auth.failures import AuthenticationFailed


class ApiKeyScheme:
    """The keys that open something."""

    def __init__(self) -> None:
        self.keys_by_name: Mapping[str, Key] = {}

    def can_read(self, text: str) -> bool:
        """Whether ``text`` begins as our keys do."""
        return text.startswith(f"{PREFIX}_")

    async def authenticate(self, text: str) -> AuthenticatedCaller:
        """Who holds the key.

        Raises
        ------
        Stranger
            It is none, unknown or ended, its time is over, or the secret is another.
        """
        found = parse_token(text)
        if found is None:
            raise AuthenticationFailed("key-unreadable")
        name, secret = found
        key = self.keys_by_name.get(name)
        if key is None:
            raise AuthenticationFailed("key-unknown", name)
        if not key.has_secret(secret):
            raise AuthenticationFailed("key-wrong", name)
        if key.is_expired():
            raise AuthenticationFailed("key-expired", name)
        return AuthenticatedCaller(key.caller)
