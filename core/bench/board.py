"""How soon the comparison page knows its runs: many of them, read through MLflow and from what was kept."""

import random
import statistics
import tempfile
from pathlib import Path
from typing import Final

from core.errors import ModelError
from core.experiments.tracking import Run, import_runs, log_run
from core.experiments.tracking.transfer import RunFile
from core.machine import run_python
from core.settings import settings

_BASELINE: Final = """
import sys, time
import pandas, pydantic
started = time.perf_counter()
from core.experiments.tracking import connect, read_runs
with connect(sys.argv[1]) as client:
    runs = read_runs(client)
print(time.perf_counter() - started, len(runs))
"""
# What the page needs before it draws: the board, its table and its chart, in a process that has drawn no page before.
_PAGE: Final = """
import os, sys, time
import pandas, plotly.graph_objects, pydantic
from pathlib import Path
from core.services.model_board import ModelBoard
from core.services.model_tracker import ModelTracker
from core.charts import comparison
from core.experiments.leaderboard import board_frame
folder = Path(sys.argv[2])
started = time.perf_counter()
tracker = ModelTracker(sys.argv[1], folder / "models", folder / "serving.json", None)
board = ModelBoard(tracker, folder / "runs").board(at_once=True)
frame = board_frame(board.runs, board.registry, "emotion")
comparison.trade_off(frame).to_json()
print(time.perf_counter() - started, len(frame), flush=True)
os._exit(0)  # whatever is still read in the background is not waited for
"""


def run(n_runs: int, rounds: int) -> None:
    """Make a tracker with `n_runs` runs like the shipped ones, read it in fresh processes, and print how long it took.

    Raises:
        TrackingError: the shipped runs cannot be read.
        ModelError: a process of the bench failed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "models").mkdir()
        _write_runs(settings().runs_dir, folder / "many", n_runs)
        (folder / "runs").mkdir()
        uri = f"sqlite:///{folder / 'mlflow.db'}"
        import_runs(folder / "many", uri)
        baseline, first, kept, changed = [], [], [], []
        for number in range(rounds):
            baseline.append(_seconds(_BASELINE, uri))
            (folder / "mlflow.db.board.json").unlink(missing_ok=True)
            first.append(_seconds(_PAGE, uri, str(folder)))
            kept.append(_seconds(_PAGE, uri, str(folder)))
            log_run(Run(f"one more {number}", (), (), ()), uri)
            changed.append(_seconds(_PAGE, uri, str(folder)))
    slow, new, soon, after = (statistics.median(one) for one in (baseline, first, kept, changed))
    print(
        f"Comparison page, {n_runs} runs, each time a fresh process, median of {rounds}. MLflow alone reads them in "
        f"{slow:.2f} s. Board, table and chart: {soon:.2f} s while nothing changed ({slow / soon:.0f}x), {after:.2f} s "
        f"after a change, as it was ({slow / after:.0f}x; read again behind it), {new:.2f} s the first time of all "
        f"({slow / new:.1f}x)"
    )


def _write_runs(shipped: Path, into: Path, count: int) -> None:
    """Write `count` runs with the shipped ones' metrics, each moved a little, and without their files."""
    into.mkdir()
    records = [RunFile.model_validate_json(path.read_bytes()) for path in sorted(shipped.glob("*.json"))]
    if not records:
        raise ModelError(f"{shipped} holds no runs to make more of. Restore the folder from the repository.")
    noise = random.Random(0)  # noqa: S311  (no secret)
    for number in range(count):
        like = records[number % len(records)]
        facts = like.model_dump(exclude={"checksum", "texts"}) | {
            "id": f"{number:032x}",
            "name": f"{like.name} like {number}",
            "started_at": like.started_at + number,
            "metrics": [(name, value + noise.gauss(0, 0.01), step) for name, value, step in like.metrics],
            "texts": {},
        }
        (into / f"{number}.json").write_text(RunFile.seal(**facts).model_dump_json(), encoding="utf-8")


def _seconds(code: str, *arguments: str) -> float:
    return float(run_python("-c", code, *arguments).split()[0])
