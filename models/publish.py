"""What every recipe ends with: thresholds on dev, one measurement on test, papers, the tracker, and the new folder."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.emotions import AT_LEVEL, LABELS, Scores, roll_up_targets
from core.errors import ModelError, TrackingError
from core.experiments import cost, evidence, tracking
from core.experiments.run import FINGERPRINT_TAG, MODEL_TAG, VERSION_TAG
from core.experiments.tracking import Dataset, Measurement, Run, log_run
from core.inference.classifier import Classifier, Manifest, Thresholds, load, read_manifest
from core.machine import machine_kind
from core.risks import RISKS
from core.settings import ROOT, settings
from core.stats.metrics import BOOTSTRAP_SEED, count, f1, f1_differences, precision, recall, resample
from models import goemotions
from models.artefact import Origin, labels_csv, next_version, write_card, write_manifest
from models.evaluate import FLAT, Evaluation, evaluate
from models.parameters import count_parameters
from models.thresholds import tune_known, tune_levels
from models.written import RiskTexts

MeasureCost = Callable[[Path], cost.Cost | None]

BUILD: Final = ROOT / "build"
"""Where runs keep their checkpoints and unfinished artefacts."""


@dataclass(frozen=True)
class Findings:
    """What a comparison with other models found, for the tracker and, as sentences, for people."""

    metrics: tuple[Measurement, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class AsCandidate:
    """How a model is published that only may come to serve: it lies beside what does, and is compared with it.

    Attributes:
        dataset: what it has learned from beside the corpus.
        tune_on: texts that thresholds are tuned on together with dev, None for dev alone.
        risks: thresholds of the risks that it gives as its parent does: nobody's review says anything of them.
        compare: the finished model and the test split, to what was found.
        report: told how far it is, 0..1, and what is done next.
    """

    dataset: Dataset
    tune_on: goemotions.LabelledTexts | None
    risks: NDArray[np.float32] | None
    compare: Callable[[Classifier, goemotions.LabelledTexts], Findings]
    report: Callable[[float, str], None]


@dataclass(frozen=True)
class Alongside:
    """What a model learned beside the corpus, and the dev texts by which its thresholds are tuned.

    Attributes:
        datasets: of the sources.
        tweets: written for the project; thresholds of emotions are tuned on them together with dev.
        risks: those of the ten categories are tuned on these.
    """

    datasets: tuple[Dataset, ...]
    tweets: goemotions.LabelledTexts
    risks: tuple[RiskTexts, ...]


def target(name: str) -> Path:
    """Return the folder that a model called `name` is served from."""
    return settings().models_dir / f"{name}_model"


def publish(
    staging: Path,
    origin: Origin,
    *,
    data: Path,
    now: datetime,
    say: Callable[[str], None],
    history: tuple[Measurement, ...] = (),
    files: tuple[Path, ...] = (),
    folder: Path | None = None,
    tracking_uri: str | None = None,
    measure_cost: MeasureCost = cost.measure,
    candidate: AsCandidate | None = None,
    alongside: Alongside | None = None,
) -> Evaluation:
    """Turn the engine's files in `staging` into a complete model folder, record the run, and put it in service.

    A candidate is not put in service: its folder is `NAME_model_vVERSION`, where older versions lie too.

    Thresholds are tuned on the dev scores of the very files that will serve. The test split is scored once, by the
    finished artefact; nothing is chosen after it.

    Args:
        staging: with the engine's files alone; moved to `folder` at the end.
        origin: where the model comes from.
        data: the corpus's folder.
        now: the time of training, with a time zone.
        say: takes lines for the person who waits.
        history: measurements by epoch, for the tracker.
        files: further files for the tracker.
        folder: the model's folder; None takes `target(origin.name)`.
        tracking_uri: the tracker; None takes the settings' one.
        measure_cost: measures what reading costs with the model in a folder.
        candidate: how it is published if it is no more than that; None puts it in service.
        alongside: what it learned beside the corpus; None if that was all.

    Raises:
        AffectraError: the corpus, the artefact or the tracker cannot be used. What is in service stays as it was.
    """
    report: Callable[[float, str], None] = candidate.report if candidate else lambda _share, _what: None
    splits = [goemotions.load(split, data) for split in ("train", "dev", "test")]
    datasets = (
        *(_dataset(split) for split in splits),
        *([candidate.dataset] if candidate else []),
        *(alongside.datasets if alongside else []),
    )
    _, dev, test = splits
    folder = folder or target(origin.name)
    version = next_version(folder)

    report(0, "tuning thresholds")
    Thresholds.flat().write(staging / "thresholds.json")
    write_manifest(staging, origin, version=version, datasets=datasets, now=now, metrics=[])
    further = candidate.tune_on if candidate else alongside.tweets if alongside else None
    tuned_on = goemotions.together(dev, further) if further else dev
    untuned = load(staging)
    tuned = tune_levels(tuned_on.targets, np.nan_to_num(untuned.read(tuned_on.raw)))
    risks = _tuned_risks(untuned, alongside) if alongside else candidate.risks if candidate else None
    Thresholds.from_values(tuned.values, risks).write(staging / "thresholds.json")
    write_manifest(staging, origin, version=version, datasets=datasets, now=now, metrics=[])

    report(0.25, "measuring")
    finished = load(staging)
    with TemporaryDirectory() as scratch:
        measured = measure_fully(finished, staging, dev, test, Path(scratch), measure_cost=measure_cost)
        metrics = measured.on_test.metrics()
        manifest = write_manifest(staging, origin, version=version, datasets=datasets, now=now, metrics=metrics)
        report(0.75, "comparing")
        found = candidate.compare(finished, test) if candidate else Findings()
        write_card(staging, origin, manifest, measured.on_test, found.sentences)
        say(table(measured.on_dev))
        say(table(measured.on_test))
        for sentence in found.sentences:
            say(sentence)
        report(0.9, "recording")
        run_id = log_run(
            Run(
                name=manifest.label,
                params=(*origin.parameters, ("seed", str(origin.seed))),
                metrics=(*measured.metrics, *found.metrics, *history, *_measured_alongside(finished, alongside)),
                tags=(
                    ("base", origin.base or "none"),
                    ("code_revision", origin.code_revision),
                    *((f"{split.split}_n", str(len(split))) for split in splits),
                    *tags_of(manifest, finished, origin.tuned_on),
                    *found.tags,
                ),
                datasets=datasets,
                files=(
                    *(staging / name for name in ("manifest.json", "thresholds.json", "README.md")),
                    *measured.files,
                    *files,
                ),
                texts=measured.texts,
            ),
            tracking_uri,
        )
    if candidate:
        folder = _put_beside(staging, folder, version)
    else:
        _put_in_place(staging, folder)
    say(f"{manifest.label}: {finished.info.bytes / 1e6:.2f} MB in {folder}, tracked as run {run_id}")
    return measured.on_test


def _tuned_risks(model: Classifier, alongside: Alongside) -> NDArray[np.float32]:
    targets, known, scores = _risks(model, alongside.risks)
    return tune_known(targets, known, scores)


def _risks(
    model: Classifier, texts: Sequence[RiskTexts]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float32]]:
    """Return targets, what is known and scores of some texts' risks, [n_texts, 10] each."""
    raw = [text for one in texts for text in one.raw]
    said = model.outputs([model.normaliser.normalise(text) for text in raw]).risks
    if said is None:
        raise ModelError(f"{model.info.label} gives no risks. Name one that was trained with --risk or --tweets.")
    targets = np.concatenate([one.targets for one in texts]) > 0
    return targets, np.concatenate([one.known for one in texts]), np.nan_to_num(said)


