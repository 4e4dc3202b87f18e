"""Bank files: received into the data folder, and imported by a task."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import LimitExceeded
from core.person_decisions import DecisionKind
from service.http.http_messages import XML, Request, Response
from service.http.openapi.operation import Operation, Parameter
from service.http.openapi.parameters import AGAIN, WAIT
from service.http.openapi.problem_types import DECIDING, list_problems
from service.http.problems import Problem, bad_request
from service.http.request_body import BodyInterrupted, UploadReceiver
from service.http.route import Route
from service.http.task_requests import Task, TaskRequests
from service.http.tickets import read_wait_seconds
from service.tasks import received_files
from service.tasks.received_files import FILE_BYTES_MAX
from service.tasks.task_arguments import ImportTask

_NAME = re.compile(r"filename=\"?([A-Za-z0-9][A-Za-z0-9._-]{0,99})\"?")
_OCTETS, _TEXT = "application/octet-stream", "text/plain"


class BankMessagesHandler:
    """Handles ``/v1/bank/messages``."""

    def __init__(self, tasks: TaskRequests, receiver: UploadReceiver, data: Path) -> None:
        self._tasks, self._receiver, self._data = tasks, receiver, data

    async def receive_message(self, request: Request) -> Response:
        """Store a bank file durably, and import it as a task."""
        request.allow_only("wait", "again", "interest")
        caller, seconds = request.caller, read_wait_seconds(request)
        again = request.get_flag("again")
        is_interest_proposed = request.get_choice("interest", ("true", "false")) != "false"
        await self._tasks.check_may_request(caller)
        await self._tasks.check_person(caller, DecisionKind.STATEMENT)
        with self._receiver.open_slot(caller.sender):
            path = await self._store_body(request)
        arguments = ImportTask(path=str(path), again=again, interest=is_interest_proposed)
        return await self._tasks.request_task(request, "bank_import", arguments, wait_seconds=seconds)

    async def _store_body(self, request: Request) -> Path:
        match = _NAME.search(request.get_header("content-disposition"))
        name, paths = match[1] if match else "bank-file", list[Path]()

        def store(body: BinaryIO) -> None:
            if path := received_files.store_file(self._data, body, name):
                paths.append(path)

        length = request.get_header("content-length")
        if length.isdigit() and int(length) > FILE_BYTES_MAX:
            raise _build_too_long()
        try:
            await self._receiver.consume(request.receive, store)
        except BodyInterrupted as error:
            raise Problem(HTTPStatus.BAD_REQUEST, "body-cut", f"The body is incomplete: {error}") from error
        except LimitExceeded:
            raise _build_too_long() from None
        if not paths:
            raise bad_request("The body must be a bank file, and it is empty")
        return paths[0]


def _build_too_long() -> Problem:
    detail = f"A bank file may have at most {FILE_BYTES_MAX:,} bytes"
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "limit-exceeded", detail)


_INTEREST = Parameter(
    "interest", "Propose late interest after the import; true by default", {"type": "boolean"}
)
_FILE_SCHEMA: Mapping[str, Any] = {"schema": {"type": "string", "format": "binary"}}

ROUTES = (
    Route(
        "POST",
        "/v1/bank/messages",
        BankMessagesHandler.receive_message,
        Operation(
            "Import a bank file (accountants): match it with transfers and receivables, and post what the bank did",
            {"200": Task, "202": Task, **list_problems(*DECIDING, "body-cut", "limit-exceeded")},
            (WAIT, AGAIN, _INTEREST),
            {media_type: dict(_FILE_SCHEMA) for media_type in (XML, _TEXT, _OCTETS)},
            ("Content-Disposition",),
            description="The import becomes a task, which the engine does in turn with forms and files.",
        ),
    ),
)
