"""Texts to scores to labels: one protocol, several engines, and the folder a model lives in.

A model folder holds `manifest.json` (what it is, where it comes from, the sha256 of every file), `thresholds.json` and
the files of its engine. A folder without a manifest that has a `config.json` is read as a Hugging Face checkpoint that
a user dropped in.
"""

import hashlib
import importlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from core import packages
from core.emotions import AT_LEVEL, LABELS, Level, Scores, names, roll_up
from core.errors import ModelError
from core.risks import RISKS
from core.text import NORMALISER_VERSION, NORMALISER_VERSIONS, normaliser

EngineName = Literal["onnx", "torch", "sklearn"]

_RISK: Final = "risk"
"""What `thresholds.json` calls the level of the risks."""


class Engine(Protocol):
    """What computes scores. Shared by all threads of the process, so `score` must be safe to call at once."""

    def score(self, texts: Sequence[str]) -> Scores:
        """Return float32 [n_texts, n_outputs] in the order of `texts`, which are normalised and not empty.

        The outputs are the 28 emotions, and after them the risks that the manifest names.
        """
        ...

    def exceed(self, texts: Sequence[str]) -> list[bool]:
        """Return for each text whether it is longer than what `score` reads of it."""
        ...

    def tokens(self, text: str) -> list[str]:
        """Return the pieces in which it reads a normalised text, as far as it reads it."""
        ...


class FileFact(BaseModel):
    """The checksum and the size of one file of a model folder."""

    model_config = ConfigDict(frozen=True)
    sha256: str
    bytes: int


class Manifest(BaseModel):
    """What a model folder says of itself.

    Attributes:
        name: the model's name, `electra` or `tfidf`.
        version: the version of its weights; a new training run raises it.
        base: the pre-trained weights it started from, empty if none.
        max_length: word pieces that are read, None if there is no limit.
        risks: what it gives beside the labels: `RISKS`, or nothing.
        files: every file of the folder that the engine or the thresholds need, by name.
        training: where it comes from: data checksums, code revision, seed, parameters.
        metrics: the figures measured on the test split by the run that made it.
    """

    model_config = ConfigDict(frozen=True)
    name: str
    version: str
    family: str
    engine: EngineName
    base: str
    normaliser_version: str
    max_length: int | None
    labels: tuple[str, ...]
    risks: tuple[str, ...] = ()
    files: dict[str, FileFact]
    training: dict[str, Any]
    metrics: dict[str, float]

    @property
    def label(self) -> str:
        """Name and version, as pages show them."""
        return f"{self.name} {self.version}"

    @property
    def bytes(self) -> int:
        """The size of all files that the engine or the thresholds need."""
        return sum(fact.bytes for fact in self.files.values())

    @property
    def fingerprint(self) -> str:
        """The first twelve hex digits of the sha256 over the files' checksums: the same files, the same model."""
        lines = "".join(f"{name} {fact.sha256}\n" for name, fact in sorted(self.files.items()))
        return hashlib.sha256(lines.encode()).hexdigest()[:12]


