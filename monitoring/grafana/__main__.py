"""Writes the boards anew."""

from monitoring.grafana.boards import BOARDS
from monitoring.grafana.panels import FOLDER, document

for board in BOARDS:
    FOLDER.joinpath(f"{board.name}.json").write_text(document(board), encoding="utf-8")
