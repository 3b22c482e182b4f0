"""The use case of measuring what reading costs with each model on this machine: each measurement is a run."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.access.actor import Actor
from core.experiments import tracking
from core.experiments.cost import Cost
from core.experiments.run import COST, FINGERPRINT_TAG, KIND_TAG, MODEL_TAG, VERSION_TAG
from core.inference.classifier import Manifest
from core.jobs import Job
from core.services.model_tracker import ModelTracker


@dataclass
class CostRuns:
    """Measures the installed models, one after the other; one measurement at a time in a process.

    Attributes:
        measure_cost: measures a model folder, None if cancelled.
    """

    tracker: ModelTracker
    measure_cost: Callable[[Path, Callable[[], bool]], Cost | None]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _measuring: Job[list[tuple[str, Cost]]] | None = None

    def measure(
        self,
        actor: Actor,
        on_done: Callable[[int], None] = lambda done: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> list[tuple[str, Cost]]:
        """Measure what reading costs with each installed model, one after the other, and log it.

        Args:
            on_done: called after each model with how many are done.
            cancelled: asked all the while; what was measured by then is logged.

        Raises:
            ModelError: a model cannot be loaded.
            TrackingError: the tracker refuses the runs.
        """
        found: list[tuple[str, Cost]] = []
        for number, model in enumerate(self.tracker.installed(), start=1):
            cost = self.measure_cost(model.folder, cancelled)
            if cost is None:
                break
            tracking.log_run(_cost_run(model.manifest, cost, actor), self.tracker.uri)
            found.append((model.manifest.label, cost))
            on_done(number)
        return found

    def installed(self) -> list[str]:
        """Return the names of the models on this machine, in the order in which they are measured."""
        return [one.manifest.label for one in self.tracker.installed()]

    @property
    def measuring(self) -> Job[list[tuple[str, Cost]]] | None:
        """The measurement that runs, or the last that ran in this process."""
        return self._measuring

    def start_measuring(self, actor: Actor) -> None:
        """Begin `measure` in the background, unless it runs already: two at once would disturb each other."""
        with self._lock:
            if self._measuring is None or not self._measuring.running:
                self._measuring = Job(
                    lambda report, cancelled: self.measure(actor, report, cancelled),
                    total=len(self.installed()),
                )


def _cost_run(manifest: Manifest, cost: Cost, actor: Actor) -> tracking.Run:
    return tracking.Run(
        name=f"cost of {manifest.label}",
        params=(),
        metrics=tuple(tracking.Measurement(*metric) for metric in cost.metrics()),
        tags=(
            (KIND_TAG, COST),
            (MODEL_TAG, manifest.name),
            (VERSION_TAG, manifest.version),
            (FINGERPRINT_TAG, manifest.fingerprint),
            ("family", manifest.family),
            ("machine", cost.machine),
            ("measured_by", actor.name),
        ),
    )
