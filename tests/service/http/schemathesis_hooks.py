"""Let schemathesis send generated files unchanged, whatever their media type."""

from typing import Any

import schemathesis

from service.http.upload_headers import MEDIA_TYPES


@schemathesis.serializer(*MEDIA_TYPES)
def keep_value(_: Any, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return getattr(value, "data", None) or str(value).encode()
