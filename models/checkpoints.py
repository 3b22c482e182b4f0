"""The file from which a training goes on after a stop, exactly as if there had been none."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch

STEPS: Final = 150
"""Steps after which a stop costs nothing: of a heavy model on two busy cores some minutes."""


@dataclass(frozen=True)
class Progress:
    """How far a training is: `step` steps of epoch `epoch` are done, with this loss over these texts in this time.

    Attributes:
        total_loss: summed over the texts.
        seconds: that the steps took.
    """

    epoch: int = 1
    step: int = 0
    total_loss: float = 0.0
    seen: int = 0
    seconds: float = 0.0


class Checkpoint:
    """All that moves in a training, and the state of the random numbers, in one file."""

    def __init__(self, path: Path, **parts: Any) -> None:
        """Take the parts (models, optimizers, schedules) by the names under which they are kept."""
        self._path = path
        self._parts = parts

    def save(self, progress: Progress) -> None:
        """Replace the file at once, so that a stop leaves the one or the other."""
        state = {name: part.state_dict() for name, part in self._parts.items()}
        partial = self._path.with_name(f"{self._path.name}.partial")
        torch.save(state | {"progress": asdict(progress), "random": torch.get_rng_state()}, partial)
        partial.replace(self._path)

    def load(self) -> Progress:
        """Take up what was saved, if anything was, and return how far it is."""
        if not self._path.exists():
            return Progress()
        state = torch.load(self._path, weights_only=True)
        for name, part in self._parts.items():
            part.load_state_dict(state[name])
        torch.set_rng_state(state["random"])
        return Progress(**state["progress"])
