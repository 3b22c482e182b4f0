"""The loop back to the model: from what people decided in reviews to candidates that somebody may promote.

Nothing is put in service here. Each candidate is measured beside its parent, and beside what serves if that is another,
on the corpus's test split and on the reviews that were held back; neither ever tunes anything.
"""

import hashlib
import math
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

import numpy as np

from core.emotions import AT_LEVEL, INDEX, LABELS, roll_up_targets
from core.errors import InputError, ModelError
from core.experiments import cost
from core.experiments.evidence import Decisions
from core.experiments.head_to_head import HeadToHead, compare_runs
from core.experiments.tracking import Dataset, Measurement
from core.inference.classifier import Classifier, Manifest, load, read_manifest
from core.inference.serving import choices
from core.machine import code_revision
from core.review.labelled_set import LabelledSet, Row
from core.review.twins import twin_key
from core.settings import Settings
from core.stats.metrics import Interval
from core.text import normaliser
from models import goemotions
from models.artefact import Origin
from models.goemotions import LabelledTexts, together
from models.publish import BUILD, AsCandidate, Findings, MeasureCost, measure, publish

Kind = Literal["thresholds", "tfidf", "electra"]
Report = Callable[[float, str], None]

KINDS: Final[dict[Kind, str]] = {"thresholds": "electra", "tfidf": "tfidf", "electra": "electra"}
"""What can be made of reviews, the quickest first, and the model that it is made of."""
FEW: Final = 100
"""Below this many texts, nothing is said to be beyond chance."""
LEARNING_RATE: Final = 2e-5
"""Of ELECTRA, a seventh of what it was trained with: most of what it knows is to stay."""

_EFFORT: Final[dict[Kind, float]] = {"thresholds": 1, "tfidf": 1.5, "electra": 4}
_UNREAD: Final = ("manifest.json", "README.md", "thresholds.json")


@dataclass(frozen=True)
class Reviews:
    """A labelled set, ready to be learned from.

    Attributes:
        learn: what may be learned.
        held_back: what may only be measured on.
        left_out: texts of which normalisation leaves nothing, and those to be learned that the test split holds too.
    """

    version: str
    learn: LabelledTexts
    held_back: LabelledTexts
    left_out: int


@dataclass(frozen=True)
class Rival:
    """A model that candidates are compared with."""

    folder: Path
    model: Classifier


def read_reviews(path: Path, test: LabelledTexts) -> Reviews:
    """Read a labelled set and leave out what must not be learned.

    Raises:
        InputError: the file is damaged or of another kind, or holds nothing to learn from.
    """
    labelled = LabelledSet.read(path)
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    tested = set(map(twin_key, test.raw))
    learn = _texts((row for row in labelled.share("learn") if twin_key(row.text) not in tested), md5)
    held_back = _texts(labelled.share("held back"), md5)
    if not len(learn):
        raise InputError(
            f"{path} holds {len(labelled.rows)} texts and none to learn from. Review some more, and write it again."
        )
    return Reviews(labelled.version, learn, held_back, len(labelled.rows) - len(learn) - len(held_back))


