"""`make lock` derives the files that pip reads from pyproject.toml: nobody forgets it, and nothing is missing there."""

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
APP = PROJECT["project"]["dependencies"]


def group(name: str) -> list[str]:
    found: list[str] = []
    for entry in PROJECT["dependency-groups"][name]:
        found += [entry] if isinstance(entry, str) else group(entry["include-group"])
    return found


SOURCES = {
    "requirements.txt": APP,
    "requirements/train.txt": APP + group("train"),
    "requirements/dev.txt": APP + group("dev"),
}
UNLOCKED = {one["name"]: one["requires-dist"] for one in PROJECT["tool"]["uv"]["dependency-metadata"]}
"""What pip chooses by itself (torch, whose builds differ from machine to machine), and what all its builds need."""


def locked(file: str) -> dict[str, Requirement]:
    """What a derived file pins, by name."""
    text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", "")
    pins = [Requirement(line.partition("--hash")[0]) for line in text.splitlines() if line[:1].isalnum()]
    return {canonicalize_name(pin.name): pin for pin in pins}


def here(pin: Requirement, extras: set[str]) -> bool:
    return pin.marker is None or any(pin.marker.evaluate({"extra": extra}) for extra in extras | {""})


def closure(direct: list[str]) -> set[str]:
    """All packages that `direct` need on this machine, told by what is installed."""
    found: set[str] = set()
    waiting = [Requirement(text) for text in direct]
    while waiting:
        pin = waiting.pop()
        name = canonicalize_name(pin.name)
        if name not in found:
            found.add(name)
            needs = UNLOCKED.get(name) or requires(name) or []
            waiting += [need for need in map(Requirement, needs) if here(need, pin.extras)]
    return found


@pytest.mark.parametrize("file", SOURCES)
def test_a_derived_file_pins_what_the_source_pins(file: str) -> None:
    pins = locked(file)
    for direct in map(Requirement, SOURCES[file]):
        if direct.name not in UNLOCKED:
            assert pins[canonicalize_name(direct.name)].specifier == direct.specifier, "run `make lock`"


@pytest.mark.parametrize("file", SOURCES)
def test_a_derived_file_holds_all_that_is_needed_and_nothing_else(file: str) -> None:
    pinned = {name for name, pin in locked(file).items() if here(pin, set())}
    assert pinned == closure(SOURCES[file]) - UNLOCKED.keys(), "run `make lock`"


@pytest.mark.parametrize("file", SOURCES)
def test_every_package_has_hashes_and_no_address(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert "://" not in text
    for entry in text.replace("\\\n", "").splitlines():
        assert entry.startswith("#") or re.search(r"==\S+ .*--hash=sha256:[0-9a-f]{64}", entry), entry


def test_a_package_has_one_version_everywhere() -> None:
    app, train, dev = (locked(file) for file in SOURCES)
    assert app.items() <= train.items() <= dev.items()


def test_the_app_installs_light() -> None:
    heavy = {"torch", "transformers", "onnx", "mlflow", "playwright", "mypy", "pytest"}
    assert not heavy & locked("requirements.txt").keys()
    assert heavy - UNLOCKED.keys() <= locked("requirements/dev.txt").keys()
