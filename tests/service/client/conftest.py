"""The running service of the HTTP tests, for the tests of the client."""

from tests.service.http.conftest import place

__all__ = ["place"]
