"""``crescendo serve``: what the HTTP service will be called by."""

from service.settings import Misuse


def serve() -> None:
    """Say that this version has no HTTP service: files are processed by ``crescendo run``."""
    raise Misuse("the HTTP service is not part of this version; process files with crescendo run FILE...")