def _measured_alongside(model: Classifier, alongside: Alongside | None) -> Iterator[Measurement]:
    """Yield figures on the dev texts that thresholds were tuned on: `tweets_dev_*` and `risk_dev_*`."""
    if alongside is None or model.thresholds.risks is None:
        return
    for name, value in measure(model, alongside.tweets).metrics():
        yield Measurement(name, value)
    for risk in measure_risks(model, alongside.risks):
        for figure in ("n", "precision", "recall", "f1"):
            yield Measurement(f"risk_dev_{risk.name}_{figure}", float(getattr(risk, figure)))


@dataclass(frozen=True, slots=True)
class RiskFigures:
    """One risk at its threshold.

    Attributes:
        n: texts of which it is known.
        support: those that it holds for.
    """

    name: str
    n: int
    support: int
    precision: float
    recall: float
    f1: float


def measure_risks(model: Classifier, texts: Sequence[RiskTexts]) -> list[RiskFigures]:
    """Measure each risk over the texts of which it is known.

    Raises:
        ModelError: the model gives no risks.
    """
    targets, known, scores = _risks(model, texts)
    found = []
    for place, name in enumerate(RISKS):
        rows, one = known[:, place], slice(place, place + 1)
        threshold = FLAT if model.thresholds.risks is None else model.thresholds.risks[place]
        counts = count(targets[rows, one], scores[rows, one] >= threshold)
        figures = (float(of(counts)[0]) for of in (precision, recall, f1))
        found.append(RiskFigures(name, int(rows.sum()), int(counts.support[0]), *figures))
    return found


