import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.emotions import LABELS
from core.errors import InputError
from core.review.labelled_set import Decision, LabelledSet, resolve, side_of
from core.review.twins import twin_key

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


def said(text, labels, actor="Ada", minute=0):
    return Decision(text, tuple(labels.split()), actor, START + timedelta(minutes=minute))


def many(n=200):
    return [said(f"tweet number {number} of many", LABELS[number % 28], minute=number) for number in range(n)]


@pytest.fixture
def written(tmp_path):
    labelled = resolve([*many(40), said("no emotion at all", ""), said("two at once", "love joy")])
    labelled.write(tmp_path / "set.parquet")
    return labelled, tmp_path / "set.parquet"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What a DAY!", "day... what a"),
        ("déjà vu", "DEJA VU"),
        ("so so good", "good so"),
        ("@ana thanks", "thanks @ben"),
        ("good morning https://t.co/x", "good morning"),
        ("so happy 😀", "happy so 😀"),
        ("Straße", "STRASSE"),
    ],
)
def test_texts_of_the_same_words_are_one(one, other):
    assert twin_key(one) == twin_key(other)
    assert len(resolve([said(one, "joy"), said(other, "joy", "Ben")]).rows) == 1


@pytest.mark.parametrize(("one", "other"), [("😀", "😡"), ("!!", "??"), ("a day", "a night"), ("不好", "好")])
def test_texts_of_other_words_are_two(one, other):
    assert len(resolve([said(one, "joy"), said(other, "joy")]).rows) == 2


def test_each_persons_last_word_counts():
    found = resolve([said("well", "joy", minute=1), said("well", "anger", minute=2), said("Well!", "joy", "Ben")])
    (row,), (conflict,) = found.rows, found.conflicts
    assert row.labels == ("anger",), "the latest of a tie: Ada's first word does not count beside Ben's"
    assert conflict.rule == "latest"
    assert [(one.actor, one.labels) for one in conflict.decisions] == [
        ("Ben", ("joy",)),
        ("Ada", ("joy",)),
        ("Ada", ("anger",)),
    ]


def test_a_change_of_mind_is_listed():
    (conflict,) = resolve([said("well", "joy"), said("well", "anger", minute=1)]).conflicts
    assert (conflict.rule, conflict.held, conflict.text) == ("last word", ("anger",), "well")


def test_what_most_persons_gave_holds_against_a_later_word():
    found = resolve([said("well", "joy", "A"), said("well", "joy", "B", 1), said("WELL", "fear", "C", 2)])
    assert (found.rows[0].labels, found.rows[0].text) == (("joy",), "well")
    assert [(one.rule, one.held) for one in found.conflicts] == [("most persons", ("joy",))]


def test_the_order_of_labels_is_no_conflict():
    found = resolve([said("well", "love joy", "A"), said("well", "joy love", "B")])
    assert found.rows[0].labels == ("joy", "love")
    assert found.conflicts == ()


def test_an_unknown_emotion_is_named():
    with pytest.raises(InputError, match="No emotion named 'hunger'"):
        resolve([said("well", "hunger")])


@given(st.data())
def test_the_order_of_decisions_decides_nothing(data):
    decisions = data.draw(
        st.lists(
            st.builds(
                said,
                st.sampled_from(["a day", "A day!", "day a", "another"]),
                st.sampled_from(["joy", "anger", "", "joy love"]),
                st.sampled_from(["A", "B", "C"]),
                st.integers(0, 2),
            ),
            max_size=12,
        )
    )
    found, shuffled = resolve(decisions), resolve(data.draw(st.permutations(decisions)))
    assert found == shuffled
    assert len(found.rows) == len({twin_key(one.text) for one in decisions})
    for conflict in found.conflicts:
        assert len({one.labels for one in conflict.decisions}) > 1
        assert conflict.held in {one.labels for one in conflict.decisions}


def test_the_version_follows_from_the_rows_alone():
    decisions = many()
    labelled = resolve(decisions)
    random.Random(1).shuffle(decisions)  # noqa: S311
    assert resolve(decisions).version == labelled.version == LabelledSet(labelled.rows[::-1]).version
    assert len(labelled.version) == 12
    assert resolve([*decisions, said("one more", "joy")]).version != labelled.version
    assert resolve([*decisions, said("tweet number 5 of many", "joy", minute=900)]).version != labelled.version


