"""Which model serves: the champion of the registry, remembered in a small file so that no page waits for MLflow.

The registry's alias is the truth. `serving.json` beside the store is this machine's copy of it, with the champions of
before: where the files of the newest are gone or damaged, the last good one serves, and the pages say so.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import ModelError
from core.inference.classifier import Manifest, read_manifest
from core.settings import Settings

DEFAULT: Final = "electra_model"
"""What serves before anything was promoted."""
_REMEMBERED: Final = 20


@dataclass(frozen=True, slots=True)
class Installed:
    """A model folder on this machine, with a manifest that can be read."""

    folder: Path
    manifest: Manifest

    @property
    def fingerprint(self) -> str:
        """Over its files, as the manifest lists them."""
        return self.manifest.fingerprint


class Champion(BaseModel):
    """A model that was told to serve."""

    model_config = ConfigDict(frozen=True)
    model: str
    version: str
    fingerprint: str

    @property
    def label(self) -> str:
        """Name and version, as pages show them."""
        return f"{self.model} {self.version}"


class Serving(BaseModel):
    """The champions of this machine, oldest first; the last one is to serve."""

    model_config = ConfigDict(frozen=True)
    champions: list[Champion] = []


@dataclass(frozen=True, slots=True)
class Choice:
    """A folder to serve from.

    Attributes:
        instead_of: why it is not the champion that serves, in words; empty if it is.
    """

    folder: Path
    instead_of: str = ""


def installed(models_dir: Path) -> list[Installed]:
    """Return the models in `models_dir` whose manifests can be read, by name and version."""
    found = []
    for path in sorted(models_dir.glob("*/manifest.json")):
        if path.parent.suffix == ".new":  # a training is about to put it in place
            continue
        try:
            found.append(Installed(path.parent, read_manifest(path.parent)))
        except ModelError:  # said where it is asked for by name
            continue
    return sorted(found, key=lambda one: (one.manifest.name, len(one.manifest.version), one.manifest.version))


def read(path: Path) -> Serving:
    """Return the champions remembered in `path`; none where there is no such file, or a damaged one."""
    try:
        return Serving.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        # The registry knows better; the file is written again from it when the comparison page is opened.
        return Serving()


def remember(path: Path, champion: Champion) -> None:
    """Let `champion` be the last in `path`; nothing changes if it is.

    Raises:
        ModelError: the file cannot be written.
    """
    known = read(path).champions
    if known and known[-1] == champion:
        return
    partial = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = [*known, champion][-_REMEMBERED:]
        partial.write_text(Serving(champions=kept).model_dump_json(indent=1) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be written ({error}), so what serves stays as it was. Give this user write access to it."
        ) from error


def choices(settings: Settings) -> list[Choice]:
    """Return the folders to serve from, the one that should first; those behind it stand in if it cannot be loaded.

    A model that the settings pin has none behind it: who pins one wants that one or a message.
    """
    if settings.model is not None:
        return [Choice(settings.model_folder(settings.model))]
    default = settings.model_folder(DEFAULT)
    champions = list(reversed(read(settings.serving_file).champions))
    if not champions:
        return [Choice(default)]
    here = {(one.manifest.name, one.fingerprint): one.folder for one in installed(settings.models_dir)}
    found: list[Choice] = []
    gone = ""
    for champion in champions:
        folder = here.get((champion.model, champion.fingerprint))
        if folder is None:
            gone = gone or (
                f"{champion.label} was promoted, but its files are not in {settings.models_dir} any more. Restore "
                f"them, or promote another version on the page Compare."
            )
        elif folder not in {choice.folder for choice in found}:
            found.append(Choice(folder, gone))
    if default not in {choice.folder for choice in found}:
        found.append(Choice(default, gone))
    return found
