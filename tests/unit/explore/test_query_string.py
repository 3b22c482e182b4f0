import re
from datetime import UTC, datetime, timedelta
from typing import get_args
from urllib.parse import urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.emotions import LABELS
from core.errors import InputError
from core.explore.query_string import (
    CUSTOM,
    DEFAULTS,
    EITHER,
    EVERYTHING,
    MAX_SEARCH,
    OLD_NAMES,
    PERIODS,
    present_name,
    query_of,
    refuse_unknown,
    selection_of,
    values_for,
    values_of,
)
from core.explore.selection import Match, Selection
from core.rules.flags import CATEGORIES, SEVERITIES
from core.store.explorer import ORDERS
from tests.unit.store.test_explorer import SELECTIONS

NOW = datetime(2026, 5, 4, 12, 30, 45, tzinfo=UTC)


def test_nothing_asked_is_the_last_thirty_days() -> None:
    selection = selection_of({}, NOW)
    assert selection == Selection(
        since=datetime(2026, 4, 4, 12, 31, tzinfo=UTC), until=NOW.replace(minute=31, second=0)
    )
    assert query_of(DEFAULTS) == ""
    assert values_of("") == DEFAULTS


def test_the_same_minute_is_the_same_question() -> None:
    assert selection_of({}, NOW) == selection_of({}, NOW + timedelta(seconds=14))
    assert selection_of({}, NOW) != selection_of({}, NOW + timedelta(seconds=15))


@given(asked=SELECTIONS, text=st.text(max_size=30), batch=st.none() | st.uuids())
def test_a_selection_survives_its_way_through_an_address(asked: Selection, text: str, batch: UUID | None) -> None:
    text = text.encode("utf-8", "ignore").decode()
    if asked.since and asked.until and asked.since >= asked.until:
        asked = asked.within(asked.until, None)
    wanted = Selection(**{name: getattr(asked, name) for name in Selection.__slots__} | {"text": text, "batch": batch})  # type: ignore[arg-type]
    assert selection_of(values_of(query_of(values_for(wanted))), NOW) == wanted


def test_an_address_of_somebody_elses_is_read_as_far_as_it_can_be() -> None:
    values = values_of("?period=7+days&emotion=joy&emotion=love&least=7&from=yesterday&nonsense=1&view=Emotions")
    assert (values["period"], values["emotion"], values["least"], values["from"]) == (
        "7-days",
        ["joy", "love"],
        1.0,
        None,
    )
    assert set(values) == set(DEFAULTS)
    assert values_of("least=nan%")["least"] == 0.0


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"period": "a fortnight"}, "No period named 'a fortnight'"),
        ({"period": CUSTOM, "from": datetime(2026, 5, 2), "to": datetime(2026, 5, 1)}, "ends .* before it begins"),
        ({"batch": "not an id"}, "no id of a file or an audit"),
    ],
)
def test_what_cannot_be_is_named_with_the_mend(values: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        selection_of(values, NOW)


def test_a_time_with_a_zone_is_that_moment() -> None:
    assert values_of("from=2026-05-01T00:00%2B02:00")["from"] == datetime(2026, 4, 30, 22)


@pytest.mark.parametrize("query", ["flaged=yes", "emotion=joy&flagged=maybe", "flagged=yes&match=most"])
def test_a_slip_in_a_query_written_by_hand_is_refused(query: str) -> None:
    with pytest.raises(InputError, match=r"flag|match"):
        refuse_unknown(query)
    refuse_unknown("?period=7 days&flagged=yes&uncertain=no&q=")


IDS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@pytest.mark.parametrize(("name", "titles"), OLD_NAMES.items())
def test_old_names_are_the_titles_of_ids(name: str, titles: dict[str, str]) -> None:
    for title, id_ in titles.items():
        assert present_name(name, title) == id_ == present_name(name, id_)
        assert IDS.fullmatch(id_)


@pytest.mark.parametrize("title", OLD_NAMES["period"])
def test_an_old_view_asks_for_what_it_asked_for(title: str) -> None:
    old = values_of(urlencode({"period": title}))
    assert old == values_of(f"period={OLD_NAMES['period'][title]}")
    selection_of(old, NOW)


def test_the_choices_of_filters_are_ids() -> None:
    for options in (PERIODS, EITHER, get_args(Match), SEVERITIES, CATEGORIES, ORDERS):
        assert all(IDS.fullmatch(one) for one in options)


def test_a_search_is_cut_and_a_period_may_be_open() -> None:
    selection = selection_of({"period": CUSTOM, "from": datetime(2026, 5, 2), "q": "x" * 999}, NOW)
    assert (selection.since, selection.until) == (datetime(2026, 5, 2, tzinfo=UTC), None)
    assert len(selection.text) == MAX_SEARCH
    assert selection_of({"period": EVERYTHING}, NOW) == Selection()
    assert values_for(Selection(emotions=LABELS[:2]))["period"] == EVERYTHING
