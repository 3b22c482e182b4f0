from datetime import UTC, datetime, timedelta

from core.ids import batch_ids, new_id

NOW = datetime(2026, 5, 1, 12, 30, 15, 678_000, tzinfo=UTC)


def test_an_id_carries_its_moment_version_and_variant() -> None:
    made = new_id(NOW)
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == int(NOW.timestamp() * 1000)
    assert new_id(NOW) != new_id(NOW)
    assert new_id(NOW) < new_id(NOW + timedelta(milliseconds=1))


def test_the_ids_of_a_batch_sort_as_they_are_numbered() -> None:
    ids = [*batch_ids(NOW, 0, 5_000), *batch_ids(NOW, 5_000, 5_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 10_000
    assert {made.version for made in ids} == {7}
    assert {made.variant for made in ids} == {"specified in RFC 4122"}
    assert {made.int >> 80 for made in ids} == {int(NOW.timestamp() * 1000)}
    assert max(batch_ids(NOW, 2**30 - 1, 1)) < min(batch_ids(NOW + timedelta(milliseconds=1), 0, 1))