def refit(
    path: Path,
    kinds: Sequence[Kind],
    *,
    data: Path,
    house: Settings,
    seed: int,
    epochs: int,
    now: datetime,
    say: Callable[[str], None],
    report: Report,
    work: Path = BUILD,
    measure_cost: MeasureCost = cost.measure,
) -> None:
    """Make a candidate of each kind from the labelled set in `path`; what was made stays if a later one fails.

    Args:
        path: what `LabelledSet.write` wrote.
        kinds: any of `KINDS`.
        data: the corpus's folder.
        house: where models, the memory of what serves and the tracker are.
        seed: of TF-IDF's solver and of ELECTRA's training.
        epochs: of ELECTRA's training.
        now: the time, with a time zone.
        say: takes lines for the person who waits.
        report: told how far it is, 0..1, and what is done next.
        work: the folder of runs.
        measure_cost: see `publish`.

    Raises:
        AffectraError: the labelled set, the corpus, a model or the tracker cannot be used. What serves stays as it was.
    """
    report(0, "reading the labelled set and the corpus")
    test = goemotions.load("test", data)
    reviews = read_reviews(path, test)
    say(
        f"Labelled set {reviews.version}: {len(reviews.learn):,} texts to learn from, {len(reviews.held_back):,} held "
        f"back, {reviews.left_out:,} left out."
    )
    revision = code_revision()
    champion = _serving(house)
    jury = _Jury(reviews)
    wanted = [kind for kind in KINDS if kind in kinds]
    whole, done = sum(_EFFORT[kind] for kind in wanted), 0.0
    for kind in wanted:
        part = _part(report, done / whole, (done + _EFFORT[kind]) / whole, f"{kind}: ")
        done += _EFFORT[kind]
        parent = _parent(KINDS[kind], champion, house)
        rivals = {"parent": parent} | ({"champion": champion} if champion.folder != parent.folder else {})
        work.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=work, prefix="refit-") as scratch:
            staging = Path(scratch) / "artefact"
            staging.mkdir()
            half = _part(part, 0, 0.5)
            made = _Bench(reviews, parent, data, seed, epochs, revision, Path(scratch), work, half, say)
            origin, history = {"thresholds": _thresholds, "tfidf": _tfidf, "electra": _electra}[kind](made, staging)
            publish(
                staging,
                origin,
                data=data,
                now=now,
                say=say,
                history=history,
                folder=house.models_dir / f"{KINDS[kind]}_model",
                tracking_uri=house.tracking_uri,
                measure_cost=measure_cost,
                candidate=AsCandidate(
                    dataset=Dataset(
                        f"reviews-{reviews.version}", reviews.learn.md5, f"reviews/{reviews.version}.parquet", "reviews"
                    ),
                    # TF-IDF knows by heart what it was fitted on: its scores there are no measure of others.
                    tune_on=None if kind == "tfidf" else reviews.learn,
                    risks=parent.model.thresholds.risks if origin.risks else None,
                    compare=partial(jury.compare, rivals),
                    report=_part(part, 0.5, 1),
                ),
            )
    report(1, "done")


@dataclass(frozen=True)
class _Bench:
    """What a candidate is made with."""

    reviews: Reviews
    parent: Rival
    data: Path
    seed: int
    epochs: int
    revision: str
    scratch: Path
    work: Path
    report: Report
    say: Callable[[str], None]

    @property
    def manifest(self) -> Manifest:
        """The parent's."""
        return read_manifest(self.parent.folder)

    def origin(self, kind: Kind, base: Origin, tuned_on: str, parameters: Sequence[tuple[str, str]] = ()) -> Origin:
        """Return `base` with what is true of every candidate made of reviews."""
        reviews, parent = self.reviews, self.manifest
        learned_from = f"{len(reviews.learn):,} reviewed texts (labelled set `{reviews.version}`)"
        options = f" --epochs {self.epochs}" if kind == "electra" else ""
        return replace(
            base,
            parameters=(
                ("refit", kind),
                ("parent", parent.label),
                ("parent_fingerprint", parent.fingerprint),
                ("labelled_set", reviews.version),
                ("labelled_learn_n", str(len(reviews.learn))),
                ("labelled_held_back_n", str(len(reviews.held_back))),
                ("labelled_left_out_n", str(reviews.left_out)),
                *parameters,
            ),
            seed=self.seed,
            code_revision=self.revision,
            learned_from="" if kind == "thresholds" else learned_from,
            tuned_on=tuned_on,
            command=f"python -m models refit --reviews FILE --only {kind} --data DIR --seed {self.seed}{options}",
        )

    def like_parent(self, summary: str) -> Origin:
        """Return the origin of a model that is its parent's kin."""
        parent = self.manifest
        return Origin(
            name=parent.name,
            family=parent.family,
            engine=parent.engine,
            base=parent.base,
            base_licence=str(parent.training.get("base_licence", "")),
            max_length=parent.max_length,
            normaliser_version=parent.normaliser_version,
            risks=parent.risks,
            summary=summary,
            parameters=(),
            seed=self.seed,
            code_revision=self.revision,
        )

    def copy(self, staging: Path, *without: str) -> None:
        """Copy what the parent's engine reads."""
        for name in self.manifest.files:
            if name not in (*_UNREAD, *without):
                shutil.copyfile(self.parent.folder / name, staging / name)


