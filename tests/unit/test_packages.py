"""Where a package is absent, what needs it says so with the command that installs it; the rest goes on."""

import sys
from pathlib import Path

import pytest

from core.__main__ import main as core_main
from core.errors import MissingPackageError, ModelError, TrackingError
from core.experiments.tracking.client import connect
from core.inference import classifier
from core.packages import needed
from models.__main__ import main as models_main

ROOT = Path(__file__).resolve().parents[2]
TRAINING = ("torch", "transformers", "safetensors", "onnx")


@pytest.fixture
def absent(monkeypatch):
    """Call with names of packages: importing them, or what has imported them, fails from here on."""

    def remove(*names: str) -> None:
        for name in list(sys.modules):
            if name.startswith(("core.inference.engines.torch", "core.inference.checkpoint", "core.bench", "models.")):
                monkeypatch.delitem(sys.modules, name)
        for name in names:
            monkeypatch.setitem(sys.modules, name, None)

    return remove


@pytest.mark.parametrize("package", TRAINING)
def test_a_package_of_training_names_the_target_that_installs_it(absent, package):
    absent(package)
    with (
        pytest.raises(MissingPackageError, match=rf"package {package} is not installed.*`make training-packages`"),
        needed(),
    ):
        __import__(package)


def test_a_package_of_the_app_names_its_requirements(absent):
    absent("skops")
    with (
        pytest.raises(TrackingError, match=r"package skops .*pip install --requirement requirements.txt"),
        needed(TrackingError),
    ):
        import skops  # noqa: F401, PLC0415


def test_a_module_of_ours_that_is_missing_is_a_fault_of_the_program():
    with pytest.raises(ModuleNotFoundError, match=r"core\.nothing"), needed():
        import core.nothing  # noqa: F401, PLC0415


def test_a_checkpoint_cannot_be_served_without_torch_and_the_shipped_model_can(absent, tmp_path):
    absent(*TRAINING)
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match=r"package torch .*make training-packages"):
        classifier.load(tmp_path)
    assert classifier.load(ROOT / "models" / "electra_model").info.engine == "onnx"
    assert classifier.load(ROOT / "models" / "tfidf_model").info.engine == "sklearn"


def test_the_tracker_cannot_be_asked_without_mlflow(absent, tmp_path):
    absent("mlflow")
    with (
        pytest.raises(TrackingError, match=r"package mlflow .*requirements\.txt"),
        connect(f"sqlite:///{tmp_path}/runs.db"),
    ):
        pass


def test_the_bench_of_speed_ends_with_a_sentence(absent, capsys):
    absent("torch")
    assert core_main(["bench", "--only", "speed"]) == 2
    assert "affectra: The package torch is not installed." in capsys.readouterr().err


@pytest.mark.parametrize("model", ["electra", "distilbert"])
def test_training_ends_with_a_sentence(absent, capsys, corpus, model):
    absent("torch")
    assert models_main(["train", model, "--data", str(corpus)]) == 2
    assert "The package torch is not installed." in capsys.readouterr().err