def test_a_fifth_is_held_back_and_no_row_changes_its_side():
    before = {row.text: row.split for row in resolve(many(900)).rows}
    assert 135 < list(before.values()).count("held back") < 225
    later = [*many(1100), *(said(f"number {n} MANY of tweet", "anger", "Ben", 9999) for n in range(1000))]
    after = {twin_key(row.text): row.split for row in resolve(later).rows}
    assert len(after) == 1100
    assert all(after[twin_key(text)] == split for text, split in before.items())


def test_the_side_of_a_text_is_the_same_for_ever():
    sides = [side_of(twin_key(text)) for text in ("good morning", "thank you", "what a day", "i hate this", "so sad")]
    assert sides == ["learn", "held back", "learn", "learn", "learn"]


def test_a_set_reads_back(written):
    labelled, path = written
    assert LabelledSet.read(path) == labelled
    table = pq.read_table(path)
    assert table.column_names == ["text", "emotions", "split", "tweet_id"]
    assert "joy|love" in table["emotions"].to_pylist()
    assert not path.with_name("set.parquet.partial").exists()
    empty = resolve([])
    empty.write(path)
    assert LabelledSet.read(path) == empty


def test_a_text_keeps_the_id_of_its_tweet_and_a_set_of_before_ids_reads_on(tmp_path):
    one = Decision("so happy", ("joy",), "ana", START, "1845000000000000001")
    labelled = resolve([one])
    labelled.write(tmp_path / "set.parquet")
    assert LabelledSet.read(tmp_path / "set.parquet").rows[0].tweet_id == "1845000000000000001"
    assert labelled.version != resolve([replace(one, tweet_id="")]).version
    older = resolve([replace(one, tweet_id="")])
    older.write(tmp_path / "older.parquet")
    table = pq.read_table(tmp_path / "older.parquet")
    pq.write_table(
        table.drop_columns("tweet_id").replace_schema_metadata(table.schema.metadata), tmp_path / "older.parquet"
    )
    assert LabelledSet.read(tmp_path / "older.parquet") == older


def test_texts_that_are_no_text_are_kept(tmp_path):
    labelled = resolve([said("\ud800 broken", "joy"), said("", "neutral"), said("a|b\n\x00c", "fear")])
    labelled.write(tmp_path / "set.parquet")
    assert LabelledSet.read(tmp_path / "set.parquet") == labelled


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"No labelled set .*nothing\.parquet"):
        LabelledSet.read(tmp_path / "nothing.parquet")


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        resolve(many(3)).write(tmp_path / "file" / "set.parquet")


@pytest.mark.parametrize("damage", ["empty", "cut", "text", "flipped"])
def test_a_damaged_file_is_named(written, damage):
    _, path = written
    whole = path.read_bytes()
    places = range(4, len(whole), 97) if damage == "flipped" else [0]
    for place in places:
        flipped = bytes([*whole[:place], whole[place] ^ 0xFF, *whole[place + 1 :]])
        path.write_bytes({"empty": b"", "cut": whole[:-20], "text": b"text,emotions\n", "flipped": flipped}[damage])
        try:
            found = LabelledSet.read(path)
        except InputError as error:
            assert "set.parquet" in str(error)  # noqa: PT017
            assert "Write the labelled set again" in str(error) or "written from the reviews" in str(error)  # noqa: PT017
        else:
            assert damage == "flipped", "a byte that nothing reads"
            assert found == written[0]


@pytest.mark.parametrize(
    ("column", "value", "complaint"),
    [
        ("text", "another", "was changed since"),
        ("emotions", "joy", "was changed since"),
        ("emotions", "hunger", "row 1: No emotion named 'hunger'"),
        ("split", "test", "its split is 'test'"),
        ("text", None, "row 1: it lacks a value"),
        ("more", "x", "is no labelled set: it has the columns text, emotions, split, tweet_id, more"),
    ],
)
def test_a_foreign_or_edited_file_is_named(written, column, value, complaint):
    _, path = written
    table = pq.read_table(path)
    columns = table.to_pydict()
    columns[column] = [value, *columns.get(column, [value] * len(table))[1:]]
    pq.write_table(pa.table(columns).replace_schema_metadata(table.schema.metadata), path)
    with pytest.raises(InputError, match=complaint):
        LabelledSet.read(path)
    pq.write_table(table.replace_schema_metadata(None), path)
    with pytest.raises(InputError, match="is no labelled set"):
        LabelledSet.read(path)


def test_a_row_on_the_wrong_side_is_named(written):
    labelled, path = written
    swapped = {"learn": "held back", "held back": "learn"}
    rows = tuple(type(row)(row.text, row.labels, swapped[row.split]) for row in labelled.rows)
    LabelledSet(rows).write(path)
    with pytest.raises(InputError, match="where its words do not put it"):
        LabelledSet.read(path)
