"""The creation of a cluster before its server is needed, while other work goes on."""

from pathlib import Path

from service.database.binaries import find_wheel_binaries
from service.database.cluster import Cluster, lock_data_folder
from service.database.embedded_server import SERVER_SETTINGS, EmbeddedServer
from service.database.server_shutdown import ProgressCallback


async def create_cluster(data: Path, progress: ProgressCallback) -> None:
    """Create the cluster of the folder ``data``, unless there is one; its server is not started.

    Raises
    ------
    DatabaseUnfit
        Another process uses the folder, or a program of PostgreSQL fails.
    """
    data = data.absolute()
    with lock_data_folder(data):
        cluster = Cluster.in_data_folder(data, find_wheel_binaries())
        await EmbeddedServer(cluster, SERVER_SETTINGS, progress=progress).create()
