"""The use cases of comparing models: read the board, what a run left, and two runs head to head.

MLflow is slow to start and slower to read, so what a SQLite store held is kept beside it, for as long as its file does
not change: then a page needs no MLflow at all.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import InputError, TrackingError
from core.experiments import evidence, tracking
from core.experiments.head_to_head import HeadToHead, compare_runs
from core.experiments.leaderboard import Candidate, Move
from core.experiments.run import RunFacts, trainings
from core.experiments.tracking import Registry
from core.experiments.tracking.client import SQLITE, database_file, state_of
from core.inference.serving import Installed
from core.jobs import Job
from core.services.model_tracker import ModelTracker

if TYPE_CHECKING:
    from core.experiments.tracking.client import Client

_FRESH: Final = 30.0
"""Seconds for which a server's answer is taken as it was."""
_LOG = logging.getLogger("affectra")


T = TypeVar("T")


class _Held(BaseModel):
    """What a tracker held, and of what that is true.

    Attributes:
        of: the state of the tracker's file; empty for a server.
        prepared_for: the exported runs and the installed models that were looked at.
        warnings: what could not be taken in, in words.
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")
    of: str
    prepared_for: str
    runs: list[RunFacts]
    registry: Registry
    warnings: list[str]


@dataclass(frozen=True)
class Board:
    """All that the comparison page draws, as it was at one moment.

    Attributes:
        runs: every finished run, oldest first, those that measured speed alone included.
        candidates: what can be promoted, and what was, by name and version.
        moves: the promotions, newest first.
        warnings: what is amiss, in words.
        stale: whether the tracker has changed since, and is being read again.
    """

    runs: tuple[RunFacts, ...]
    registry: Registry
    candidates: tuple[Candidate, ...]
    moves: tuple[Move, ...]
    warnings: tuple[str, ...] = ()
    stale: bool = False

    @property
    def trainings(self) -> list[RunFacts]:
        """The runs that trained a model."""
        return trainings(self.runs)

    @property
    def champion(self) -> Candidate | None:
        """What the registry says serves."""
        return next((one for one in self.candidates if one.champion), None)

    @property
    def last_move(self) -> Move | None:
        """How the champion came to be; None where the alias was moved in MLflow itself."""
        newest = self.moves[0] if self.moves else None
        return newest if newest is not None and newest.to_number == self.registry.champion else None

    @property
    def previous(self) -> Candidate | None:
        """The champion before this one: what a roll-back brings back."""
        champion = self.registry.champion
        for promotion in reversed(self.registry.promotions):
            if promotion.to == champion and promotion.came_from not in {0, champion}:
                return next((one for one in self.candidates if one.number == promotion.came_from), None)
        return None


@dataclass(frozen=True)
class Evidence:
    """What a run left of its test split; None where it left nothing of the kind.

    Attributes:
        labels: figures by label, columns `core.experiments.evidence.LABEL_COLUMNS`.
        curves: see `core.experiments.evidence.read_curves`.
        reliability: columns `core.experiments.evidence.RELIABILITY_COLUMNS`.
    """

    labels: pd.DataFrame | None = None
    curves: pd.DataFrame | None = None
    reliability: pd.DataFrame | None = None


@dataclass
class ModelBoard:
    """What the comparison page draws, read from one tracker.

    Attributes:
        runs_dir: exported runs that a new local tracker starts with.
    """

    tracker: ModelTracker
    runs_dir: Path
    timer: Callable[[], float] = time.monotonic
    _held: _Held | None = None
    _read_at: float = 0.0
    _refresh: Job[Board] | None = None
    _evidence: dict[tuple[str, str], Any] = field(default_factory=dict)
    _compared: dict[tuple[str, str], HeadToHead] = field(default_factory=dict)

    def board(self, *, again: bool = False, at_once: bool = False) -> Board:
        """Return the board. The first time on a machine, the tracker is made and the exported runs are taken in.

        Args:
            again: do not take a server's answer of a moment ago.
            at_once: where the tracker has changed, return what it held before as a stale board and read it again in the
                background, until `refreshing` is False. What was changed here is never missing.

        Raises:
            TrackingError: the tracker cannot be used or reached.
        """
        here = self.tracker.installed()
        if at_once and not self.tracker.changed_here and (known := self._stale(here)) is not None:
            job = self._refresh
            if job is None or job.error is None:
                if job is None or not job.running:
                    self._refresh = Job(lambda _report, _cancelled: self.board(again=True), total=1)
                return self._board(known, here, known.warnings, stale=True)
            self._refresh = None  # it failed: the next one to ask gets the error
        # Together: what is followed must not be older than a promotion of the moment between.
        with self.tracker.lock:
            held = self._current(here, again=again)
            warnings = [*held.warnings, *self.tracker.follow(held.registry)]
        return self._board(held, here, warnings)

    def evidence(self, run: RunFacts) -> Evidence:
        """Return what a run left of its test split.

        Raises:
            TrackingError: the tracker cannot be reached, or a file of the run is damaged.
        """
        return Evidence(
            labels=self._left(run, evidence.LABELS_FILE, evidence.read_labels),
            curves=self._left(run, evidence.CURVES_FILE, evidence.read_curves),
            reliability=self._left(run, evidence.RELIABILITY_FILE, evidence.read_reliability),
        )

    def compare_runs(self, first: RunFacts, second: RunFacts) -> HeadToHead:
        """Compare two runs, text by text.

        Raises:
            InputError: one left no decisions, or they are of other texts.
            TrackingError: as `evidence` has it.
        """
        if known := self._compared.get((first.id, second.id)):
            return known
        decisions = []
        for run in (first, second):
            found = self._left(run, evidence.DECISIONS_FILE, evidence.read_decisions)
            if found is None:
                raise InputError(
                    f"{run.name} left no decisions on test, so it cannot be compared text by text. Measure it again "
                    f"with `python -m models evaluate {run.model or 'MODEL'} --log`."
                )
            decisions.append(found)
        compared = compare_runs(first.name, second.name, *decisions)
        if compared is None:
            raise InputError(
                f"{first.name} and {second.name} were measured on different texts. Choose two runs of one test split."
            )
        self._compared[first.id, second.id] = compared
        return compared

    def _left(self, run: RunFacts, name: str, read: Callable[[str], T]) -> T | None:
        """Return a file of a run, read once for as long as the tracker does not change."""
        if (run.id, name) not in self._evidence:
            text = tracking.read_text(run, name, self.tracker.uri)
            self._evidence[run.id, name] = read(text) if text else None
        found: T | None = self._evidence[run.id, name]
        return found

    def _wanted(self, here: Sequence[Installed]) -> str:
        """Return what must have been looked at: the exported runs, and the models on this machine."""
        return _digest(
            *(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in self._run_files()),
            *(f"{one.folder.name} {one.fingerprint}" for one in here),
        )

    def _stale(self, here: Sequence[Installed]) -> _Held | None:
        """Return what is known of the tracker if that is out of date, None if it is not, or nothing is known."""
        known = self._known()
        return known if known is not None and not self._is_fresh(known, here) else None

    def _known(self) -> _Held | None:
        """Return what was read last: by this process, else what an earlier one kept, which is read in once."""
        if self._held is None and (kept := self._kept()) is not None:
            self._take(kept)
        return self._held

    def _is_fresh(self, held: _Held, here: Sequence[Installed]) -> bool:
        if self.tracker.changed_here:
            return False
        state = state_of(self.tracker.uri)
        if not state:
            return self.timer() - self._read_at <= _FRESH
        return held.of == state and held.prepared_for == self._wanted(here)

    def _current(self, here: Sequence[Installed], *, again: bool) -> _Held:
        held = self._known()
        local = bool(state_of(self.tracker.uri))
        if held is not None and self._is_fresh(held, here) and (local or not again):
            return held
        held = self._read(here, self._wanted(here), prepare=local)
        self.tracker.changed_here = False
        self._take(held)
        if local and not held.warnings:  # what went wrong is tried again by the next process
            self._keep(held)
        return held

    def _take(self, held: _Held) -> None:
        self._held, self._read_at = held, self.timer()
        self._evidence.clear()
        self._compared.clear()

    def _read(self, here: Sequence[Installed], wanted: str, *, prepare: bool) -> _Held:
        warnings: list[str] = []
        # Taken before the reading: what is written meanwhile makes it stale, not lost.
        state = state_of(self.tracker.uri)
        with self.tracker.connect() as client:
            runs, registry = tracking.read_runs(client), tracking.read_registry(client)
            # Into a server that others use, nothing is written by looking at it.
            if prepare and self._prepare(client, here, runs, registry, warnings):
                state = state_of(self.tracker.uri)
                runs, registry = tracking.read_runs(client), tracking.read_registry(client)
        return _Held(of=state, prepared_for=wanted, runs=runs, registry=registry, warnings=warnings)

    def _prepare(
        self,
        client: "Client",
        here: Sequence[Installed],
        runs: list[RunFacts],
        registry: Registry,
        warnings: list[str],
    ) -> bool:
        """Take in exported runs, register what is installed, choose a first champion; return whether any was new."""
        new = False
        try:
            if tracking.import_runs(self.runs_dir, self.tracker.uri, known={run.origin for run in runs}):
                new, runs = True, tracking.read_runs(client)
        except TrackingError as error:
            warnings.append(str(error))
        registered = {(one.model, one.fingerprint) for one in registry.versions}
        for model in here:
            if (model.manifest.name, model.fingerprint) not in registered:
                self.tracker.register(client, model, runs)
                new = True
        return (registry.champion is None and self.tracker.choose_first(client, here)) or new

    @property
    def refreshing(self) -> bool:
        """Whether the tracker is being read in the background."""
        return self._refresh is not None and self._refresh.running

    def _board(self, held: _Held, here: Sequence[Installed], warnings: Sequence[str], *, stale: bool = False) -> Board:
        registry = held.registry
        folders = {one.fingerprint: one for one in here}
        candidates = [
            Candidate(
                model=one.model,
                version=one.version,
                fingerprint=one.fingerprint,
                family=one.facts.get("family", "unknown"),
                base=one.facts.get("base", "unknown"),
                number=one.number,
                folder=folders[one.fingerprint].folder.name if one.fingerprint in folders else None,
                champion=one.number == registry.champion,
                macro_f1=_number(one.facts.get("test_emotion_macro_f1")),
                mb=_number(one.facts.get("bytes")) / 1e6,
                facts=one.facts,
            )
            for one in registry.versions
        ]
        registered = {one.fingerprint for one in registry.versions}
        candidates += [
            Candidate(
                model=one.manifest.name,
                version=one.manifest.version,
                fingerprint=one.fingerprint,
                family=one.manifest.family,
                base=one.manifest.base or "none",
                number=None,
                folder=one.folder.name,
                champion=False,
                macro_f1=one.manifest.metrics.get("test_emotion_macro_f1", float("nan")),
                mb=one.manifest.bytes / 1e6,
            )
            for one in here
            if one.fingerprint not in registered
        ]
        labels = {one.number: one.label for one in registry.versions} | {0: "–"}
        moves = tuple(
            Move(
                at=one.at.astimezone(UTC).replace(tzinfo=None),
                by=one.by,
                why=one.why,
                came_from=labels.get(one.came_from, f"version {one.came_from}"),
                to=labels.get(one.to, f"version {one.to}"),
                to_number=one.to,
            )
            for one in reversed(registry.promotions)
        )
        order = sorted(candidates, key=lambda one: (one.model, len(one.version), one.version))
        return Board(tuple(held.runs), registry, tuple(order), moves, tuple(warnings), stale)

    def _run_files(self) -> list[Path]:
        return sorted(self.runs_dir.glob("*.json"))

    def _snapshot(self) -> Path:
        database = database_file(self.tracker.uri)
        return database.with_name(f"{database.name}.board.json")

    def _kept(self) -> _Held | None:
        if not self.tracker.uri.startswith(SQLITE):
            return None
        try:
            return _Held.model_validate_json(self._snapshot().read_bytes())
        except (OSError, ValidationError):
            return None

    def _keep(self, held: _Held) -> None:
        path = self._snapshot()
        partial = path.with_name(f"{path.name}.partial")
        try:
            partial.write_text(held.model_dump_json(), encoding="utf-8")
            partial.replace(path)
        except OSError as error:  # slower next time, and no worse
            _LOG.warning("The board cannot be kept in %s: %s", path, error)


def _number(text: str | None) -> float:
    """Read a number out of a tag that anybody may have edited; NaN if it is none."""
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