def _rounded(row: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.round(row.astype(np.float64), 6).astype(np.float32)


def _row(stored: dict[str, Any], labels: Sequence[str]) -> NDArray[np.float32]:
    return np.array([float(stored[name]) for name in labels], dtype=np.float32)


@dataclass(frozen=True)
class Thresholds:
    """The probability from which a label counts, float32 [n_labels] for each level, tuned on dev alone.

    Attributes:
        version: the first twelve digits of the sha256 over the values, stamped on every prediction.
        risks: float32 [10], the probability from which a risk counts; None for a model that gives none.
    """

    values: dict[Level, NDArray[np.float32]]
    version: str
    risks: NDArray[np.float32] | None = None

    @classmethod
    def from_values(
        cls, values: dict[Level, NDArray[np.float32]], risks: NDArray[np.float32] | None = None
    ) -> "Thresholds":
        """Take thresholds of all three levels, to six decimals as they are written; the version follows from them."""
        rounded = {level: _rounded(values[level]) for level in AT_LEVEL}
        every = [*rounded.values()] + ([] if risks is None else [_rounded(risks)])
        digest = hashlib.sha256(b"".join(row.astype("<f4").tobytes() for row in every))
        return cls(rounded, digest.hexdigest()[:12], None if risks is None else every[-1])

    @classmethod
    def flat(cls, value: float = 0.5) -> "Thresholds":
        """One threshold for every label: what a checkpoint gets that brings none of its own."""
        return cls.from_values({level: np.full(len(labels), value, np.float32) for level, labels in AT_LEVEL.items()})

    @classmethod
    def read(cls, path: Path) -> "Thresholds":
        """Read `thresholds.json`: for each level, and for "risk" if it is there, an object of name to value in 0..1.

        Raises:
            ModelError: it is not such a file; the message names the level and the label.
        """
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            values = {level: _row(stored[level], names(level)) for level in AT_LEVEL}
            risks = _row(stored[_RISK], RISKS) if _RISK in stored else None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path}: no usable thresholds ({error!r}). Restore the file from the repository."
            ) from error
        for level, row in [*values.items(), *([] if risks is None else [(_RISK, risks)])]:
            if not ((row >= 0) & (row <= 1)).all():
                raise ModelError(f"{path}: a threshold of level {level!r} lies outside 0..1. Restore the file.")
        return cls.from_values(values, risks)

    def write(self, path: Path) -> None:
        """Write `thresholds.json`, as `read` reads it."""
        rows: dict[str, dict[str, np.float32]] = {
            level: dict(zip(names(level), row, strict=True)) for level, row in self.values.items()
        }
        if self.risks is not None:
            rows |= {_RISK: dict(zip(RISKS, self.risks, strict=True))}
        stored = {level: {name: round(float(value), 6) for name, value in row.items()} for level, row in rows.items()}
        path.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The facts of a model that are drawn, and stamped on its predictions."""

    name: str
    version: str
    family: str
    engine: EngineName
    base: str
    normaliser_version: str
    threshold_version: str
    max_length: int | None
    bytes: int
    metrics: dict[str, float]
    risks: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name and version, as pages show them."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class Outputs:
    """All that a model says of some texts; a row is NaN where the text is empty.

    Attributes:
        emotions: float32 [n_texts, 28].
        risks: float32 [n_texts, 10] in the order of `RISKS`, independent probabilities; None if it does not say any.
    """

    emotions: Scores
    risks: Scores | None


class Classifier:
    """A model ready to use: an engine, its thresholds and its facts."""

    def __init__(self, engine: Engine, info: ModelInfo, thresholds: Thresholds) -> None:
        self._engine = engine
        self.info: Final = info
        self.thresholds: Final = thresholds
        self.normaliser: Final = normaliser(info.normaliser_version)

    def read(self, raw_texts: Sequence[str]) -> Scores:
        """Return float32 [n_texts, 28] for texts as they were written, normalised as this model knows them."""
        return self.scores([self.normaliser.normalise(text) for text in raw_texts])

    def scores(self, clean_texts: Sequence[str]) -> Scores:
        """Return float32 [n_texts, 28] for normalised texts; a row is NaN where the text is empty.

        >>> model.scores(["thank you so much", ""]).shape  # doctest: +SKIP
        (2, 28)
        """
        return self.outputs(clean_texts).emotions

    def outputs(self, clean_texts: Sequence[str]) -> Outputs:
        """Return emotions and, if the model gives them, risks of normalised texts: one pass for both."""
        risks = len(self.info.risks)
        outputs = np.full((len(clean_texts), len(LABELS) + risks), np.nan, dtype=np.float32)
        readable = [row for row, text in enumerate(clean_texts) if text]
        if readable:
            outputs[readable] = self._engine.score([clean_texts[row] for row in readable])
        if not risks:
            return Outputs(outputs, None)
        emotions, risky = np.split(outputs, [len(LABELS)], axis=1)
        return Outputs(np.ascontiguousarray(emotions), np.ascontiguousarray(risky))

    def exceed(self, clean_texts: Sequence[str]) -> list[bool]:
        """Return for each normalised text whether the model reads only its beginning."""
        return self._engine.exceed(clean_texts)

    def tokens(self, clean_text: str) -> list[str]:
        """Return the pieces in which the model reads a normalised text; what follows them it does not read."""
        return self._engine.tokens(clean_text)

    def decide(self, scores: Scores, level: Level = "emotion") -> NDArray[np.bool_]:
        """Return bool [n_texts, n_labels of the level]: which labels reach their threshold. NaN reaches none."""
        decided: NDArray[np.bool_] = roll_up(scores, level) >= self.thresholds.values[level]
        return decided

    def top(self, scores: Scores, level: Level = "emotion") -> NDArray[np.intp]:
        """Return int [n_texts]: the most probable label among those decided, else among all; -1 for a NaN row."""
        rolled = roll_up(scores, level)
        decided = self.decide(scores, level)
        best = np.where(decided.any(axis=1, keepdims=True) & ~decided, -1, np.nan_to_num(rolled, nan=-1)).argmax(axis=1)
        return np.where(np.isnan(rolled).any(axis=1), -1, best)


def read_manifest(folder: Path) -> Manifest:
    """Read a model folder's manifest.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    path = folder / "manifest.json"
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ModelError(
            f"No model in {folder}: manifest.json is missing. Restore the folder from the repository, or train it "
            f"again with `make train`."
        ) from None
    except (OSError, ValidationError) as error:
        raise ModelError(f"{path} is damaged ({error}). Restore it from the repository.") from error


