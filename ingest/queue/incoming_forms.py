"""Forms handed in to the service, until their batch is committed."""

import threading
from collections.abc import Callable

from ingest.queue.events import InboxEvents
from ingest.queue.form_batcher import Form, FormBatch
from ingest.queue.form_queue import FormQueue
from ingest.queue.scheduling import Scheduler


class IncomingForms:
    """Queues forms, and hands them over in batches; ``changed`` guards the queue, and is notified of forms to take."""

    def __init__(self, changed: threading.Condition, scheduler: Scheduler, events: InboxEvents) -> None:
        self._changed, self._scheduler, self._events = changed, scheduler, events
        self.queue = FormQueue()

    def submit(self, form: Form) -> None:
        """Queue a form; its result is delivered after the commit of its batch."""
        with self._changed:
            self._scheduler.note_form()
            if self.queue.add(form):
                self._changed.notify_all()
        self._events.on_received(form.sender, "form", len(form.rows))

    def count(self, sender: str | None = None) -> int:
        """Return how many forms wait to be decided, of all senders or of one."""
        return len(self.queue) if sender is None else self.queue.count(sender)

    def take_batch(self, is_wanted: Callable[[], bool]) -> FormBatch | None:
        """Take the forms of a batch, once enough are queued or they have waited long enough for others.

        None if no batch is due, or it is no longer wanted after the wait.
        """
        with self._changed:
            if not self.queue.is_due:
                return None
            self._changed.wait_for(lambda: self.queue.has_enough, self.queue.gather_seconds)
            return self.queue.take_batch() if is_wanted() else None
