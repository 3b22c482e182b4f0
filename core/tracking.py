"""The only module that speaks MLflow: experiment runs, in a local SQLite store or on a server.

MLflow itself is imported when a run is logged: it takes seconds, and no page waits for it.
"""

import logging
import os
import platform
import shutil
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from core.errors import TrackingError
from core.settings import ROOT, settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT: Final = "affectra"
_SQLITE: Final = "sqlite:///"
_SERVER_TIMEOUT: Final = 5.0  # seconds; MLflow's own retries would keep a person waiting for minutes


@dataclass(frozen=True, slots=True)
class Dataset:
    """A file that a run read, and what for (`train`, `dev`, `test`). The source is a public name, not a local path."""

    name: str
    md5: str
    source: str
    context: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number that a run measured; `step` counts epochs, 0 for what holds for the whole run."""

    name: str
    value: float
    step: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """What is kept of a training run.

    Attributes:
        name: as lists of runs show it.
        params: what was set, as (name, value).
        metrics: what was measured.
        tags: what it is of: family, base, code revision, split and n, machine.
        datasets: what it read.
        files: copied to the run's artefacts as they are.
        texts: (file name, content) written to the run's artefacts.
    """

    name: str
    params: tuple[tuple[str, str], ...]
    metrics: tuple[Measurement, ...]
    tags: tuple[tuple[str, str], ...]
    datasets: tuple[Dataset, ...] = ()
    files: tuple[Path, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()


def log_run(run: Run, uri: str | None = None, experiment: str = EXPERIMENT) -> str:
    """Record a finished run and return its id.

    Args:
        run: what to record.
        uri: `sqlite:///FILE` or `http(s)://SERVER`; None takes the settings' one. A new SQLite store is created, and
            keeps its artefacts in a folder beside the file.
        experiment: the name under which runs are gathered; created when it is new.

    Raises:
        TrackingError: the store cannot be used or reached; the message names it.
    """
    uri = uri or settings().tracking_uri
    with _client(uri) as client:
        from mlflow.entities import Dataset as MlflowDataset  # noqa: PLC0415
        from mlflow.entities import DatasetInput, InputTag, Metric, Param, RunTag  # noqa: PLC0415

        found = client.get_experiment_by_name(experiment)
        group = found.experiment_id if found else client.create_experiment(experiment, _artefacts_beside(uri))
        run_id: str = client.create_run(group, run_name=run.name).info.run_id
        try:
            now = int(time.time() * 1000)
            client.log_batch(
                run_id,
                metrics=[Metric(m.name, m.value, now, m.step) for m in run.metrics],
                params=[Param(name, value) for name, value in run.params],
                tags=[RunTag(name, value) for name, value in run.tags],
            )
            client.log_inputs(
                run_id,
                datasets=[
                    DatasetInput(
                        MlflowDataset(data.name, data.md5, "local", data.source),
                        [InputTag("mlflow.data.context", data.context)],
                    )
                    for data in run.datasets
                ],
            )
            for path in run.files:
                client.log_artifact(run_id, str(path))
            for name, content in run.texts:
                client.log_text(run_id, content, name)
        except BaseException:
            client.set_terminated(run_id, status="FAILED")
            raise
        client.set_terminated(run_id)
    return run_id


@contextmanager
def _client(uri: str) -> "Iterator[MlflowClient]":
    if uri.startswith(_SQLITE):
        try:
            Path(uri.removeprefix(_SQLITE)).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TrackingError(
                f"The folder of MLFLOW_TRACKING_URI {uri!r} cannot be made ({error}). Name one that can be written."
            ) from error
    elif uri.startswith(("http://", "https://")):
        _knock(uri)
    else:
        raise TrackingError(
            f"MLFLOW_TRACKING_URI {uri!r} is no store to use here. Set it to sqlite:///FILE or to http(s)://SERVER."
        )
    with warnings.catch_warnings():
        # MLflow 3.17's own models trip a deprecation of SQLAlchemy 2.1; nothing here can mend that.
        warnings.filterwarnings("ignore", message="The ``noload`` loader", category=DeprecationWarning)
        from mlflow import MlflowClient  # noqa: PLC0415
        from mlflow.exceptions import MlflowException  # noqa: PLC0415
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

        # It tells of every table it makes; what matters is said in errors.
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        try:
            yield MlflowClient(tracking_uri=uri)
        except (MlflowException, SQLAlchemyError, OSError) as error:
            raise TrackingError(
                f"The tracker at MLFLOW_TRACKING_URI {uri!r} refused: {error}. Check that address, that its file or "
                f"server is whole, and that it may be written."
            ) from error


def _knock(uri: str) -> None:
    parts = urlsplit(uri)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=_SERVER_TIMEOUT).close()
    except OSError as error:
        raise TrackingError(
            f"No MLflow server answers at MLFLOW_TRACKING_URI {uri!r} ({error}). Start it, mend the address, or unset "
            f"MLFLOW_TRACKING_URI to log into the local SQLite store."
        ) from error


def _artefacts_beside(uri: str) -> str | None:
    # A server knows its own place; for SQLite MLflow would litter the working directory.
    if not uri.startswith(_SQLITE):
        return None
    return (Path(uri.removeprefix(_SQLITE)).resolve().parent / "mlflow_artefacts").as_uri()


def code_revision() -> str:
    """Return the commit of the project's folder, with `-dirty` where files differ from it; `unknown` without git."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    try:
        head, changes = (
            subprocess.run([git, "-C", ROOT, *args], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
            for args in (("rev-parse", "HEAD"), ("status", "--porcelain", "--", "core", "models"))
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}-dirty" if changes else head


def machine_kind() -> str:
    """Return what a speed or a rounding was measured on, such as `2 cores x86_64 AVX2`; no host name."""
    words = [f"{os.cpu_count()} cores", platform.machine()]
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        return " ".join(words)
    known = (("avx512_vnni", "AVX512-VNNI"), ("avx_vnni", "AVX-VNNI"), ("avx512f", "AVX512"), ("avx2", "AVX2"))
    return " ".join(words + [name for flag, name in known if flag in flags][:1])
