"""The identity of a spool: two processes with the same one see the same files."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

_FILE = "identity"
_BYTES = 16


def read_identity(folder: Path) -> str:
    """Return the identity of the spool in ``folder``, stored beside it; it gets one if it has none, safely beside others."""
    path = folder.with_name(f"{folder.name}-{_FILE}")
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(_BYTES)}")
        with draft.open("w") as file:
            file.write(secrets.token_hex(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text()
