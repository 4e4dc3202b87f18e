"""Limits on the work that waits for the engine: files, forms and dry runs, of one sender and of all."""

from ingest.queue.inbox import Inbox
from service.http.problems import sender_paused
from service.http.quotas import DRY_RUNS, QUEUED_FILES, QUEUED_FORMS, QUEUED_TASKS, QueueLimit
from service.http.service_state import ServiceState

FILES_WAITING_MAX = 2_000
"""Submissions that may wait; each costs a few hundred bytes of memory."""

FORMS_WAITING_MAX = 20_000
DRY_RUNS_MAX = 50
"""Dry runs that may wait; each is a batch of its own."""

TASKS_WAITING_MAX = 100
PAUSED_FILES_MAX = 200
"""Waiting files of one paused sender: it must not use up the places of the others."""

FILES_LIMIT = QueueLimit(FILES_WAITING_MAX, QUEUED_FILES)
FORMS_LIMIT = QueueLimit(FORMS_WAITING_MAX, QUEUED_FORMS)
TASKS_LIMIT = QueueLimit(TASKS_WAITING_MAX, QUEUED_TASKS)
DRY_RUNS_LIMIT = QueueLimit(DRY_RUNS_MAX, DRY_RUNS)


class QueueLimits:
    """Checks whether the service accepts one more file, form or dry run.

    Files and forms have separate limits, and one sender may use half of each.  What is still being received does not count.
    """

    def __init__(self, state: ServiceState, inbox: Inbox) -> None:
        self._state, self._inbox = state, inbox

    def check_file(self, sender: str) -> None:
        """Check that a file may join the queue; the files of a paused sender wait, up to a limit of their own.

        Raises
        ------
        Problem
            The service is starting or stopping, a disk is full, too many files wait, or too many of a paused sender's.
        """
        self._state.check_accepting_work()
        files = self._inbox.files.queue
        reason = self._inbox.files.paused_senders.get(sender)
        if reason is not None and files.count_paused_files(sender) >= PAUSED_FILES_MAX:
            raise sender_paused(sender, reason)
        FILES_LIMIT.check(len(files), files.count(sender))

    def check_form(self, sender: str) -> None:
        """Check that a form may join the queue.

        Raises
        ------
        Problem
            The service is starting or stopping, a disk is full, the sender is paused, or too many forms wait.
        """
        self._state.check_accepting_work()
        reason = self._inbox.files.paused_senders.get(sender)
        if reason is not None:
            raise sender_paused(sender, reason)
        FORMS_LIMIT.check(self._inbox.forms.count(), self._inbox.forms.count(sender))

    def check_dry_run(self, sender: str) -> None:
        """Check that a dry run may join the queue.

        Raises
        ------
        Problem
            The service is starting or stopping, a disk is full, or too many dry runs wait.
        """
        self._state.check_accepting_work()
        DRY_RUNS_LIMIT.check(self._inbox.dry_runs.count(), self._inbox.dry_runs.count(sender))
