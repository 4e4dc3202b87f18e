"""The way in with a key of ours: held in memory by its name, and opened by its secret."""

from collections.abc import Mapping

from service.auth.api_keys import PREFIX, Key, parts
from service.auth.credentials import Holder
from service.auth.failures import Stranger


class Known:
    """The keys that open something."""

    def __init__(self) -> None:
        self.by_name: Mapping[str, Key] = {}

    def reads(self, text: str) -> bool:
        """Whether ``text`` begins as our keys do."""
        return text.startswith(f"{PREFIX}_")

    async def holder(self, text: str) -> Holder:
        """Who holds the key.

        Raises
        ------
        Stranger
            It is none, unknown or ended, its time is over, or the secret is another.
        """
        found = parts(text)
        if found is None:
            raise Stranger("key-unreadable")
        name, secret = found
        key = self.by_name.get(name)
        if key is None:
            raise Stranger("key-unknown", name)
        if not key.fits(secret):
            raise Stranger("key-wrong", name)
        if key.is_over():
            raise Stranger("key-expired", name)
        return Holder(key.caller)
