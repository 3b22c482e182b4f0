"""What a row came with: its tweet's id, author, link and language, and the file's other columns as bounded JSON."""

import csv
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.files import open_table
from core.files.origins import EXTRAS_BYTES, LEFT_OUT, OriginColumns, Origins


def origins(folder: Path, rows: list[dict[str, str]]) -> Origins:
    path = folder / "in.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    table = open_table(path, "text")
    (batch,) = table.batches(1_000)
    return OriginColumns(table).of(batch)


def test_ids_are_exact_and_what_is_blank_is_unknown(tmp_path: Path) -> None:
    found = origins(
        tmp_path,
        [
            {
                "tweet_id": "1845000000000000001",
                "author": "@ana",
                "lang": "en",
                "text": "so happy today",
                "place": "Ulm",
            },
            {"tweet_id": "1845000000000000003", "author": "", "lang": "nan", "text": "so sad today", "place": ""},
        ],
    )
    assert found.ids == ["1845000000000000001", "1845000000000000003"]
    assert found.authors == ["@ana", None]
    assert found.languages == ["en", None]
    assert found.extras == ['{"place": "Ulm"}', None]
    assert found.links == [None, None], "one column of X's is not enough to say that a file is"


@pytest.mark.parametrize(
    ("author", "link"),
    [
        ("ana_b", "https://x.com/ana_b/status/1845000000000000001"),
        ("@ana_b", "https://x.com/ana_b/status/1845000000000000001"),
        ("Ana B.", "https://x.com/i/web/status/1845000000000000001"),
        ("", "https://x.com/i/web/status/1845000000000000001"),
        ("../x", "https://x.com/i/web/status/1845000000000000001"),
    ],
)
def test_a_tweet_of_x_has_a_link_where_the_file_names_none(tmp_path: Path, author: str, link: str) -> None:
    row = {"tweet_id": "1845000000000000001", "screen_name": author, "full_text": "x", "text": "so happy today"}
    first = row | {"screen_name": "bob", "tweet_id": "1845000000000000002"}
    assert origins(tmp_path, [first, row]).links == ["https://x.com/bob/status/1845000000000000002", link]


def test_what_is_too_much_is_cut_and_counted(tmp_path: Path) -> None:
    row = {"text": "so happy today", "long": "é" * 3_000, **{f"c{number}": "y" * 900 for number in range(9)}, "z": "1"}
    found = origins(tmp_path, [row])
    (extras,) = found.extras
    assert extras is not None
    kept = json.loads(extras)
    assert len(extras.encode()) <= EXTRAS_BYTES
    assert kept["long"] == "é" * 1_000 + "…"
    assert kept["z"] == "1", "what is short has room after what is too long"
    assert kept[LEFT_OUT] == 1 + 9 - sum(f"c{number}" in kept for number in range(9))
    assert found.cut == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=40), min_size=1, max_size=8)
)
def test_short_cells_come_back_unchanged(tmp_path: Path, cells: list[str]) -> None:
    rows = [{"text": "so happy today", "remark": cell, "n": "1"} for cell in cells]
    for cell, extras in zip(cells, origins(tmp_path, rows).extras, strict=True):
        assert extras is not None
        assert json.loads(extras).get("remark", "") == cell
