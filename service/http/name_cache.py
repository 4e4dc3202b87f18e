"""The names of the codes that the journal stores as numbers, read from the database once."""

from reporting.code_labels import CodeLabels
from reporting.code_names import CodeNames, read_names
from service.database.read_pool import Pool, borrow_connection
from service.http.service_state import ServiceState


class NameCache:
    """Reads the names of codes, and keeps them once the book is loaded."""

    def __init__(self, pool: Pool, labels: CodeLabels, state: ServiceState) -> None:
        self._pool, self._labels, self._state = pool, labels, state
        self._names: CodeNames | None = None

    async def load(self) -> CodeNames:
        """Return the names; read them again as long as the book is not loaded, as loading may number new codes."""
        if self._names is not None:
            return self._names
        is_complete = self._state.is_ready
        async with borrow_connection(self._pool) as connection:
            names = await read_names(connection, self._labels)
        self._names = names if is_complete else None
        return names
