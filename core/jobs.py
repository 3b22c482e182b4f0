"""Work that goes on while a page is drawn: one thread, a progress that can be asked for, and a cancel that works."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from core.errors import AffectraError, JobError

_LOG: Final = logging.getLogger("affectra")

T = TypeVar("T")

Progress = Callable[[int], None]
"""Told how many units are done."""
Cancelled = Callable[[], bool]
"""Asked whether the work is to stop."""


class Job(Generic[T]):
    """One run of `work` in a thread of its own.

    Attributes:
        total: units of work, known beforehand.
        done: units done so far.
        result: what `work` returned, None until then.
        error: what ended it early, None if nothing did.
    """

    def __init__(
        self,
        work: Callable[[Progress, Cancelled], T],
        total: int,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start at once.

        Args:
            work: called with a function to report how much is done and one to ask whether it was cancelled.
            timer: seconds of a clock that never goes back.
        """
        self.total = total
        self.done = 0
        self.result: T | None = None
        self.error: Exception | None = None
        self._timer = timer
        self._started = timer()
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(work,), name="affectra-job", daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[Progress, Cancelled], T]) -> None:
        try:
            self.result = work(self._report, self._cancelled.is_set)
        except AffectraError as error:  # whoever draws the job shows it
            self.error = error
        except Exception as error:
            _LOG.exception("A job failed")
            self.error = JobError("This failed for a reason that was not foreseen. The log has it; please try again.")
            self.error.__cause__ = error

    def _report(self, done: int) -> None:
        self.done = done

    def cancel(self) -> None:
        """Ask the work to stop; what was done by then stays."""
        self._cancelled.set()

    @property
    def cancelling(self) -> bool:
        """Whether a cancel was asked for."""
        return self._cancelled.is_set()

    @property
    def running(self) -> bool:
        """Whether the work goes on."""
        return self._thread.is_alive()

    @property
    def rate(self) -> float:
        """Units per second since the start; 0 before the first."""
        return self.done / max(self._timer() - self._started, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the rate so far, None before there is one."""
        return (self.total - self.done) / self.rate if self.done else None

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the work has ended, at most `timeout` seconds."""
        self._thread.join(timeout)
