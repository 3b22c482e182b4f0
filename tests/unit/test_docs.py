"""The docs keep to the program: commands are parsed by the real parsers, settings are compared with the real ones."""

import argparse
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.__main__ import parser as core_parser
from core.settings import ROOT, Settings
from models.__main__ import parser as models_parser

DOCS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("data/*.md"), *ROOT.glob("models/*/*.md")]
)
PARSERS = {"core": core_parser, "models": models_parser}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
SETTING = re.compile(r"^\| `([A-Z_]+)` \|.*\| ([^|]+) \|$", re.MULTILINE)


def commands(text: str) -> Iterator[tuple[str, bool]]:
    """Commands of a page, each with whether it stands whole in a block or, maybe without arguments, in a sentence."""
    for block in FENCE.findall(text):
        yield from ((line.strip(), True) for line in block.splitlines())
    yield from ((" ".join(code.split()), False) for code in re.findall(r"`([^`]+)`", FENCE.sub("", text)))


def problem(command: str, whole: bool, capsys: pytest.CaptureFixture[str]) -> str:
    """What is wrong with a command, "" if nothing is or the program is not ours."""
    words = shlex.split(command, comments=True) if re.match(r"(python -m|make) ", command) else []
    match words:
        case ["make", *rest]:
            wrong = [word for word in rest if "=" not in word and word not in TARGETS]
            return f"the Makefile has no {wrong}" if wrong else ""
        case ["python", "-m", "core" | "models" as program, *arguments]:
            try:
                PARSERS[program]().parse_args(arguments)
            except (SystemExit, argparse.ArgumentError):
                said = capsys.readouterr().err.strip().splitlines()[-1]
                return "" if not whole and "arguments are required" in said else said
            return ""
        case ["python", "-m", module, *_]:
            return "" if importlib.util.find_spec(module) else f"there is no module {module}"
    return ""


@pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_the_docs_is_one(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = commands(page.read_text(encoding="utf-8"))
    wrong = {command: said for command, whole in found if (said := problem(command, whole, capsys))}
    assert wrong == {}


@pytest.mark.parametrize(
    ("command", "whole", "said"),
    [
        ("python -m core score tweets.csv -o scored.parquet  # any size", True, ""),
        ("python -m core scores tweets.csv", True, "invalid choice: 'scores'"),
        ("python -m core score tweets.csv --colour body", True, "unrecognized arguments: --colour"),
        ("python -m models evaluate", False, ""),
        ("python -m models evaluate", True, "arguments are required"),
        ("python -m models evaluate bert", False, "invalid choice: 'bert'"),
        ("python -m tests.nothing", True, "no module tests.nothing"),
        ("make run", True, ""),
        ("make coffee", False, "no ['coffee']"),
        ("git status", True, ""),
    ],
)
def test_a_wrong_command_is_found(command: str, whole: bool, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = problem(command, whole, capsys)
    assert said in found
    assert bool(said) == bool(found)


def test_the_table_of_settings_has_them_all_with_their_defaults() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    rows = [row for page in pages for row in SETTING.findall(page.read_text(encoding="utf-8"))]
    told = dict(rows)
    assert len(told) == len(rows), "a setting stands in one table"
    fields = {
        str(field.validation_alias or f"AFFECTRA_{name.upper()}"): field
        for name, field in Settings.model_fields.items()
    }
    assert told.keys() == fields.keys()
    for name, field in fields.items():
        match field.default:
            case None:  # words say what holds then
                assert not re.fullmatch(r"`[^`]+`|[\d.]+", told[name]), name
            case str(uri) if str(ROOT) in uri:  # what is made of a path names its folder
                assert f"`{Path(uri).parent.relative_to(f'sqlite:///{ROOT}')}/`" in told[name], name
            case Path() as path:
                assert told[name] == f"`{path.relative_to(ROOT)}`", name
            case value:
                assert told[name].strip("`") == str(value).lower() or told[name].strip("`") == str(value), name
