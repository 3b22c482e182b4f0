"""The composition root: wires settings, models and store together, once per process.

The only core module with streamlit in it.
"""

import atexit
import logging
from pathlib import Path

import streamlit as st

from core.actor import Actor
from core.classifier import Classifier, load
from core.errors import InputError
from core.service import Service
from core.settings import settings
from core.store import Store

_LOG = logging.getLogger("affectra")


@st.cache_resource(show_spinner="Loading the model …", max_entries=8)
def classifier(folder: Path, threads: int) -> Classifier:
    """Return the model in `folder`, loaded once and warm."""
    model = load(folder, threads)
    model.scores(["warm up"])
    return model


@st.cache_resource(show_spinner="Opening the store …", max_entries=1, on_release=Store.close)
def store(path: Path, memory_limit: str) -> Store:
    """Return the open store; a new one starts with the sample tweets."""
    opened = Store(path, memory_limit)
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


def service() -> Service:
    """Return the use cases over the serving model. Cheap: what is heavy is cached."""
    chosen = settings()
    return Service(
        classifier=classifier(chosen.model_folder(chosen.model), chosen.threads),
        baseline=lambda: classifier(chosen.model_folder(chosen.baseline), chosen.threads),
        store=lambda: store(chosen.database, chosen.memory_limit),
    )


def actor() -> Actor:
    """Return who sits before the screen: one local owner, until there is a sign-in."""
    return Actor(settings().actor)
