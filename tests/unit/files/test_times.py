from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.files import open_table
from core.files.times import TIME_NAMES, guess_time_column, parse_moment

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "2026-05-01T12:00:00Z",
            "2026-05-01T12:00:00+00:00",
            "2026-05-01 12:00:00",
            "2026-05-01T12:00",
            " 2026-05-01 12",
        ),
        *("2026-05-01T14:00:00+02:00", "2026-05-01T06:30:00-05:30", "20260501T120000Z", "2026-05-01T12:00:00.000Z\n"),
        *("1777636800", "1777636800.0", "1777636800000"),
        *("Fri May 01 12:00:00 +0000 2026", "Fri May 01 14:00:00 +0200 2026"),
    ],
)
def test_one_moment_in_every_spelling(cell: str) -> None:
    assert parse_moment(cell) == NOON


def test_a_date_is_its_beginning_in_utc() -> None:
    assert parse_moment("2026-05-01") == datetime(2026, 5, 1, tzinfo=UTC)


def test_milliseconds_are_kept() -> None:
    assert parse_moment("1777636800250") == NOON.replace(microsecond=250_000)
    assert parse_moment("2026-05-01T12:00:00.250Z") == NOON.replace(microsecond=250_000)


@pytest.mark.parametrize(
    "cell",
    [
        *("", " ", "yesterday", "12:00", "2026", "5/1/2026", "2026-13-01", "2026-02-30", "2026-05-01T25:00", "null"),
        *("1", "-1777636800", "17776368", "99999999999999999999", "1e9", "1777636800.", "inf", "nan"),
        *("Fri May 99 12:00:00 +0000 2026", "Fri May 01 12:00:00 2026"),
        # Out of range, also where the zone takes a moment over the edge of the calendar.
        *("1969-12-31T23:59:59Z", "2200-01-01", "9999999999999"),
        *("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_what_names_no_moment(cell: str) -> None:
    assert parse_moment(cell) is None


def test_the_range_begins_in_1970_and_ends_before_2200() -> None:
    assert parse_moment("1970-01-01") == datetime(1970, 1, 1, tzinfo=UTC)
    assert parse_moment("2199-12-31T23:59:59Z") == datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC)


@given(st.text(max_size=40) | st.text(alphabet="0123456789-:TZ+. ", max_size=30))
def test_any_cell_is_a_moment_of_the_range_or_none(cell: str) -> None:
    found = parse_moment(cell)
    assert found is None or (found.tzinfo is UTC and 1970 <= found.year < 2200)


@given(st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30), timezones=st.timezones()))
def test_what_python_writes_is_read_back(moment: datetime) -> None:
    assert parse_moment(moment.isoformat()) == moment.astimezone(UTC)


def table_of(folder: Path, header: str, *rows: str) -> Path:
    path = folder / "in.csv"
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", [*TIME_NAMES, "Created_At", " timestamp "])
def test_a_time_column_is_guessed_by_its_name(tmp_path: Path, name: str) -> None:
    path = table_of(tmp_path, f"text,{name}", "so happy,2026-05-01", "so sad,1777636800")
    assert guess_time_column(open_table(path, "text")) == name


def test_the_likeliest_name_is_taken(tmp_path: Path) -> None:
    path = table_of(tmp_path, "time,text,created_at", "2026-05-01,so happy,2026-05-02")
    assert guess_time_column(open_table(path, "text")) == "created_at"


@pytest.mark.parametrize("cells", [("noon", "2026-05-01"), ("", "2026-05-01"), ("2026-05-01", "soon")])
def test_a_column_with_other_cells_is_not_taken(tmp_path: Path, cells: tuple[str, str]) -> None:
    path = table_of(tmp_path, "text,created_at", f"so happy,{cells[0]}", f"so sad,{cells[1]}")
    assert guess_time_column(open_table(path, "text")) is None


def test_another_column_is_taken_where_the_likeliest_holds_no_times(tmp_path: Path) -> None:
    path = table_of(tmp_path, "text,created_at,date", "so happy,yes,2026-05-01")
    assert guess_time_column(open_table(path, "text")) == "date"


def test_no_column_of_such_a_name(tmp_path: Path) -> None:
    path = table_of(tmp_path, "text,born", "so happy,2026-05-01")
    assert guess_time_column(open_table(path, "text")) is None
