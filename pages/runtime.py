"""The composition root: wires settings, models and store together, once per process.

The only core module with streamlit in it.
"""

import atexit
import logging
from datetime import datetime
from pathlib import Path

import streamlit as st

from core.access.actor import Actor
from core.errors import InputError, ModelError
from core.experiments import cost
from core.inference.classifier import Classifier, load, read_manifest
from core.inference.serving import choices
from core.maintenance.inbox import Inbox
from core.maintenance.worker import Upkeep
from core.rules import Rules
from core.services.cost_runs import CostRuns
from core.services.explorer import Explorer
from core.services.feedback_insights import FeedbackInsights
from core.services.model_board import ModelBoard
from core.services.model_tracker import ModelTracker
from core.services.predictor import Service, utc_now
from core.services.promotion import ModelPromotion
from core.services.review_desk import ReviewDesk
from core.settings import settings
from core.store import Store
from core.store.explorer import ExplorerQueries

_LOG = logging.getLogger("affectra")


@st.cache_resource(show_spinner="Loading the model …", max_entries=8)
def classifier(folder: Path, stamp: int, threads: int) -> Classifier:
    """Return the model in `folder`, loaded once and warm; `stamp` changes where another model takes its place."""
    del stamp
    model = load(folder, threads)
    model.scores(["warm up"])
    return model


@st.cache_resource(show_spinner=False, max_entries=2)
def _rules(path: Path, stamp: int) -> Rules:
    del stamp
    return Rules.read(path)


def rules() -> Rules:
    """Return the rules of the context audit, read anew where their file was edited.

    Raises:
        InputError: the file is missing or damaged.
    """
    path = settings().rules
    return _rules(path, path.stat().st_mtime_ns if path.exists() else 0)


@st.cache_resource(show_spinner="Opening the store …", max_entries=1, on_release=Store.close)
def store(path: Path) -> Store:
    """Return the open store; a new one starts with the sample tweets."""
    chosen = settings()
    opened = Store(path, chosen.memory_limit, temp_directory=chosen.temp_dir, query_seconds=chosen.query_seconds)
    try:
        service().add_samples(opened, settings().sample_tweets)
    except InputError as error:
        _LOG.warning("The store starts without sample tweets: %s", error)
    except BaseException:
        opened.close()
        raise
    # When the process ends, nothing releases what is cached.
    atexit.register(opened.close)
    return opened


@st.cache_resource(show_spinner=False, max_entries=1)
def _exploring(path: Path, _opened: Store) -> Explorer:
    del path
    return Explorer(ExplorerQueries(_opened))


def exploring() -> Explorer:
    """Return the use cases of looking at many predictions.

    Raises:
        StoreError: the store cannot be opened.
    """
    return _exploring(settings().database, store(settings().database))


@st.cache_resource(show_spinner=False, max_entries=1)
def _reviewing(path: Path, _opened: Store) -> ReviewDesk:
    del path
    baseline = settings().model_folder(settings().baseline)
    # Loaded in a thread of its own, where nothing of Streamlit's can be asked.
    return ReviewDesk(_opened, lambda: load(baseline, settings().threads), lambda: read_manifest(baseline).label)


def reviewing() -> ReviewDesk:
    """Return the use cases of reviewing.

    Raises:
        StoreError: the store cannot be opened.
    """
    return _reviewing(settings().database, store(settings().database))


def sayings() -> FeedbackInsights:
    """Return the use cases of listening to what people said. They remember their answers where `exploring` does.

    Raises:
        StoreError: the store cannot be opened.
    """
    return FeedbackInsights(store(settings().database), exploring())


@st.cache_resource(show_spinner=False, max_entries=1)
def _upkeep(database: Path, inbox: Path) -> Upkeep:
    del database  # another store has an upkeep of its own
    return Upkeep(service, Inbox(inbox), settings().retain_days, reviewing=reviewing)


def upkeep() -> Upkeep:
    """Return what the app does by itself: take in its inbox, judge what the present rules have not, forget the old."""
    return _upkeep(settings().database, settings().inbox)


def service() -> Service:
    """Return the use cases over the model that serves now. Cheap: what is heavy is cached.

    Ask for it anew in every run of a page or a fragment: another model may have been promoted meanwhile.

    Raises:
        ModelError: no model can be loaded.
    """
    model, notice = _serving()
    judge: Rules | None = None
    try:
        judge = rules()
    except InputError as error:
        # A slip in a file that people edit must not stop the reading.
        notice = f"{notice} {error} Until then, nothing is flagged.".strip()
    return Service(
        classifier=model,
        baseline=lambda: _loaded(settings().model_folder(settings().baseline)),
        store=lambda: store(settings().database),
        rules=judge,
        private=settings().private,
        notice=notice,
    )


def _serving() -> tuple[Classifier, str]:
    """Return the champion; where it cannot be loaded, the last good one, and why it is that one."""
    problems: list[ModelError] = []
    reason = ""
    for choice in choices(settings()):
        reason = reason or choice.instead_of
        try:
            model = _loaded(choice.folder)
        except ModelError as error:
            problems.append(error)
            reason = reason or str(error)
            continue
        return model, f"{reason} Until then, {model.info.label} serves." if reason else ""
    raise problems[0]


def _loaded(folder: Path) -> Classifier:
    try:
        stamp = (folder / "manifest.json").stat().st_mtime_ns
    except OSError:
        stamp = 0  # a checkpoint that was dropped in, or nothing at all: loading it says which
    return classifier(folder, stamp, settings().threads)


@st.cache_resource(show_spinner=False, max_entries=4)
def _models(
    uri: str, runs: Path, models: Path, serving_file: Path, pinned: Path | None
) -> tuple[ModelBoard, ModelPromotion, CostRuns]:
    tracker = ModelTracker(uri, models, serving_file, pinned)
    return ModelBoard(tracker, runs), ModelPromotion(tracker, _loaded), CostRuns(tracker, cost.measure)


def _of_settings() -> tuple[ModelBoard, ModelPromotion, CostRuns]:
    chosen = settings()
    pinned = chosen.model_folder(chosen.model) if chosen.model is not None else None
    return _models(chosen.tracking_uri, chosen.runs_dir, chosen.models_dir, chosen.serving_file, pinned)


def model_board() -> ModelBoard:
    """Return the use cases of comparing models."""
    return _of_settings()[0]


def promotion() -> ModelPromotion:
    """Return the use case of promoting a model."""
    return _of_settings()[1]


def cost_runs() -> CostRuns:
    """Return the use case of measuring what reading costs."""
    return _of_settings()[2]


def now() -> datetime:
    """Return the present moment in UTC."""
    return utc_now()


def actor() -> Actor:
    """Return who sits before the screen: one local owner, until there is a sign-in."""
    return Actor(settings().actor)
