"""How many numbers a model has learned."""

import math
from pathlib import Path
from tempfile import TemporaryDirectory

from core.inference.checkpoint import recover
from core.inference.classifier import Manifest


def count_parameters(folder: Path, manifest: Manifest) -> int:
    """Return the parameters of the model in `folder`: weights and biases, and for TF-IDF the words' weights too.

    Raises:
        ModelError: the folder does not hold such a model.
    """
    if manifest.engine == "sklearn":
        from core.inference.engines import sklearn_engine  # noqa: PLC0415  (scikit-learn: only the baseline needs it)

        return sklearn_engine.load(folder, manifest).n_parameters
    from safetensors import safe_open  # noqa: PLC0415  (a package of training; the baseline needs none)

    with TemporaryDirectory() as scratch:
        checkpoint = recover(folder, Path(scratch)) if manifest.engine == "onnx" else folder
        with safe_open(checkpoint / "model.safetensors", framework="numpy") as weights:
            return sum(math.prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118
