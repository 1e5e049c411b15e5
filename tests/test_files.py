import pytest

from reproduce.files import replacing, write_text


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "deep" / "file"
    write_text(path, "old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_a_write_replaces(tmp_path):
    write_text(tmp_path / "file", "old")
    write_text(tmp_path / "file", "new α")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "new α"
    assert len(list(tmp_path.iterdir())) == 1
