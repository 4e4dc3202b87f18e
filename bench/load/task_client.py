"""Tasks of a service, requested over HTTP, each followed to its end."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

from bench.load.http_connections import Address

_WAIT_SECONDS = 60
_SHOWN_BYTES = 500
TASK_SECONDS_MAX = 1800


class TaskClient:
    """The callers who request tasks of a service: one token each."""

    def __init__(self, address: Address, tokens: Sequence[str]) -> None:
        self._address, self._tokens = address, tokens

    def perform(
        self, path: str, body: dict[str, Any] | bytes, *, by: int = 0, query: str = ""
    ) -> dict[str, Any]:
        """Request a task as the caller with the number ``by``, and wait for its end; return it.

        Raises
        ------
        RuntimeError
            It was refused, failed, was cancelled, or did not end in time.
        """
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        media_type = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        task = self._request(
            "POST", f"{path}?wait={_WAIT_SECONDS}{query}", by=by, content=content, media_type=media_type
        )
        end = time.monotonic() + TASK_SECONDS_MAX
        while task["state"] in {"waiting", "running"} and time.monotonic() < end:
            task = self._request("GET", f"/v1/tasks/{task['task']}?wait={_WAIT_SECONDS}", by=by)
        if task["state"] != "done":
            raise RuntimeError(f"{path}: {task['state']}: {task['failure']}")
        return task

    def _request(
        self, method: str, path: str, *, by: int, content: bytes | None = None, media_type: str = ""
    ) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._tokens[by]}"}
        if media_type:
            headers["content-type"] = media_type
        request = urllib.request.Request(
            f"http://{self._address.host}:{self._address.port}{path}", content, headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=TASK_SECONDS_MAX) as response:  # noqa: S310
                return json.load(response)
        except urllib.error.HTTPError as error:
            detail = error.read(_SHOWN_BYTES).decode(errors="replace")
            raise RuntimeError(f"{path}: {error.code} {detail}") from error
        except OSError as error:
            raise RuntimeError(f"{path}: {error}") from error
