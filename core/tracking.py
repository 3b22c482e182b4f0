"""The only module that speaks MLflow: experiment runs, in a local SQLite store or on a server.

MLflow itself is imported when a run is logged: it takes seconds, and no page waits for it.
"""

import logging
import os
import platform
import re
import shutil
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import TrackingError
from core.settings import ROOT, settings

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

EXPERIMENT: Final = "affectra"
_SQLITE: Final = "sqlite:///"
_METRICS_AT_ONCE: Final = 1_000  # MLflow's limit
_SHORT_BYTES: Final = 200_000
_CONTEXT: Final = "mlflow.data.context"
_ORIGIN: Final = "affectra.run"
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
        return _log(client, _group(client, uri, experiment), run)


def _group(client: "MlflowClient", uri: str, experiment: str) -> str:
    found = client.get_experiment_by_name(experiment)
    group: str = found.experiment_id if found else client.create_experiment(experiment, _artefacts_beside(uri))
    return group


def _log(client: "MlflowClient", group: str, run: Run, started: int | None = None, ended: int | None = None) -> str:
    """Record a run; its times are milliseconds since 1970, None for now."""
    from mlflow.entities import Dataset as MlflowDataset  # noqa: PLC0415
    from mlflow.entities import DatasetInput, InputTag, Metric, Param, RunTag  # noqa: PLC0415

    run_id: str = client.create_run(group, start_time=started, run_name=run.name).info.run_id
    try:
        measured = ended or int(time.time() * 1000)
        metrics = [Metric(m.name, m.value, measured, m.step) for m in run.metrics]
        client.log_batch(
            run_id,
            params=[Param(name, value) for name, value in run.params],
            tags=[RunTag(name, value) for name, value in run.tags],
        )
        for start in range(0, len(metrics), _METRICS_AT_ONCE):
            client.log_batch(run_id, metrics=metrics[start : start + _METRICS_AT_ONCE])
        client.log_inputs(
            run_id,
            datasets=[
                DatasetInput(
                    MlflowDataset(data.name, data.md5, "local", data.source),
                    [InputTag(_CONTEXT, data.context)],
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
    client.set_terminated(run_id, end_time=ended)
    return run_id


class RunFile(BaseModel):
    """A run as a text file, so that it can travel with the project: what `export_runs` writes.

    Attributes:
        id: the run's where it was made; an import keeps it as a tag, and takes no run twice.
        started_at, ended_at: milliseconds since 1970, UTC.
        metrics: (name, value, step).
        texts: the artefacts that are short texts, by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")
    id: str = Field(pattern="^[0-9a-f]{32}$")
    name: str
    started_at: int
    ended_at: int
    params: dict[str, str]
    tags: dict[str, str]
    datasets: list[Dataset]
    metrics: list[tuple[str, float, int]]
    texts: dict[str, str]


def export_runs(folder: Path, uri: str | None = None, experiment: str = EXPERIMENT) -> list[Path]:
    """Write every finished run to `folder`, a JSON file each, and return the files; the same run gives the same bytes.

    Raises:
        TrackingError: the store cannot be used or reached, or the folder not be written.
    """
    uri = uri or settings().tracking_uri
    with _client(uri) as client:
        records = [_record(client, run) for run in _finished(client, experiment)]
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for record in records:
            slug = re.sub(r"[^a-z0-9]+", "-", record.name.lower()).strip("-") or "run"
            path = folder / f"{slug}-{record.id[:8]}.json"
            path.write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")
            paths.append(path)
    return paths


def import_runs(folder: Path, uri: str | None = None, experiment: str = EXPERIMENT) -> int:
    """Record the runs of `folder` that the store does not hold yet, and return how many those were.

    All files are read before the first is recorded.

    Raises:
        TrackingError: a file is damaged or was changed by hand into something else, or the store cannot be used.
    """
    records = [_read(path) for path in sorted(folder.glob("*.json"))]
    uri = uri or settings().tracking_uri
    with _client(uri) as client:
        group = _group(client, uri, experiment)
        known = {_origin(run) for run in _finished(client, experiment)}
        new = [record for record in records if record.id not in known]
        for record in new:
            run = Run(
                name=record.name,
                params=tuple(record.params.items()),
                metrics=tuple(Measurement(*metric) for metric in record.metrics),
                tags=(*record.tags.items(), (_ORIGIN, record.id)),
                datasets=tuple(record.datasets),
                texts=tuple(record.texts.items()),
            )
            _log(client, group, run, record.started_at, record.ended_at)
    return len(new)


def _read(path: Path) -> RunFile:
    try:
        return RunFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise TrackingError(f"{path} cannot be read ({error}). Give this user read access to it.") from error
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'JSON'}: {one['msg']}" for one in error.errors()[:3])
        raise TrackingError(f"{path} is no exported run ({said}). Restore it from the repository.") from error


def _finished(client: "MlflowClient", experiment: str) -> "Iterator[MlflowRun]":
    found = client.get_experiment_by_name(experiment)
    if found is None:
        return
    token: str | None = ""
    while token is not None:
        page = client.search_runs(
            [found.experiment_id],
            "attributes.status = 'FINISHED'",
            order_by=["attributes.start_time ASC"],
            page_token=token or None,
        )
        yield from page
        token = page.token or None


def _origin(run: "MlflowRun") -> str:
    origin: str = run.data.tags.get(_ORIGIN, run.info.run_id)
    return origin


def _record(client: "MlflowClient", run: "MlflowRun") -> RunFile:
    history = [client.get_metric_history(run.info.run_id, name) for name in sorted(run.data.metrics)]
    own = {name: value for name, value in run.data.tags.items() if name != _ORIGIN and not name.startswith("mlflow.")}
    return RunFile(
        id=_origin(run),
        name=run.info.run_name,
        started_at=run.info.start_time,
        ended_at=run.info.end_time,
        params=dict(sorted(run.data.params.items())),
        tags=dict(sorted(own.items())),
        datasets=[
            Dataset(
                used.dataset.name,
                used.dataset.digest,
                used.dataset.source,
                next((tag.value for tag in used.tags if tag.key == _CONTEXT), ""),
            )
            for used in sorted(run.inputs.dataset_inputs if run.inputs else [], key=lambda used: used.dataset.name)
        ],
        metrics=[(one.key, one.value, one.step) for ones in history for one in sorted(ones, key=lambda one: one.step)],
        texts=dict(_short_texts(client, run.info.run_id)),
    )


def _short_texts(client: "MlflowClient", run_id: str) -> Iterator[tuple[str, str]]:
    for found in sorted(client.list_artifacts(run_id), key=lambda found: found.path):
        if found.is_dir or (found.file_size or 0) > _SHORT_BYTES:
            continue
        with TemporaryDirectory() as scratch:
            raw = Path(client.download_artifacts(run_id, found.path, scratch)).read_bytes()
        with suppress(UnicodeDecodeError):
            yield found.path, raw.decode("utf-8")


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
