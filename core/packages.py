"""Packages that the app does without: what needs one that is not installed says so, and how to get it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from core.errors import AffectraError, MissingPackageError

TRAINING: Final = frozenset({"torch", "transformers", "safetensors", "onnx"})
"""Modules that the dependency group `train` of pyproject.toml installs and the app does not."""
_OURS: Final = frozenset({"core", "models", "pages"})


@contextmanager
def needed(kind: type[AffectraError] = MissingPackageError) -> Iterator[None]:
    """Run a block that imports; where a package is missing, say so as an error of `kind`.

    Raises:
        AffectraError: of `kind`; the message names the package and the command that installs it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in _OURS:
            raise
        if package in TRAINING:
            what = "It comes with the packages of training, which the app does without: `make training-packages`"
        else:
            what = "Install the app's packages: `python -m pip install --requirement requirements.txt`"
        raise kind(f"The package {package} is not installed. {what}.") from error
