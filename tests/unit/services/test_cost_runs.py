from threading import Event

from tests.fakes import COST
from tests.unit.services.models import OWNER


def test_costs_are_measured_in_turn_and_logged(desk):
    board = desk.board.board()
    done = []
    found = desk.cost_runs.measure(OWNER, done.append)
    assert [label for label, _ in found] == desk.cost_runs.installed() == ["electra 1", "tfidf 1"]
    assert done == [1, 2]
    after = desk.board.board()
    assert len(after.runs) == len(board.runs) + 2
    assert len(after.trainings) == len(board.trainings)
    newest = after.runs[-1]
    assert newest.name == "cost of tfidf 1"
    assert newest.metrics["cost_median_ms"] == 2.5
    assert newest.tags["machine"] == "2 cores"


def test_a_measurement_that_is_stopped_keeps_what_is_done(desk):
    asked = []

    def measure(folder, cancelled):
        asked.append(folder.name)
        return COST if len(asked) == 1 else None

    desk.cost_runs.measure_cost = measure
    assert [label for label, _ in desk.cost_runs.measure(OWNER)] == ["electra 1"]
    assert desk.board.board().runs[-1].name == "cost of electra 1"


def test_one_measurement_at_a_time(desk):
    go_on = Event()

    def measure(folder, cancelled):
        go_on.wait(30)
        return

    desk.cost_runs.measure_cost = measure
    assert desk.cost_runs.measuring is None
    desk.cost_runs.start_measuring(OWNER)
    first = desk.cost_runs.measuring
    desk.cost_runs.start_measuring(OWNER)
    assert desk.cost_runs.measuring is first
    go_on.set()
    first.wait(30)
    assert first.result == []