_Made = tuple[Origin, tuple[Measurement, ...]]
_TUNED_ON: Final = "dev and the reviews that were learned from"


def _thresholds(bench: _Bench, staging: Path) -> _Made:
    bench.report(0, "copying the weights")
    bench.copy(staging)
    summary = f"The weights of {bench.manifest.label} as they are, with thresholds tuned again by what people decided."
    return bench.origin("thresholds", bench.like_parent(summary), _TUNED_ON), ()


def _tfidf(bench: _Bench, staging: Path) -> _Made:
    from models.recipes import tfidf  # noqa: PLC0415  (scikit-learn: only this kind needs it)

    corpus = together(goemotions.load("train", bench.data), bench.reviews.learn)
    bench.report(0, f"fitting TF-IDF on {len(corpus):,} texts")
    base = tfidf.make(corpus, bench.seed, bench.revision, staging)
    return bench.origin("tfidf", base, "dev", base.parameters), ()


def _electra(bench: _Bench, staging: Path) -> _Made:
    # Imported here: torch takes seconds, and the other kinds need none.
    from models.continue_training import train_further  # noqa: PLC0415
    from models.finetune import Hyperparameters  # noqa: PLC0415

    parent = bench.manifest
    if parent.engine != "onnx":
        raise ModelError(f"{bench.parent.folder} is no ONNX model, and only such a one is trained further.")
    settings = Hyperparameters(epochs=bench.epochs, learning_rate=LEARNING_RATE, seed=bench.seed)
    bench.copy(staging, "model.onnx")
    further = train_further(
        bench.parent.model,
        parent,
        bench.parent.folder,
        learn=bench.reviews.learn,
        train=goemotions.load("train", bench.data),
        dev=goemotions.load("dev", bench.data),
        settings=settings,
        into=staging,
        scratch=bench.scratch,
        work=bench.work,
        report=bench.report,
    )
    apart = {one.name: one.value for one in further.measurements}
    bench.say(
        f"{parent.label} was trained further from {further.source}; in fp32 its probabilities differ by "
        f"{apart['fp32_apart_mean']:.4f} on average and by {apart['fp32_apart_max']:.3f} at most."
    )
    summary = (
        f"{parent.label}, trained further on what people decided in reviews and on a sample of the corpus, and rounded "
        f"to 8-bit integers for ONNX Runtime on a plain CPU."
    )
    parameters = (
        ("started_from", further.source),
        ("replayed_n", str(further.replayed)),
        ("epochs", str(settings.epochs)),
        ("batch_size", str(settings.batch_size)),
        ("learning_rate", str(settings.learning_rate)),
        ("max_length", str(settings.max_length)),
        ("teacher_weight", str(settings.teacher_weight)),
    )
    return bench.origin("electra", bench.like_parent(summary), _TUNED_ON, parameters), further.measurements


class _Jury:
    """Compares candidates with others on the two sets that nothing is learned from; a rival reads each only once."""

    def __init__(self, reviews: Reviews) -> None:
        self._reviews = reviews
        self._known: dict[tuple[Path, str], Decisions] = {}

    def compare(self, rivals: dict[str, Rival], model: Classifier, test: LabelledTexts) -> Findings:
        """Return the paired differences of F1 at every level on both sets, and in plain sentences what they mean."""
        held_back = self._reviews.held_back
        metrics: list[Measurement] = []
        tags: list[tuple[str, str]] = []
        verdicts: dict[str, list[str]] = {who: [] for who in rivals}
        if len(held_back):
            figures = measure(model, held_back).metrics()
            metrics += [Measurement(name, value) for name, value in figures if math.isfinite(value)]
        for split, where in ((test, "On the test split of GoEmotions"), (held_back, "On the reviews held back")):
            own = _decisions(model, split)
            for who, rival in rivals.items():
                found = self._compare(model, own, rival, split)
                metrics += _differences(found, f"{split.split}_", f"_vs_{who}") if found else []
                sentence = f"{where} (n = {len(split):,}): {_say(found)}"
                verdicts[who].append(_verdict(found))
                tags.append((f"{split.split}_vs_{who}", sentence))
        sentences = [sentence for _, sentence in tags]
        for who, (on_test, on_reviews) in verdicts.items():
            verdict = (
                f"{model.info.label} beside {rivals[who].model.info.label}: {on_test} on the test split, {on_reviews} "
                f"on the reviews held back."
            )
            tags.append((f"verdict_vs_{who}", verdict))
            sentences.append(verdict)
        if len(self._reviews.learn) < FEW:
            sentences.append(
                f"n = {len(self._reviews.learn)} reviewed texts to learn from is too small to expect much of."
            )
        return Findings(tuple(metrics), tuple(tags), tuple(sentences))

    def _compare(self, model: Classifier, own: Decisions, rival: Rival, split: LabelledTexts) -> HeadToHead | None:
        if not len(split):
            return None
        key = (rival.folder, split.split)
        if key not in self._known:
            self._known[key] = _decisions(rival.model, split)
        return compare_runs(model.info.label, rival.model.info.label, own, self._known[key])


