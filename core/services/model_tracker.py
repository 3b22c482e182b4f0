"""One tracker and the models on this machine: what the board, promotions and cost runs share."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InputError, ModelError
from core.experiments import tracking
from core.experiments.run import RunFacts, trainings
from core.experiments.tracking import Promotion, Registry
from core.experiments.tracking.client import ANSWER, SQLITE
from core.inference import serving
from core.inference.serving import Champion, Installed

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from core.experiments.tracking.client import Client


@dataclass
class ModelTracker:
    """The tracker, the models that are installed, and which of them serves.

    Attributes:
        uri: the tracker.
        models_dir: the folder of model folders.
        serving_file: where the champion is remembered.
        pinned: the folder that the settings pin, if they do; then nothing can be promoted.
        answer_seconds: how long a tracking server has for one answer.
        lock: held while the tracker is read or its champion changes: what is followed must not be older than a
            promotion of the moment between.
        changed_here: whether this process promoted something since the board was last read.
    """

    uri: str
    models_dir: Path
    serving_file: Path
    pinned: Path | None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    answer_seconds: int = ANSWER
    lock: threading.Lock = field(default_factory=threading.Lock)
    changed_here: bool = False

    def connect(self) -> "AbstractContextManager[Client]":
        """Return a connection to the tracker.

        Raises:
            TrackingError: it cannot be used or reached.
        """
        return tracking.connect(self.uri, self.answer_seconds)

    def installed(self) -> list[Installed]:
        """Return the models on this machine."""
        return serving.installed(self.models_dir)

    def choose_first(self, client: "Client", here: Sequence[Installed]) -> bool:
        """Make the model that serves the first champion of a registry that has none; return whether one was made."""
        registry = tracking.read_registry(client)
        known = serving.read(self.serving_file).champions
        for model in here:
            wanted = known[-1].fingerprint == model.fingerprint if known else model.folder.name == serving.DEFAULT
            number = next((one.number for one in registry.versions if one.fingerprint == model.fingerprint), None)
            if wanted and number is not None:
                why = "It served when the registry was made."
                tracking.promote(client, Promotion(at=self.now(), by="affectra", why=why, came_from=0, to=number))
                return True
        return False

    def register(self, client: "Client", model: Installed, runs: Sequence[RunFacts]) -> int:
        """Register an installed model, and return the number of its version.

        Raises:
            InputError: the tracker is a server that holds no run of it.
            TrackingError: the tracker refuses.
        """
        manifest = model.manifest
        made_by = [run for run in trainings(runs) if run.fingerprint == manifest.fingerprint]
        if not made_by and not self.uri.startswith(SQLITE):
            raise InputError(
                f"The MLflow server holds no run of {manifest.label}, and takes no version without one. "
                f"`python -m models runs import` brings the shipped models' runs there."
            )
        training = manifest.training
        return tracking.register(
            client,
            model=manifest.name,
            version=manifest.version,
            fingerprint=manifest.fingerprint,
            facts={
                "family": manifest.family,
                "base": manifest.base or "none",
                "engine": manifest.engine,
                "normaliser_version": manifest.normaliser_version,
                "bytes": str(manifest.bytes),
                "trained_at": str(training.get("trained_at", "")),
                "code_revision": str(training.get("code_revision", "")),
                "seed": str(training.get("seed", "")),
                "test_emotion_macro_f1": str(manifest.metrics.get("test_emotion_macro_f1", "")),
            },
            run_id=made_by[-1].id if made_by else "",
        )

    def follow(self, registry: Registry) -> list[str]:
        """Remember the registry's champion, also one chosen in MLflow's own pages or on another machine.

        Returns:
            what is amiss with it, in words.
        """
        if registry.champion is None or self.pinned is not None:
            return []
        champion = registry.version(registry.champion)
        if champion is None:
            return [
                f"The alias champion points to version {registry.champion}, which Affectra did not register, so it "
                f"cannot serve. Promote a version that is listed under Serving."
            ]
        try:
            named = Champion(model=champion.model, version=champion.version, fingerprint=champion.fingerprint)
            serving.remember(self.serving_file, named)
        except ModelError as error:
            return [str(error)]
        return []
