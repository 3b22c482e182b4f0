"""The composition root: wires settings, models, rules and store into the use cases, once per process.

Pages, the command line and tests all wire through `App`; nothing of Streamlit is known here. What is heavy is made when
it is first asked for, and kept: a page that needs no store leaves it closed, and a store that another process holds
leaves predicting possible.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.access.actor import Actor
from core.clock import utc_now
from core.errors import InputError, ModelError
from core.inference.classifier import Classifier, load, read_manifest
from core.inference.serving import choices
from core.rules import Rules
from core.rules.flags import Judge
from core.services.feedback import FeedbackBook
from core.services.intake import Intake
from core.services.predictor import Predictor
from core.services.saved_views import SavedViews
from core.services.scoring import Scorer
from core.settings import Settings
from core.store import Store

if TYPE_CHECKING:
    from core.maintenance.worker import Maintenance
    from core.services.cost_runs import CostRuns
    from core.services.explorer import Explorer
    from core.services.feedback_insights import FeedbackInsights
    from core.services.model_board import ModelBoard
    from core.services.model_tracker import ModelTracker
    from core.services.promotion import ModelPromotion
    from core.services.review_desk import ReviewDesk

# Imports stand in the methods where they bring pandas along: scoring a file on the command line needs none of it.
_LOG = logging.getLogger("affectra")

Busy = Callable[[str], AbstractContextManager[object]]
"""Tells a person, while its block lasts, what takes a moment."""


def load_warm(folder: Path, threads: int) -> Classifier:
    """Load the model in `folder` and let it read once: the first reading takes longer than all others.

    Raises:
        ModelError: as `load` has it.
    """
    model = load(folder, threads)
    model.scores(["warm up"])
    return model


class App:
    """The use cases over one set of settings. Safe to share between threads.

    Attributes:
        settings: what a person has set.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        load_model: Callable[[Path, int], Classifier] = load_warm,
        open_store: Callable[[], Store] | None = None,
        read_rules: Callable[[Path], Judge] = Rules.read,
        now: Callable[[], datetime] = utc_now,
        timer: Callable[[], float] = time.perf_counter,
        busy: Busy = nullcontext,
    ) -> None:
        """Take the settings, and what stands in for models, store, rules and clock where they are not the real ones.

        Args:
            load_model: a model folder and a number of threads to a model.
            open_store: opens the store; None opens that of the settings, which starts with the sample tweets.
            read_rules: the file of rules to what judges by them.
            timer: seconds for the latency of a prediction.
            busy: tells a person what takes a moment.
        """
        self.settings: Final = settings
        self._load_model = load_model
        self._open_store = open_store or self._open_own_store
        self._read_rules = read_rules
        self._now = now
        self._timer = timer
        self._busy = busy
        self._models: dict[tuple[Path, int], Classifier] = {}
        self._rules: tuple[int, Judge] | None = None
        self._store: Store | None = None
        self._loading = threading.RLock()
        self._opening = threading.RLock()

    @property
    def actor(self) -> Actor:
        """Who acts: one local owner, until there is a sign-in."""
        return Actor(self.settings.actor)

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return self._now()

    @property
    def predictor(self) -> Predictor:
        """The model that serves now. Cheap: ask for it at each reading, since another may have been promoted meanwhile.

        Raises:
            ModelError: no model can be loaded.
        """
        model, notice = self._serving()
        rules, problem = self._present_rules()
        return Predictor(
            model,
            lambda: self.model(self.settings.model_folder(self.settings.baseline)),
            rules=rules,
            now=self._now,
            timer=self._timer,
            notice=f"{notice} {problem}".strip(),
        )

    def predictor_of(self, folder: Path) -> Predictor:
        """Return a predictor over the model in `folder`, whatever serves, with rules that must be sound.

        Raises:
            ModelError: it cannot be loaded.
            InputError: the rules cannot be read.
        """
        rules = self._read_rules(self.settings.rules)
        return Predictor(self.model(folder), lambda: self.model(folder), rules=rules, now=self._now)

    @property
    def scorer(self) -> Scorer:
        """What scores files with the model that serves.

        Raises:
            ModelError: no model can be loaded.
        """
        return self.scorer_of(self.predictor)

    def scorer_of(self, predictor: Predictor) -> Scorer:
        """Return what scores files with a predictor."""
        return Scorer(predictor, private=self.settings.private, now=self._now)

    @property
    def intake(self) -> Intake:
        """What records predictions, and takes in files.

        Raises:
            ModelError: no model can be loaded.
        """
        return Intake(self.predictor, self.store, private=self.settings.private, now=self._now)

    @cached_property
    def feedback(self) -> FeedbackBook:
        """What takes thumbs."""
        return FeedbackBook(self.store, self._now)

    @cached_property
    def saved_views(self) -> SavedViews:
        """The saved views."""
        return SavedViews(self.store, self._now)

    @cached_property
    def explorer(self) -> "Explorer":
        """Questions about many predictions.

        Raises:
            StoreError: the store cannot be opened.
        """
        from core.services.explorer import Explorer
        from core.store.explorer import ExplorerQueries

        return Explorer(ExplorerQueries(self.store()), self.store())

    @cached_property
    def review_desk(self) -> "ReviewDesk":
        """The desk of moderators.

        Raises:
            StoreError: the store cannot be opened.
        """
        from core.services.review_desk import ReviewDesk

        baseline = self.settings.model_folder(self.settings.baseline)
        return ReviewDesk(self.store(), lambda: self.model(baseline), lambda: read_manifest(baseline).label, self._now)

    @cached_property
    def feedback_insights(self) -> "FeedbackInsights":
        """What people said, counted.

        Raises:
            StoreError: the store cannot be opened.
        """
        from core.services.feedback_insights import FeedbackInsights

        return FeedbackInsights(self.store(), self.explorer)

    @cached_property
    def model_tracker(self) -> "ModelTracker":
        """The tracker and the models on this machine, which board, promotion and cost runs share."""
        from core.services.model_tracker import ModelTracker

        chosen = self.settings
        pinned = chosen.model_folder(chosen.model) if chosen.model is not None else None
        return ModelTracker(chosen.tracking_uri, chosen.models_dir, chosen.serving_file, pinned, self._now)

    @cached_property
    def model_board(self) -> "ModelBoard":
        """Comparing models."""
        from core.services.model_board import ModelBoard

        return ModelBoard(self.model_tracker, self.settings.runs_dir)

    @cached_property
    def promotion(self) -> "ModelPromotion":
        """Choosing what serves."""
        from core.services.promotion import ModelPromotion

        return ModelPromotion(self.model_tracker, self.model)

    @cached_property
    def cost_runs(self) -> "CostRuns":
        """Measuring what predicting costs with each model."""
        from core.experiments import cost
        from core.services.cost_runs import CostRuns

        return CostRuns(self.model_tracker, cost.measure)

    @cached_property
    def maintenance(self) -> "Maintenance":
        """What happens without a page: the inbox, judging by new rules, retention."""
        from core.maintenance.inbox import Inbox
        from core.maintenance.worker import Maintenance

        return Maintenance(
            lambda: self.intake,
            Inbox(self.settings.inbox),
            self.settings.retain_days,
            lambda: self.review_desk,
            self._now,
        )

    def store(self) -> Store:
        """Return the open store.

        Raises:
            StoreError: it cannot be opened.
        """
        with self._opening:
            if self._store is None:
                with self._busy("Opening the store …"):
                    self._store = self._open_store()
            return self._store

    def model(self, folder: Path) -> Classifier:
        """Return the model in `folder`, loaded once and warm, and again where its files have changed.

        Raises:
            ModelError: it cannot be loaded.
        """
        try:
            stamp = (folder / "manifest.json").stat().st_mtime_ns
        except OSError:
            stamp = 0  # a checkpoint that was dropped in, or nothing at all: loading it says which
        with self._loading:
            if (folder, stamp) not in self._models:
                with self._busy("Loading the model …"):
                    model = self._load_model(folder, self.settings.threads)
                replaced = [key for key in self._models if key[0] == folder]
                for key in replaced:
                    del self._models[key]
                self._models[folder, stamp] = model
            return self._models[folder, stamp]

    def close(self) -> None:
        """Close the store, if it is open."""
        with self._opening:
            if self._store is not None:
                self._store.close()
                self._store = None

    def _open_own_store(self) -> Store:
        chosen = self.settings
        opened = Store(
            chosen.database,
            chosen.memory_limit,
            temp_directory=chosen.temp_dir,
            query_seconds=chosen.query_seconds,
        )
        try:
            self.intake.add_samples(opened, chosen.sample_tweets)
        except InputError as error:
            _LOG.warning("The store starts without sample tweets: %s", error)
        except BaseException:
            opened.close()
            raise
        return opened

    def _serving(self) -> tuple[Classifier, str]:
        """Return the champion; where it cannot be loaded, the last good one, and why it is that one."""
        problems: list[ModelError] = []
        reason = ""
        for choice in choices(self.settings):
            reason = reason or choice.instead_of
            try:
                model = self.model(choice.folder)
            except ModelError as error:
                problems.append(error)
                reason = reason or str(error)
                continue
            return model, f"{reason} Until then, {model.info.label} serves." if reason else ""
        raise problems[0]

    def _present_rules(self) -> tuple[Judge | None, str]:
        """Return the rules, read again where their file was edited, and what is wrong with it, if anything is.

        A slip in a file that people edit must not stop predicting, nor flagging: the last good rules go on.
        """
        path = self.settings.rules
        stamp = path.stat().st_mtime_ns if path.exists() else 0
        with self._loading:
            if self._rules is None or self._rules[0] != stamp:
                try:
                    self._rules = (stamp, self._read_rules(path))
                except InputError as error:
                    if self._rules is None:
                        return None, f"{error} Until then, nothing is flagged."
                    return self._rules[1], f"{error} Until then, the rules of before go on."
            return self._rules[1], ""
