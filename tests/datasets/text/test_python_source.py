"""The standard library as a corpus."""

import hashlib
import platform
import sys
import sysconfig
from pathlib import Path

import pytest

from datasets.errors import DataError
from datasets.text import python_source


def content_of(corpus):
    return bytes(corpus.vocabulary[index] for index in corpus.indices)


def test_it_is_this_interpreters_library_from_its_first_module_on():
    corpus = python_source.corpus()
    content = content_of(corpus)
    library = Path(sysconfig.get_path("stdlib"))
    assert len(content) <= python_source.CHARACTERS
    assert content.startswith((library / "__future__.py").read_bytes())
    assert (library / "ast.py").read_bytes() in content
    assert corpus.provenance == {
        "name": "python_source",
        "official": False,
        "sha256": {"python_source": hashlib.sha256(content).hexdigest()},
        "python": platform.python_version(),
    }
    assert python_source.corpus().provenance == corpus.provenance
    assert all(len(part.inputs) for part in corpus.split(100, 100, 0.9, 0.05))


def library_of(folder, monkeypatch, files):
    for name, content in files.items():
        (folder / name).write_bytes(content)
    monkeypatch.setattr(sysconfig, "get_path", {"stdlib": str(folder)}.get)


def test_modules_come_by_name_and_what_is_not_one_is_left_out(tmp_path, monkeypatch):
    files = {"shelve.py": b"3\xff", "abc.py": b"1", "mine.py": b"x", "ast.txt": b"x", "cmd.py": b"2"}
    library_of(tmp_path, monkeypatch, files)
    (tmp_path / "bdb.py").mkdir()
    (tmp_path / "calendar.py").symlink_to(tmp_path / "nowhere")
    assert "mine" not in sys.stdlib_module_names
    assert content_of(python_source.corpus()) == b"123\xff"


def test_the_text_is_cut_at_a_fixed_size(tmp_path, monkeypatch):
    monkeypatch.setattr(python_source, "CHARACTERS", 5)
    library_of(tmp_path, monkeypatch, {"abc.py": b"1234", "ast.py": b"56", "cmd.py": b"7"})
    assert content_of(python_source.corpus()) == b"12345"


def test_an_interpreter_without_its_source_is_an_error(tmp_path, monkeypatch):
    library_of(tmp_path, monkeypatch, {})
    with pytest.raises(DataError, match=f"{tmp_path} has no source of Python's standard library"):
        python_source.corpus()


def test_only_the_sorted_vocabulary_exists():
    with pytest.raises(DataError, match="not for python_source; use the sorted one"):
        python_source.corpus("released")
