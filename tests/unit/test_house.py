"""The rules of the house that a search can hold: those of .pre-commit-config.yaml, held here for who has no hooks."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
RULES = {hook["id"]: hook for hook in HOOKS if hook["language"] == "pygrep"}
# A file of the house for each rule, what the rule refuses in it, and what it lets stand.
CASES = [
    ("no-streamlit-in-core", "core/jobs.py", "import streamlit as st", "import streamlit_app"),
    ("sql-in-the-store-alone", "pages/entry.py", 'ask("SELECT text FROM predictions")', '"""Select a row from it."""'),
    (
        "no-fault-is-swallowed",
        "pages/entry.py",
        "    except StoreError:\n        continue",
        "    except KeyError:\n        continue",
    ),
    ("no-pickle", "models/publish.py", "weights = torch.load(path)", "weights = load_file(path)"),
    ("no-machine-paths", "README.md", "see " + "/".join(["", "home", "ana", "tweets"]), "see data/home/ana/tweets"),
]


def finds(rule: str, text: str) -> bool:
    return re.search(RULES[rule]["entry"], text, re.MULTILINE) is not None


def is_asked(rule: str, file: str) -> bool:
    """Whether the rule looks into a file."""
    hook = RULES[rule]
    return bool(re.search(hook.get("files", ""), file)) and not re.search(hook.get("exclude", "^$"), file)


@pytest.mark.parametrize(("rule", "file", "refused", "fine"), CASES)
def test_a_rule_finds_what_it_is_for(rule: str, file: str, refused: str, fine: str) -> None:
    assert is_asked(rule, file)
    assert finds(rule, refused)
    assert not finds(rule, fine)


def test_every_rule_has_a_case() -> None:
    assert {case[0] for case in CASES} == RULES.keys()


@pytest.mark.parametrize("rule", RULES)
def test_the_house_keeps_a_rule(rule: str) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for file in filter(None, listed.split("\0")):
        path = ROOT / file
        if is_asked(rule, file) and path.suffix not in {".onnx", ".skops", ".png"} and path.is_file():
            assert not finds(rule, path.read_text(encoding="utf-8")), f"{file}: {RULES[rule]['name']}"


def test_no_docstring_of_a_page_is_drawn() -> None:
    """Streamlit draws a bare string of a page, which is what the docstring of a constant is, unless told not to."""
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["runner"]["magicEnabled"] is False
