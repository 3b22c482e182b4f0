"""The command line of training: `python -m models pretrain`, `train`, `refit`, `evaluate`, `runs` and `words`.

Exit codes: 0 done, 2 something named on stderr was wrong, 130 stopped by Ctrl-C.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from core import packages
from core.errors import AffectraError
from core.experiments.tracking import export_runs, import_runs
from core.inference.classifier import load
from core.settings import ROOT, settings
from models import goemotions, sample_tweets, words, written
from models import publish as training

if TYPE_CHECKING:
    from models.mixture import Sources

_BASELINE = "tfidf"
_AFTER_A_STOP = {
    False: "The same command goes on; a transformer after its last checkpoint, at most some minutes ago.",
    True: "Candidates that were finished stay, and of the one under way nothing is left. The same command starts over.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    options = parser().parse_args(arguments)
    try:
        with packages.needed():
            _COMMANDS[options.command](options)
    except AffectraError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"Stopped; what is in service stays. {_AFTER_A_STOP[options.command == 'refit']}", file=sys.stderr)
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    whole = argparse.ArgumentParser(prog="python -m models", description="Train and measure Affectra's models.")
    commands = whole.add_subparsers(dest="command", required=True)
    data = "folder of the GoEmotions 28-label split; without it, GOEMOTIONS_DIR"

    train = commands.add_parser("train", help="train a model, measure it on test and put it in service")
    recipes = train.add_subparsers(dest="model", required=True)
    tfidf = recipes.add_parser("tfidf", help="TF-IDF + logistic regression, about a minute")
    electra = recipes.add_parser("electra", help="ELECTRA as int8 ONNX, about an hour on two cores; resumes")
    distilbert = recipes.add_parser("distilbert", help="DistilBERT in fp32, about an hour on two cores; resumes")
    mpnet = recipes.add_parser("mpnet", help="MPNet in fp32, several hours on two cores; resumes")
    for recipe, kind, base in (
        (electra, "an ELECTRA", "all-MiniLM-L6-v2"),
        (distilbert, "a DistilBERT", "all-MiniLM-L6-v2"),
        (mpnet, "an MPNet", "all-mpnet-base-v2"),
    ):
        recipe.add_argument("--base", default=base, help=f"the packaged %(default)s, or the name or folder of {kind}")
        recipe.add_argument("--epochs", type=_at_least_one, default=5, help="default: %(default)s")
        recipe.add_argument("--batch-size", type=_at_least_one, default=32, help="texts a step (default: %(default)s)")
        recipe.add_argument("--learning-rate", type=float, default=1.5e-4, help="at its peak (default: %(default)s)")
        recipe.add_argument(
            "--layer-decay",
            type=_share,
            default=1.0,
            help="0 to 1, the rate of each layer as a share of that of the one above it (default: %(default)s)",
        )
        recipe.add_argument(
            "--max-length", type=_at_least_one, default=64, help="word pieces in training (default: %(default)s)"
        )
        recipe.add_argument(
            "--precision",
            choices=("fp32", "bf16"),
            default="fp32",
            help="bf16 is quicker on a CPU that has it, such as AVX512-BF16 (default: %(default)s)",
        )
        recipe.add_argument(
            "--teachers",
            default="",
            help="model folders, parted by commas, whose probabilities are learned beside the raters' labels",
        )
        recipe.add_argument(
            "--teacher-weight", type=_share, default=0.5, help="0 to 1, how much theirs count (default: %(default)s)"
        )
    mixed = "; with any of --tweets, --risk and --pairs the project's own texts are learned, too, and risks are given"
    electra.add_argument(
        "--tweets", type=Path, help=f"unlabelled tweets to learn the teachers' word on, see models/tweets.py{mixed}"
    )
    electra.add_argument("--risk", type=Path, help=f"folder of corpora of risk, see models/risk_corpora.py{mixed}")
    electra.add_argument("--pairs", type=int, help=f"sentences made by program, see models/augment.py{mixed}")
    mpnet.set_defaults(epochs=4, learning_rate=5e-5, layer_decay=0.95)
    for recipe in (tfidf, electra, distilbert, mpnet):
        recipe.add_argument("--data", help=data)
        recipe.add_argument("--seed", type=int, default=0, help="default: %(default)s")

    _add_pretrain(commands, data)

    refit = commands.add_parser("refit", help="make candidates from what people decided in reviews; none is promoted")
    refit.add_argument("--reviews", type=Path, required=True, help="the labelled set, a Parquet file")
    refit.add_argument(
        "--only",
        action="append",
        choices=("thresholds", "tfidf", "electra"),
        help="make this alone: new thresholds for ELECTRA, TF-IDF fitted again, or ELECTRA trained further; can be "
        "given again (default: all three)",
    )
    refit.add_argument("--data", help=data)
    refit.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    refit.add_argument("--epochs", type=_at_least_one, default=3, help="of ELECTRA (default: %(default)s)")
    refit.add_argument(
        "--progress", action="store_true", help="print lines such as `progress: 0.42 electra: measuring` for programs"
    )

    runs = commands.add_parser("runs", help="carry tracked runs from one MLflow to another as text files")
    runs.add_argument("direction", choices=("export", "import"))
    runs.add_argument("--folder", type=Path, default=ROOT / "data" / "runs", help="default: data/runs")

    evaluate = commands.add_parser("evaluate", help="measure a trained model again")
    evaluate.add_argument("model", choices=("tfidf", "electra", "distilbert", "mpnet"))
    evaluate.add_argument("--data", help=data)
    evaluate.add_argument(
        "--split",
        choices=("dev", "test", "sample", "written"),
        default="test",
        help="sample is the project's own tweets, written the dev split of those it learns from; default: %(default)s",
    )
    evaluate.add_argument(
        "--log", action="store_true", help="also add figures, curves and cost to the model's run in the tracker"
    )

    listed = commands.add_parser("words", help="make the list of common words of a new version of the normaliser")
    listed.add_argument("--data", help=data)
    listed.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json of an uncased WordPiece model")
    listed.add_argument("--output", type=Path, required=True, help="the file to write")
    return whole


def _add_pretrain(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", data: str) -> None:
    body = commands.add_parser(
        "pretrain", help="pre-train a light body of ELECTRA by replaced-token detection, for `train electra --base`"
    )
    body.add_argument(
        "--tweets", type=Path, required=True, help="unlabelled tweets, one a line, gzipped or not; see models/tweets.py"
    )
    body.add_argument("--data", help=data)
    body.add_argument("--vocabulary", type=_at_least_one, default=12_000, help="word pieces (default: %(default)s)")
    body.add_argument("--width", type=_at_least_one, default=192, help="of their table (default: %(default)s)")
    body.add_argument(
        "--generator-layers", type=_at_least_one, default=2, help="of the body's six layers (default: %(default)s)"
    )
    body.add_argument("--epochs", type=_at_least_one, default=3, help="default: %(default)s")
    body.add_argument("--batch-size", type=_at_least_one, default=64, help="texts a step (default: %(default)s)")
    body.add_argument("--learning-rate", type=float, default=2e-4, help="at its peak (default: %(default)s)")
    body.add_argument(
        "--precision", choices=("fp32", "bf16"), default="fp32", help="as in train (default: %(default)s)"
    )
    body.add_argument("--seed", type=int, default=0, help="default: %(default)s")


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def _share(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{number} is not between 0 and 1")
    return number


def _train(options: argparse.Namespace) -> None:
    data, now = goemotions.data_dir(options.data), datetime.now(UTC)
    if options.model == "tfidf":
        from models.recipes import tfidf  # noqa: PLC0415

        tfidf.train(data, options.seed, now, print)
    else:
        # Imported here: torch takes seconds, and the baseline needs none.
        from models.finetune import Hyperparameters  # noqa: PLC0415
        from models.recipes import distilbert, electra, mpnet, transformer  # noqa: PLC0415

        recipe = {recipe.name: recipe for recipe in (electra.RECIPE, distilbert.RECIPE, mpnet.RECIPE)}[options.model]
        chosen = Hyperparameters(
            epochs=options.epochs,
            batch_size=options.batch_size,
            learning_rate=options.learning_rate,
            layer_decay=options.layer_decay,
            max_length=options.max_length,
            precision=options.precision,
            teachers=options.teachers,
            teacher_weight=options.teacher_weight,
            seed=options.seed,
        )
        transformer.train(
            recipe, data, base=options.base, settings=chosen, now=now, say=print, sources=_sources(options)
        )


def _sources(options: argparse.Namespace) -> "Sources | None":
    """Return what an ELECTRA learns from beside the corpus, None if no option names anything."""
    from models.mixture import Sources  # noqa: PLC0415

    named = {name: getattr(options, name, None) for name in ("tweets", "risk", "pairs")}
    given = {name: value for name, value in named.items() if value is not None}
    return Sources(**given) if given else None


def _pretrain(options: argparse.Namespace) -> None:
    # Imported here: torch takes seconds.
    from models.pretrain import Pretraining  # noqa: PLC0415
    from models.recipes import body  # noqa: PLC0415

    settings = Pretraining(
        vocabulary=options.vocabulary,
        width=options.width,
        generator_layers=options.generator_layers,
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        precision=options.precision,
        seed=options.seed,
    )
    body.train(options.tweets, goemotions.data_dir(options.data), settings, datetime.now(UTC), print)


def _refit(options: argparse.Namespace) -> None:
    # Imported here: scikit-learn and the tables of the comparison take a second, and `train` need not wait for them.
    from models.refit import KINDS, refit  # noqa: PLC0415

    signal.signal(signal.SIGTERM, _stop)
    refit(
        options.reviews,
        options.only or list(KINDS),
        data=goemotions.data_dir(options.data),
        house=settings(),
        seed=options.seed,
        epochs=options.epochs,
        now=datetime.now(UTC),
        say=partial(print, flush=True),
        report=Reporter(options.progress),
    )


def _stop(_number: int, _frame: object) -> NoReturn:
    """Stop as Ctrl-C does: a program that started this one ends it by this signal, and may send it again and again."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


