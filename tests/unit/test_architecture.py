"""Which room may import which: read from the sources, so that the map in docs/architecture.md stays true."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "transformers", "mlflow", "sklearn", "onnx", "skops")
# For each library, the only files that may import it.
ONLY_IN = {
    "streamlit": ("streamlit_app.py", "pages/", "core/runtime.py"),
    "starlette": ("pages/components/downloads.py",),
    "duckdb": ("core/store/",),
    "mlflow": ("core/tracking/",),
    "onnxruntime": ("core/engines/onnx_engine.py", "models/export_onnx.py"),
    "torch": ("core/engines/torch_engine.py", "core/bench.py", "core/checkpoint.py", "models/"),
    "transformers": ("core/engines/torch_engine.py", "core/bench.py", "core/checkpoint.py", "models/"),
    "skops": ("core/engines/sklearn_engine.py", "models/"),
}
# For each part of the project, the parts it must not know.
FORBIDDEN = {
    "core/": ("models", "pages"),
    "models/": ("pages", "streamlit", "core.store", "core.service", "core.runtime"),
    "pages/components/": ("core.store", "core.service", "core.runtime", "core.classifier", "core.tracking"),
    "pages/": ("core.store", "core.engines", "core.tracking", "models"),
    "core/emotions.py": ("core.",),
    "core/errors.py": ("core.",),
    "core/text/": ("core.emotions", "core.errors", "core.settings", "core.classifier", "core.service", "core.store"),
    "core/store/": ("core.service", "core.classifier", "core.rules"),
    "core/rules/": ("core.service", "core.store", "core.classifier", "core.files"),
    "core/flags.py": ("core.service", "core.store", "core.rules"),
    "core/selection.py": ("core.store", "core.emotions"),
    "core/exploring.py": ("core.service", "core.runtime", "core.rules"),
    "core/spikes.py": ("core.",),
    "core/drift.py": ("core.",),
    "core/audit/": ("core.store", "core.runtime", "core.inbox"),
    "core/charts/": ("core.store", "core.service", "core.runtime"),
    "core/classifier.py": ("core.service", "core.store", "core.rules"),
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
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_of(name: str, package: str) -> bool:
    return name.startswith(package) if package.endswith(".") else name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("path", sources())
def test_imports_keep_to_the_map(path: str) -> None:
    for name in imports(path):
        for library, allowed in ONLY_IN.items():
            if is_of(name, library):
                assert path.startswith(allowed), f"{path} imports {name}"
        for part, forbidden in FORBIDDEN.items():
            if path.startswith(part):
                assert not any(is_of(name, other) for other in forbidden), f"{path} imports {name}"


@pytest.mark.parametrize("path", sources())
def test_only_settings_reads_the_environment(path: str) -> None:
    if path != "core/settings.py":
        text = (ROOT / path).read_text(encoding="utf-8")
        assert "os.environ" not in text
        assert "getenv" not in text


def test_the_way_to_the_first_prediction_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from core.runtime import *\n"
        "from core.classifier import load\n"
        "model = load(choices(settings())[0].folder)\n"
        "from core.service import Service\n"
        "def none(): raise AssertionError\n"
        "print(Service(model, none, none).read('what a lovely day').top)\n"
        "import core.charts.readings, pages.components.verdict, pages.file_tab\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    top, heavy = done.stdout.splitlines()
    assert top in {"joy", "admiration", "love", "excitement", "approval"}
    assert heavy == "[]"
