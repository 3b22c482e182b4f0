"""Which room may import which: the layers in pyproject.toml, held against the sources and the map in the docs."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).resolve().parents[2]
TABLE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"][0]
LAYERS = [re.findall(r"[\w.]+", layer) for layer in TABLE["layers"]]
HEAVY = ("torch", "transformers", "mlflow", "sklearn", "onnx", "skops")
# For each library, the only files that may import it.
ONLY_IN = {
    "streamlit": ("streamlit_app.py", "pages/"),
    "starlette": ("pages/components/downloads.py",),
    "duckdb": ("core/store/",),
    "mlflow": ("core/experiments/tracking/",),
    "onnxruntime": ("core/inference/engines/onnx_engine.py", "models/export_onnx.py"),
    "torch": ("core/inference/engines/torch_engine.py", "core/inference/checkpoint.py", "core/bench/", "models/"),
    "transformers": ("core/inference/engines/torch_engine.py", "core/bench/", "models/"),
    "skops": ("core/inference/engines/sklearn_engine.py", "models/"),
}


def sources() -> list[str]:
    folders = ("core", "models", "pages")
    return ["streamlit_app.py", *(str(p.relative_to(ROOT)) for f in folders for p in sorted((ROOT / f).rglob("*.py")))]


def imports(path: str) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides which room it is from"
            assert node.module
            yield node.module


def test_no_import_goes_up_and_none_goes_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS, "`lint-imports` says which"


def test_every_room_has_its_layer() -> None:
    told = {name for layer in LAYERS for name in layer}
    modules = {f"core.{path.stem}" for path in (ROOT / "core").glob("*.py") if not path.stem.startswith("__")}
    packages = {f"core.{path.parent.name}" for path in (ROOT / "core").glob("*/__init__.py")}
    assert modules | packages <= told


def test_the_map_in_the_docs_shows_these_layers() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    shown = [re.findall(r"`([\w./]+)`", line.split("|")[1]) for line in text.splitlines() if line.startswith("| `")]
    names = [[name.removesuffix(".py").removesuffix("/").replace("/", ".") for name in layer] for layer in shown]
    assert names[: len(LAYERS)] == LAYERS


@pytest.mark.parametrize("path", sources())
def test_each_library_has_its_place(path: str) -> None:
    for name in imports(path):
        for library, allowed in ONLY_IN.items():
            if name == library or name.startswith(f"{library}."):
                assert path.startswith(allowed), f"{path} imports {name}"


@pytest.mark.parametrize("path", sources())
def test_only_settings_reads_the_environment(path: str) -> None:
    if path != "core/settings.py":
        text = (ROOT / path).read_text(encoding="utf-8")
        assert "os.environ" not in text
        assert "getenv" not in text


@pytest.mark.parametrize("room", ["charts", "review", "rules", "files", "store", "services", "inference", "explore"])
def test_tests_stand_where_their_room_stands(room: str) -> None:
    assert (ROOT / "tests" / "unit" / room).is_dir()


def test_the_way_to_the_first_prediction_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from core.app import App\n"
        "from core.settings import settings\n"
        "import core.charts.probabilities, pages.components.prediction, pages.live.file, pages.runtime\n"
        "print(App(settings()).predictor.predict('what a lovely day').top)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    top, heavy = done.stdout.splitlines()
    assert top in {"joy", "admiration", "love", "excitement", "approval"}
    assert heavy == "[]"
