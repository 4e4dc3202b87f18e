"""Write the boards as JSON files."""

from monitoring.grafana.boards import BOARDS
from monitoring.grafana.panels import FOLDER, render_board

for board in BOARDS:
    FOLDER.joinpath(f"{board.name}.json").write_text(render_board(board), encoding="utf-8")