def verify(folder: Path, manifest: Manifest) -> None:
    """Compare every file with the size and sha256 in the manifest.

    Raises:
        ModelError: a file is missing or differs; the message names it.
    """
    for name, fact in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise ModelError(f"{path} is missing. Restore it from the repository, or train it again with `make train`.")
        if path.stat().st_size != fact.bytes:
            raise ModelError(
                f"{path} is damaged: it has {path.stat().st_size:,} bytes, the manifest says {fact.bytes:,}. "
                f"Restore it from the repository, or train it again with `make train`."
            )
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != fact.sha256:
            raise ModelError(
                f"{path} is damaged: its sha256 begins {found[:12]}, the manifest says {fact.sha256[:12]}. "
                f"Restore it from the repository, or train it again with `make train`."
            )


def load(folder: Path, threads: int = 0) -> Classifier:
    """Load the model in `folder`, its files checked first.

    Args:
        folder: with a manifest, or a Hugging Face checkpoint of 28 labels that a user dropped in.
        threads: cores to compute on; 0 takes all physical ones.

    Raises:
        ModelError: the folder is missing, incomplete, damaged, or made for a normaliser that is not here.
    """
    if not folder.is_dir():
        raise ModelError(f"No model folder {folder}. Name one that exists, or train it with `make train`.")
    if not (folder / "manifest.json").exists() and (folder / "config.json").exists():
        return _load_checkpoint(folder, threads)
    manifest = read_manifest(folder)
    if manifest.labels != LABELS:
        raise ModelError(f"{folder}: the model knows other labels than GoEmotions' 28. It cannot be served here.")
    if manifest.risks not in {(), RISKS}:
        raise ModelError(
            f"{folder}: the model knows other risks than {', '.join(RISKS)}. Train it again, or take the program it "
            f"came with."
        )
    if manifest.normaliser_version not in NORMALISER_VERSIONS:
        raise ModelError(
            f"{folder}: trained on texts of normaliser version {manifest.normaliser_version}, this program has "
            f"{' and '.join(NORMALISER_VERSIONS)}. Train it again with `make train`, or take the program it came with."
        )
    verify(folder, manifest)
    module = _engine_module(manifest.engine)
    for name in ("thresholds.json", *module.FILES):
        if name not in manifest.files:
            raise ModelError(
                f"{folder / 'manifest.json'} does not vouch for {name}. Restore the folder from the repository, or "
                f"train it again with `make train`."
            )
    thresholds = Thresholds.read(folder / "thresholds.json")
    engine: Engine = module.load(folder, manifest, threads)
    info = ModelInfo(
        name=manifest.name,
        version=manifest.version,
        family=manifest.family,
        engine=manifest.engine,
        base=manifest.base,
        normaliser_version=manifest.normaliser_version,
        threshold_version=thresholds.version,
        max_length=manifest.max_length,
        bytes=manifest.bytes,
        metrics=manifest.metrics,
        risks=manifest.risks,
    )
    return Classifier(engine, info, thresholds)


def _engine_module(name: EngineName) -> Any:
    """Import an engine when a model asks for it: torch and scikit-learn are heavy, and most processes need neither."""
    with packages.needed(ModelError):
        return importlib.import_module(f"core.inference.engines.{name}_engine")


def _load_checkpoint(folder: Path, threads: int) -> Classifier:
    own = folder / "thresholds.json"
    thresholds = Thresholds.read(own) if own.exists() else Thresholds.flat()
    engine = _engine_module("torch").load_checkpoint(folder, threads)
    weights = [path for path in folder.iterdir() if path.suffix in {".safetensors", ".json"}]
    info = ModelInfo(
        name=folder.name,
        version=engine.version,
        family=engine.family,
        engine="torch",
        base="",
        normaliser_version=NORMALISER_VERSION,
        threshold_version=thresholds.version,
        max_length=engine.pieces.max_length,
        bytes=sum(path.stat().st_size for path in weights),
        metrics={},
        risks=engine.risks,
    )
    return Classifier(engine, info, thresholds)
