"""What an installation costs: `python -m tests.install_bench`.

Each is made afresh by the Makefile in a scratch folder, without pip's cache: what `make run` installs, until the app
answers, and what `make test` and `make train` add to that.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        venv = Path(scratch) / "venv"
        app = installed(venv, ".app")
        print(
            f"make run    {app:5.1f} s to install, {answers(venv, Path(scratch)):4.1f} s until the page, {size(venv)}"
        )
        train = installed(venv, ".train")
        print(f"make train  {train:5.1f} s more, {size(venv)}")
        dev = installed(venv, ".dev")
        print(f"make test   {dev:5.1f} s more, {size(venv)}")
        print(f"All takes {(app + train + dev) / app:.1f} times as long as the app alone.")
    return 0


def installed(venv: Path, stage: str) -> float:
    """Seconds that the Makefile takes to install a stage."""
    own = os.environ | {"PIP_NO_CACHE_DIR": "1"}
    started = time.perf_counter()
    subprocess.run(
        ["make", f"VENV={venv}", f"PYTHON={sys.executable}", f"{venv}/{stage}"],
        cwd=ROOT,
        env=own,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - started


def answers(venv: Path, folder: Path) -> float:
    """Seconds from the start of a new app to its first page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {"AFFECTRA_DATABASE": str(folder / "affectra.duckdb"), "AFFECTRA_INBOX": str(folder / "inbox")}
    started = time.perf_counter()
    command = [venv / "bin" / "streamlit", "run", "streamlit_app.py", f"--server.port={port}"]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | own, stdout=subprocess.DEVNULL) as server:
        try:
            while time.perf_counter() < started + 120:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1):
                        return time.perf_counter() - started
                except OSError:
                    time.sleep(0.05)
        finally:
            server.terminate()
    raise SystemExit("The app does not answer.")


def size(venv: Path) -> str:
    """What a folder takes on the disk."""
    taken = sum(path.lstat().st_blocks * 512 for path in venv.rglob("*"))
    return f"{taken / 1e6:,.0f} MB"


if __name__ == "__main__":
    sys.exit(main())
