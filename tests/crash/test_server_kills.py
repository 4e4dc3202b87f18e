"""A backend, the checkpointer and the walwriter are killed with -9 in turn; ``server_kills.py`` has the long form."""

from pathlib import Path

from tests.crash import server_kills


async def test_the_same_command_goes_on_after_the_kill_of_any_process(tmp_path: Path) -> None:
    log = await server_kills.kill_processes(tmp_path, 2)
    assert dict(log.kills) == dict.fromkeys(server_kills.BACKEND_TYPES, 2)