def _decisions(model: Classifier, split: LabelledTexts) -> Decisions:
    scores = np.nan_to_num(model.read(split.raw))
    return Decisions(
        targets={level: roll_up_targets(split.targets, level) for level in AT_LEVEL},
        decided={level: model.decide(scores, level) for level in AT_LEVEL},
    )


def _differences(found: HeadToHead, before: str, after: str) -> list[Measurement]:
    """Return each difference and the ends of its interval, named as `test_emotion_macro_f1_vs_parent` and `..._low`."""
    measured = []
    for at in found.levels:
        for name, one in (("macro", at.differences.macro), ("micro", at.differences.micro)):
            whole = f"{before}{at.level}_{name}_f1{after}"
            ends = ((whole, one.value), (f"{whole}_low", one.low), (f"{whole}_high", one.high))
            measured += [Measurement(*end) for end in ends]
    return measured


def _say(found: HeadToHead | None) -> str:
    if found is None:
        return "no text was held back yet, so there is nothing to measure on."
    if found.n >= FEW:
        return f"{found.sentence('emotion')} {found.sentence('emotion', 'micro')}"
    points = found.at("emotion").differences.macro.value * 100
    return (
        f"n is too small to tell chance from a difference ({FEW} texts at least). {found.first} less {found.second}: "
        f"{points:+.1f} points of macro-F1."
    )


def _verdict(found: HeadToHead | None) -> str:
    if found is None or found.n < FEW:
        return "too few texts to tell"
    # Both are told: what rare emotions gain may be lost on the many texts without them.
    differences = found.at("emotion").differences
    macro, micro = (_judge(one) for one in (differences.macro, differences.micro))
    return macro if macro == micro else f"{macro} in macro-F1 and {micro} in micro-F1"


def _judge(difference: Interval) -> str:
    if not difference.beyond_chance:
        return "no difference beyond chance"
    return "better beyond chance" if difference.value > 0 else "worse beyond chance"


def _texts(rows: Iterable[Row], md5: str) -> LabelledTexts:
    """Return rows as a split called `reviews`, without those of which normalisation leaves nothing."""
    readable = [(row.text, row.labels) for row in rows if normaliser().normalise(row.text)]
    targets = np.zeros((len(readable), len(LABELS)), dtype=np.bool_)
    for number, (_, labels) in enumerate(readable):
        targets[number, [INDEX[label] for label in labels]] = True
    return LabelledTexts("reviews", [text for text, _ in readable], targets, md5)


def _serving(house: Settings) -> Rival:
    """Return what serves on this machine: the champion, or what stands in for it.

    Raises:
        ModelError: nothing can serve.
    """
    *before, last = choices(house)
    for choice in before:
        try:
            return Rival(choice.folder, load(choice.folder))
        except ModelError:
            continue
    return Rival(last.folder, load(last.folder))


def _parent(name: str, champion: Rival, house: Settings) -> Rival:
    """Return what serves if it is of that name, else the model of that name that was trained last."""
    if champion.model.info.name == name and (champion.folder / "manifest.json").exists():
        return champion
    folder = house.models_dir / f"{name}_model"
    return Rival(folder, load(folder))


def _part(report: Report, start: float, end: float, before: str = "") -> Report:
    """Return a report of its own for a part of the work."""
    return lambda share, what: report(start + share * (end - start), f"{before}{what}")
