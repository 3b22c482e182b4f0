"""What the app does by itself beside its pages: takes in its inbox, judges with new rules, forgets what is too old.

Besides, it asks the baseline for a second opinion on what is stored, which tells where models disagree.

Nothing here starts on its own: pages poke it, and it works in a thread while there is something to do.
"""

import logging
import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from core.access.actor import Actor
from core.clock import utc_now
from core.jobs import Job
from core.maintenance.inbox import Inbox, Taken
from core.services.intake import Intake
from core.services.review_desk import ReviewDesk

_LOG = logging.getLogger("affectra")
_ACTOR: Final = Actor("affectra")
_AUDIT: Final = re.compile(r"audit-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.parquet")
"""What an audit made by another process is called: it is known by its own id, and not by its content."""
_FORGETS_EVERY: Final = timedelta(hours=6)
_RESTS: Final = timedelta(minutes=1)
"""How long after a problem before it is tried again, so that it can be read and does not cost the machine's time."""


class Maintenance:
    """One for the process. Safe to poke from any thread, as often as one likes.

    Attributes:
        inbox: the folder from which scored files are taken in.
        job: what is being done or was done last, None before anything was.
    """

    def __init__(
        self,
        intake: Callable[[], Intake],
        inbox: Inbox,
        retain_days: int | None = None,
        review_desk: Callable[[], ReviewDesk] | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.inbox: Final = inbox
        self.job: Job[list[Taken]] | None = None
        self._intake = intake
        self._retain_days = retain_days
        self._now = now
        self._review_desk = review_desk
        self._forgot: datetime | None = None
        self._tried: datetime | None = None
        self._lock = threading.Lock()

    @property
    def running(self) -> bool:
        """Whether something is being done."""
        return self.job is not None and self.job.running

    @property
    def problems(self) -> list[str]:
        """What went wrong the last time, in words."""
        if self.job is None or self.running:
            return []
        failed = [str(self.job.error)] if self.job.error else []
        return [*failed, *(one.problem for one in self.job.result or [] if one.problem)]

    def poke(self) -> bool:
        """Begin what there is to do, unless it has begun; return whether something is being done now.

        After a problem it rests a minute.

        Raises:
            InputError: the inbox cannot be listed.
            StoreError: the store cannot be read.
        """
        with self._lock:
            if self.running:
                return True
            if self.problems and self._tried is not None and self._now() - self._tried < _RESTS:
                return False
            intake = self._intake()
            waiting, unjudged = self.inbox.waiting(), intake.count_to_judge()
            desk = self._review_desk() if self._review_desk else None
            unasked = desk.to_ask() if desk else 0
            unmatched = desk.without_twin() if desk else 0
            if not waiting and not unjudged and not unasked and not unmatched and not self._forgets_now():
                return False
            self._tried = self._now()
            todo = len(waiting) + unjudged + unmatched + unasked
            self.job = Job(lambda report, cancelled: self._work(intake, desk, report, cancelled), todo)
            return True

    def _forgets_now(self) -> bool:
        if self._retain_days is None:
            return False
        return self._forgot is None or self._now() - self._forgot >= _FORGETS_EVERY

    def _work(
        self,
        intake: Intake,
        desk: ReviewDesk | None,
        report: Callable[[int], None],
        cancelled: Callable[[], bool],
    ) -> list[Taken]:
        if self._retain_days is not None and self._forgets_now():
            self._forgot = self._now()
            if gone := intake.forget(self._retain_days):
                _LOG.info("%d predictions older than %d days were deleted", gone, self._retain_days)
        taken: list[Taken] = []

        def note(one: Taken) -> None:
            taken.append(one)
            report(len(taken))

        def keep(path: Path, batch: UUID, name: str) -> int:
            if audit := _AUDIT.fullmatch(name):
                return intake.take_in(path, UUID(audit[1]), name, _ACTOR, "audit")
            return intake.take_in(path, batch, name, _ACTOR)

        try:
            self.inbox.take_in(keep, note, cancelled)
        finally:
            # What is stored need not wait for a file that cannot be.
            judged = intake.judge_again(lambda rows: report(len(taken) + rows), cancelled)
            done = len(taken) + judged
            if desk is not None:
                done += desk.find_twins(lambda rows: report(done + rows), cancelled)
            if desk is not None and desk.to_ask():
                desk.ask_baseline(lambda rows: report(done + rows), cancelled)
        return taken