def risk_table(figures: Sequence[RiskFigures], split: str) -> str:
    """Return figures of risks as lines of text."""
    lines = [
        f"risks, {split}",
        f"  {'category':<12} {'texts':>6} {'risky':>6} {'precision':>10} {'recall':>7} {'F1':>6}",
    ]
    lines += [
        f"  {one.name:<12} {one.n:>6} {one.support:>6} {one.precision:>10.3f} {one.recall:>7.3f} {one.f1:>6.3f}"
        for one in figures
    ]
    return "\n".join(lines)


@dataclass(frozen=True)
class Measured:
    """All that is measured of a finished artefact, ready for the tracker."""

    on_dev: Evaluation
    on_test: Evaluation
    metrics: tuple[Measurement, ...]
    files: tuple[Path, ...]
    texts: tuple[tuple[str, str], ...]


def measure_fully(
    model: Classifier,
    folder: Path,
    dev: goemotions.LabelledTexts,
    test: goemotions.LabelledTexts,
    scratch: Path,
    *,
    measure_cost: MeasureCost = cost.measure,
) -> Measured:
    """Measure a model on dev and test, and what reading costs on this machine.

    Args:
        folder: the model's.
        scratch: takes the probabilities on test as Parquet, row by row in the split's order, without its texts.

    Raises:
        ModelError: the model fails on a text.
    """
    manifest = read_manifest(folder)
    on_dev = measure(model, dev)
    scores = np.nan_to_num(model.read(test.raw))
    on_test = _evaluated(model, test, scores)
    probabilities = scratch / "probabilities_test.parquet"
    columns = {"row": np.arange(len(scores), dtype=np.int32)} | dict(zip(LABELS, scores.T, strict=True))
    pq.write_table(pa.table(columns), probabilities, compression="zstd")
    found = measure_cost(folder)
    return Measured(
        on_dev=on_dev,
        on_test=on_test,
        metrics=(
            *(Measurement(*metric) for metric in on_dev.metrics() + on_test.metrics()),
            *(Measurement(*metric) for metric in (found.metrics() if found else [])),
            *(Measurement(f"bytes_{name}", fact.bytes) for name, fact in manifest.files.items()),
            Measurement("bytes", model.info.bytes),
            Measurement("n_parameters", count_parameters(folder, manifest)),
        ),
        files=(probabilities,),
        texts=(
            (evidence.LABELS_FILE, labels_csv(on_test)),
            ("labels_dev.csv", labels_csv(on_dev)),
            (evidence.CURVES_FILE, evidence.curves_csv(test.targets, scores)),
            (evidence.RELIABILITY_FILE, evidence.reliability_csv(test.targets, scores)),
            (evidence.DECISIONS_FILE, evidence.decisions_csv(test.targets, scores, model.thresholds)),
        ),
    )


def tags_of(manifest: Manifest, model: Classifier, tuned_on: str) -> tuple[tuple[str, str], ...]:
    """Return the tags by which a run is found again as that of this artefact, and what its numbers are of."""
    return (
        (MODEL_TAG, manifest.name),
        (VERSION_TAG, manifest.version),
        (FINGERPRINT_TAG, manifest.fingerprint),
        ("family", manifest.family),
        ("machine", machine_kind()),
        ("threshold_version", model.info.threshold_version),
        ("metrics_of", f"dev_*: dev split, test_*: test split, thresholds tuned on {tuned_on}; cost_*: this machine"),
    )


