import pytest

from core.errors import InputError
from core.experiments import published


def test_every_published_figure_names_its_source_and_threshold():
    frame = published.read()
    assert len(frame) >= 5
    assert frame["emotion"].between(0.2, 0.7).all()
    assert (frame["url"].str.len() > 10).all()
    assert (frame["threshold"].str.len() > 3).all()


@pytest.mark.parametrize(
    "content",
    ["", "result = 3", '[[result]]\nmodel = "x"\n', "not toml ["],
    ids=["empty", "kind", "fields", "syntax"],
)
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "published.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"published\.toml: no published results"):
        published.read(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="Restore it"):
        published.read(tmp_path / "none.toml")
