"""The way to MLflow: a local SQLite store or a server, and what its refusals mean to a person.

MLflow itself is imported when it is first asked: it takes seconds, and the app's first page does without.
"""

import json
import logging
import socket
import threading
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from core import packages
from core.errors import TrackingError

if TYPE_CHECKING:
    from mlflow import MlflowClient

    Client = MlflowClient

SQLITE: Final = "sqlite:///"
EXPERIMENT: Final = "affectra"
_PACKAGE: Final = "mlflow-skinny"  # of which `mlflow` is the rest: server and pages
_KNOCK: Final = 5.0
"""Seconds a server has to take the connection; MLflow's own retries would keep a person waiting for minutes."""
ANSWER: Final = 10
"""Seconds a server has for one answer; it is asked twice."""

# One at a time: MLflow makes its tables on first use, and two threads that do so at once break them.
_LOCK = threading.RLock()


@contextmanager
def connect(uri: str, answer_seconds: int = ANSWER) -> "Iterator[MlflowClient]":
    """Yield a client of the store at `uri`; a SQLite store is made if it is not there.

    Args:
        uri: `sqlite:///FILE` or `http(s)://SERVER`.
        answer_seconds: how long a server has for one answer.

    Raises:
        TrackingError: it cannot be used or reached, or refuses what is asked of it; the message says how to mend that.
    """
    if uri.startswith(SQLITE):
        try:
            database_file(uri).parent.mkdir(parents=True, exist_ok=True)
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
    with _LOCK, warnings.catch_warnings():
        # MLflow 3.17's own models trip a deprecation of SQLAlchemy 2.1; nothing here can mend that.
        warnings.filterwarnings("ignore", message="The ``noload`` loader", category=DeprecationWarning)
        with packages.needed(TrackingError):
            from mlflow import MlflowClient  # noqa: PLC0415
        from mlflow.environment_variables import (  # noqa: PLC0415
            MLFLOW_DISABLE_TELEMETRY,
            MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR,
            MLFLOW_HTTP_REQUEST_MAX_RETRIES,
            MLFLOW_HTTP_REQUEST_TIMEOUT,
        )
        from mlflow.exceptions import MlflowException  # noqa: PLC0415
        from mlflow.telemetry import set_telemetry_client  # noqa: PLC0415
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

        # It tells of every table it makes; what matters is said in errors.
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        # It would report what it is used for to its makers, from the first call on.
        MLFLOW_DISABLE_TELEMETRY.set(True)  # type: ignore[no-untyped-call]
        set_telemetry_client()  # type: ignore[no-untyped-call]
        MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.set(False)  # type: ignore[no-untyped-call]
        MLFLOW_HTTP_REQUEST_TIMEOUT.set(answer_seconds)  # type: ignore[no-untyped-call]
        MLFLOW_HTTP_REQUEST_MAX_RETRIES.set(1)  # type: ignore[no-untyped-call]
        try:
            yield MlflowClient(tracking_uri=uri, registry_uri=uri)
        except (MlflowException, SQLAlchemyError, OSError) as error:
            raise TrackingError(_explain(uri, str(error), answer_seconds)) from error


def database_file(uri: str) -> Path:
    """Return the file of a SQLite store."""
    return Path(uri.removeprefix(SQLITE))


def state_of(uri: str) -> str:
    """Return a text that changes with every write into a SQLite store; empty for a server.

    Made of each file's identity, size and time, and of SQLite's own count of transactions (bytes 24 to 27, the "file
    change counter" of its format).
    """
    if not uri.startswith(SQLITE):
        return ""
    path = database_file(uri)
    parts = []
    for file in (path, path.with_name(f"{path.name}-wal")):
        try:
            found = file.stat()
            with file.open("rb") as content:
                counter = content.read(28)[24:].hex()
        except OSError:
            parts.append("none")
        else:
            parts.append(f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {counter}")
    return " ".join(parts)


def experiment(client: "MlflowClient", uri: str, name: str) -> str:
    """Return the id of the experiment called `name`, made if it is not there."""
    found = client.get_experiment_by_name(name)
    group: str = found.experiment_id if found else client.create_experiment(name, _artefacts_beside(uri))
    return group


def _artefacts_beside(uri: str) -> str | None:
    # A server knows its own place; for SQLite MLflow would litter the working directory.
    if not uri.startswith(SQLITE):
        return None
    return (database_file(uri).resolve().parent / "mlflow_artefacts").as_uri()


def _knock(uri: str) -> None:
    parts = urlsplit(uri)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=_KNOCK).close()
    except OSError as error:
        raise TrackingError(
            f"No MLflow server answers at MLFLOW_TRACKING_URI {uri!r} ({error}). Start it, mend the address, or unset "
            f"MLFLOW_TRACKING_URI to use the local SQLite store."
        ) from error


def _explain(uri: str, said: str, answer_seconds: int) -> str:
    said = said.strip().split("\n")[0][:500]
    if "out-of-date database schema" in said or "Can't locate revision" in said:
        return (
            f"The tracker at MLFLOW_TRACKING_URI {uri!r} was written by another version of MLflow than this one "
            f"({version(_PACKAGE)}). If that was an older one, back the file up and run `mlflow db upgrade {uri}`; if "
            f"it was a newer one, install that. Or name another file."
        )
    if "timed out" in said.lower():
        return (
            f"The MLflow server at MLFLOW_TRACKING_URI {uri!r} takes the connection and does not answer within "
            f"{answer_seconds} seconds. See what keeps it, or unset MLFLOW_TRACKING_URI to use the local SQLite store."
        )
    return (
        f"The tracker at MLFLOW_TRACKING_URI {uri!r} refused: {said}.{_other_version(uri)} Check that address, that "
        f"its file or server is whole, and that it may be written."
    )


def _other_version(uri: str) -> str:
    """Return a sentence on the server's version, where it tells one and it is not ours."""
    if uri.startswith(SQLITE):
        return ""
    theirs = ""
    with suppress(OSError, ValueError), urllib.request.urlopen(f"{uri.rstrip('/')}/version", timeout=_KNOCK) as answer:  # noqa: S310
        theirs = answer.read(40).decode("ascii", "ignore").strip()
    ours = version(_PACKAGE)
    return f" The server is MLflow {json.dumps(theirs)}, this program has {ours}." if theirs not in {"", ours} else ""