def log_again(
    name: str,
    dev: goemotions.LabelledTexts,
    test: goemotions.LabelledTexts,
    tracking_uri: str | None = None,
    *,
    measure_cost: MeasureCost = cost.measure,
) -> str:
    """Measure the model called `name` again, add it to the run that made it, and return that run's id.

    Raises:
        AffectraError: the model or the tracker cannot be used, or the tracker knows no run of this model.
    """
    folder = target(name)
    model, manifest = load(folder), read_manifest(folder)
    uri = tracking_uri or settings().tracking_uri
    with tracking.connect(uri) as client:
        runs = tracking.read_runs(client)
    # A run of before fingerprints were kept is known by its name alone.
    found = [run for run in runs if run.fingerprint == manifest.fingerprint] or [
        run for run in runs if run.name == manifest.label and not run.fingerprint
    ]
    if not found:
        raise TrackingError(
            f"The tracker {uri!r} holds no run of {manifest.label!r}, with these files. Import the shipped ones with "
            f"`python -m models runs import`, or train the model."
        )
    with TemporaryDirectory() as scratch:
        measured = measure_fully(model, folder, dev, test, Path(scratch), measure_cost=measure_cost)
        tracking.extend(
            found[-1].id,
            metrics=measured.metrics,
            tags=tags_of(manifest, model, "dev"),
            files=measured.files,
            texts=measured.texts,
            uri=uri,
        )
    return found[-1].id


def fresh(folder: Path) -> Path:
    """Return `folder`, made again and empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _put_in_place(staging: Path, folder: Path) -> None:
    """Let `staging` take the place of `folder` by renaming alone, so that a stop leaves the one or the other.

    The version that was there stays beside it as `NAME_model_vVERSION`: it may be the champion, or become it again.
    """
    new = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(staging, new)
    if folder.exists():
        old = folder.with_name(f"{folder.name}_v{read_manifest(folder).version}")
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    new.rename(folder)


def _put_beside(staging: Path, folder: Path, version: str) -> Path:
    """Let `staging` become a version beside `folder` by renaming alone, and return where it is.

    Raises:
        ModelError: another training has made the same version meanwhile.
    """
    own = folder.with_name(f"{folder.name}_v{version}")
    new = own.with_name(f"{own.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(staging, new)
    try:
        new.rename(own)
    except OSError as error:
        raise ModelError(f"{own} cannot be made ({error}): has another training just done so? Begin again.") from error
    return own


def measure(classifier: Classifier, split: goemotions.LabelledTexts) -> Evaluation:
    """Score a split and measure the scores, with a bootstrap that is the same on every call.

    A text of which normalisation left nothing has no scores; it counts as one without any emotion found.
    """
    return _evaluated(classifier, split, np.nan_to_num(classifier.read(split.raw)))


def _evaluated(classifier: Classifier, split: goemotions.LabelledTexts, scores: Scores) -> Evaluation:
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    return evaluate(split.split, split.targets, scores, classifier.thresholds, rng)


def table(evaluation: Evaluation) -> str:
    """Return the main figures as lines of text, with what they are of."""
    lines = [
        f"{evaluation.split}, n = {evaluation.n}, {machine_kind()}; 95 % bootstrap intervals",
        f"  {'level':<10} {'macro-F1':<22} {'micro-F1':<22} {'at 0.5':<7} {'AP':<6} {'AUC':<6} {'ECE':<6}",
    ]
    for at in evaluation.levels:
        macro, micro = (f"{f1.value:.4f} [{f1.low:.4f}, {f1.high:.4f}]" for f1 in (at.macro_f1, at.micro_f1))
        ranking = at.ranking
        lines.append(
            f"  {at.level:<10} {macro:<22} {micro:<22} {at.flat.macro_f1:<7.4f} {ranking.average_precision:<6.4f} "
            f"{ranking.roc_auc:<6.4f} {ranking.calibration_error:<6.4f}"
        )
    return "\n".join(lines)


def comparison(model: Classifier, rival: Classifier, split: goemotions.LabelledTexts) -> str:
    """Return how far the F1 of `model` lies above that of `rival` at each level, paired over the same resamples."""
    ours, theirs = (np.nan_to_num(one.read(split.raw)) for one in (model, rival))
    weights = resample(len(split), np.random.default_rng(BOOTSTRAP_SEED))
    lines = [f"{model.info.label} above {rival.info.label}, {split.split}, n = {len(split)}; paired 95 % intervals"]
    for level in AT_LEVEL:
        targets = roll_up_targets(split.targets, level)
        found = f1_differences(targets, model.decide(ours, level), rival.decide(theirs, level), weights)
        macro, micro = found.macro, found.micro
        lines.append(
            f"  {level:<10} macro-F1 {macro.value:+.4f} [{macro.low:+.4f}, {macro.high:+.4f}]   "
            f"micro-F1 {micro.value:+.4f} [{micro.low:+.4f}, {micro.high:+.4f}]"
        )
    return "\n".join(lines)


def _dataset(split: goemotions.LabelledTexts) -> Dataset:
    return Dataset(f"goemotions-{split.split}", split.md5, f"goemotions/{split.split}.tsv", split.split)
