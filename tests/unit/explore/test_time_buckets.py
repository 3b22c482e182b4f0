from datetime import UTC, datetime, timedelta

import pytest

from core.explore.time_buckets import ORIGIN, bucket_for, floor

MIDNIGHT = datetime(2026, 5, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "bucket"),
    [
        (timedelta(minutes=20), timedelta(minutes=1)),
        (timedelta(hours=24), timedelta(hours=1)),
        (timedelta(days=7), timedelta(hours=6)),
        (timedelta(days=30), timedelta(days=1)),
        (timedelta(days=90), timedelta(days=1)),
        (timedelta(days=365), timedelta(days=7)),
        (timedelta(days=20 * 365), timedelta(days=84)),
    ],
)
def test_the_bucket_suits_the_period(span: timedelta, bucket: timedelta) -> None:
    assert bucket_for(MIDNIGHT, MIDNIGHT + span) == bucket


@pytest.mark.parametrize("bucket", [timedelta(minutes=5), timedelta(days=1), timedelta(days=7)])
def test_buckets_follow_each_other_from_a_monday(bucket: timedelta) -> None:
    assert ORIGIN.weekday() == 0
    begun = floor(MIDNIGHT + timedelta(days=3, hours=5), bucket)
    assert begun <= MIDNIGHT + timedelta(days=3, hours=5) < begun + bucket
    assert (begun - ORIGIN) % bucket == timedelta()