class Reporter:
    """Prints each step once: its name for people, or with how far it is for programs, whenever that has changed."""

    def __init__(self, for_programs: bool) -> None:
        self._for_programs = for_programs
        self._last = ""

    def __call__(self, share: float, what: str) -> None:
        """Take how far it is, 0..1, and what is done next."""
        line = f"progress: {share:.2f} {what}" if self._for_programs else f"{what} ..."
        if line != self._last:
            self._last = line
            print(line, flush=True)


def _runs(options: argparse.Namespace) -> None:
    if options.direction == "export":
        for path in export_runs(options.folder):
            print(path)
    else:
        print(f"{import_runs(options.folder)} runs recorded that were not there yet.")


def _words(options: argparse.Namespace) -> None:
    listed = words.common_words(options.tokenizer, goemotions.data_dir(options.data) / "train.tsv")
    words.write_words(listed, options.output)
    print(f"{len(listed):,} words in {options.output}")


def _evaluate(options: argparse.Namespace) -> None:
    if options.log:
        dev, test = goemotions.load("dev", options.data), goemotions.load("test", options.data)
        run = training.log_again(options.model, dev, test)
        print(f"Measured again and added to run {run}.")
    if options.split == "sample":
        split = sample_tweets.load(settings().sample_tweets)
    elif options.split == "written":
        split = written.tweets("dev")
    else:
        split = goemotions.load(options.split, options.data)
    model = load(training.target(options.model))
    print(model.info.label)
    print(training.table(training.measure(model, split)))
    if options.split == "written" and model.info.risks:
        print(training.risk_table(training.measure_risks(model, [written.risky("dev")]), "risk_dev"))
    if options.model != _BASELINE and (training.target(_BASELINE) / "manifest.json").exists():
        print(training.comparison(model, load(training.target(_BASELINE)), split))


_COMMANDS: Final = {
    "pretrain": _pretrain,
    "train": _train,
    "refit": _refit,
    "evaluate": _evaluate,
    "runs": _runs,
    "words": _words,
}


if __name__ == "__main__":
    sys.exit(main())
