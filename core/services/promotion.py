"""The use case of promoting a model: it serves from now on, and who wanted it, when and why is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.access.actor import Actor
from core.errors import InputError
from core.experiments import tracking
from core.experiments.leaderboard import Candidate
from core.experiments.tracking import Promotion
from core.inference import serving
from core.inference.classifier import Manifest
from core.inference.serving import Champion, Installed
from core.services.model_tracker import ModelTracker

if TYPE_CHECKING:
    from core.experiments.tracking.client import Client

MAX_REASON: Final = 1_000
"""Characters of a reason that are kept."""


@dataclass
class ModelPromotion:
    """Lets another model serve.

    Attributes:
        try_out: loads the model in a folder and lets it read; raises a ModelError if it cannot serve.
    """

    tracker: ModelTracker
    try_out: Callable[[Path], object]

    def promote(self, candidate: Candidate, why: str, actor: Actor, *, instead_of: int | None = None) -> None:
        """Let a model serve from now on, and record who wanted it, when and why.

        Args:
            candidate: the model.
            why: the reason, kept beside the promotion.
            actor: who wants it.
            instead_of: the number of the champion that they saw; None asks for no check.

        It is loaded and tried first: what cannot serve is not promoted.

        Raises:
            InputError: no reason is given, the model serves already, another was promoted since, or one is pinned.
            ModelError: it cannot be loaded, or what serves cannot be remembered on this machine.
            TrackingError: the tracker refuses.
        """
        reason = why.strip()[:MAX_REASON]
        if not reason:
            raise InputError("Say why: the reason is kept beside the promotion, for whoever asks later.")
        if self.tracker.pinned is not None:
            raise InputError(
                f"AFFECTRA_MODEL pins {self.tracker.pinned}, so nothing else can serve. Unset it, start Affectra "
                f"again, and promote then."
            )
        model = next((one for one in self.tracker.installed() if one.fingerprint == candidate.fingerprint), None)
        if model is None:
            raise InputError(
                f"The files of {candidate.label} are not in {self.tracker.models_dir}. Restore them, or train it again."
            )
        self.try_out(model.folder)
        with self.tracker.lock:
            try:
                with self.tracker.connect() as client:
                    self._move(client, model, reason, actor, instead_of)
            finally:
                self.tracker.changed_here = True
            serving.remember(self.tracker.serving_file, _champion(model.manifest))

    def _move(self, client: "Client", model: Installed, reason: str, actor: Actor, instead_of: int | None) -> None:
        registry = tracking.read_registry(client)
        now = registry.version(registry.champion)
        if instead_of is not None and now is not None and now.number != instead_of:
            raise InputError(
                f"Somebody was faster: {now.label} was promoted since this page was drawn. Look at who did it and why, "
                f"and decide again."
            )
        number = self.tracker.register(client, model, tracking.read_runs(client))
        if number == registry.champion:
            raise InputError(f"{model.manifest.label} serves already.")
        came_from = registry.champion or 0
        tracking.promote(
            client, Promotion(at=self.tracker.now(), by=actor.name, why=reason, came_from=came_from, to=number)
        )


def _champion(manifest: Manifest) -> Champion:
    return Champion(model=manifest.name, version=manifest.version, fingerprint=manifest.fingerprint)
