"""The header that names a file."""

import os
from urllib.parse import quote


def format_disposition(name: str) -> str:
    """Return the header that names a file: in ASCII, and as RFC 8187 encodes it where that differs."""
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '";\\' else "_"
        for letter in name
    )
    header = f'attachment; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(os.fsencode(name), safe='')}"
