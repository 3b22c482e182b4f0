"""Prove the Dockerfile without Docker: `python -m tests.container`.

Its steps are carried out in a scratch folder, which stands for the root of the image: files are copied, commands run,
and the app is started as the image's user (where this is root; else as whoever this is) and asked for its health. The
Python that runs this runs the app too: the image's user must be able to reach it, as with
`/usr/bin/python3 -m tests.container`.
"""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
READY_SECONDS = 120


def instructions() -> Iterator[tuple[str, str]]:
    """The Dockerfile's instructions, each with what follows it."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            word, rest = line.split(maxsplit=1)
            yield word, rest


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        image = Path(name)
        image.chmod(0o755)
        Image(image).build()
    return 0


class Image:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root
        self.environment = dict(os.environ)
        self.runs_as: dict[str, object] = {}
        self.health: list[str] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])

    def build(self) -> None:
        for word, rest in instructions():
            print(word, rest)
            getattr(self, f"_{word.lower()}")(self.inside(rest))

    def inside(self, text: str) -> str:
        """The same with paths of the image in the scratch folder, and a port that is free here."""
        return re.sub(r"(?<![\w.])/(app|build|venv|tmp)\b", rf"{self.root}/\1", text).replace("8501", self.port)

    def _nothing(self, rest: str) -> None:
        """What only Docker knows."""

    _expose = _volume = _nothing

    def _from(self, rest: str) -> None:
        self.folder = self.root

    def _workdir(self, rest: str) -> None:
        self.folder = Path(rest)
        self.folder.mkdir(parents=True)

    def _copy(self, rest: str) -> None:
        source, target = rest.split()[-2:]
        if rest.startswith("--from"):
            assert source == target, "both stages are built in one folder"
            return
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--", source], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for file in filter(None, listed.split("\0")):
            copied = self.folder / target / Path(file).relative_to(source)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, copied)

    def _run(self, rest: str) -> None:
        python = shlex.quote(sys.executable)
        command = re.sub(r"^python\b", python, rest)
        subprocess.run(["sh", "-ec", command], cwd=self.folder, env=self.environment, check=True)

    def _env(self, rest: str) -> None:
        name, value = rest.split("=", 1)
        self.environment[name] = value

    def _user(self, rest: str) -> None:
        number, group = map(int, rest.split(":"))
        if os.geteuid() == 0:
            self.runs_as = {"user": number, "group": group, "extra_groups": []}

    def _healthcheck(self, rest: str) -> None:
        self.health = json.loads(rest.partition("CMD ")[2])

    def _cmd(self, rest: str) -> None:
        (self.root / "tmp").mkdir(mode=0o777)
        (self.root / "tmp").chmod(0o777)
        running = {"cwd": self.folder, "env": self.environment} | self.runs_as
        with subprocess.Popen(json.loads(rest), **running) as app:
            try:
                started = time.monotonic()
                while subprocess.run(self.health, stderr=subprocess.DEVNULL, check=False, **running).returncode:
                    assert app.poll() is None, "the app ended"
                    assert time.monotonic() < started + READY_SECONDS, "the app does not answer"
                print(f"The app answers as user {self.runs_as.get('user', os.geteuid())}.")
            finally:
                app.terminate()


if __name__ == "__main__":
    sys.exit(main())
