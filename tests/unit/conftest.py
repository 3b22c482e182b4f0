"""What several unit tests stand on."""

import pytest

from core.emotions import LABELS


@pytest.fixture
def corpus(tmp_path):
    """A corpus in which each emotion's name is all there is to read."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "labels.txt").write_text("\n".join(LABELS), encoding="utf-8")
    for split, times in (("train", 6), ("dev", 3), ("test", 2)):
        rows = [f"so much {name} here {n}\t{i}\tid{n}" for n in range(times) for i, name in enumerate(LABELS)]
        (folder / f"{split}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def one_thread():
    """More threads only get in each other's way on a model this small."""
    import torch  # noqa: PLC0415  (most tests do without, and it takes seconds)

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
