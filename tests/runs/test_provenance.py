import os
import subprocess

import pytest

from reproduce.runs import provenance

REPOSITORY = provenance.CHECKOUT


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with one file of code and one of results."""
    for name in ("code.py", "results/record.json"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("1\n")
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", tmp_path, *command], check=True)
    monkeypatch.setattr(provenance, "CHECKOUT", tmp_path)
    return tmp_path


def test_a_checkout_is_dirty_by_its_code_and_not_by_its_results(checkout):
    assert provenance.software()["dirty"] is False
    (checkout / "results" / "record.json").write_text("2\n")
    assert provenance.software()["dirty"] is False
    (checkout / "code.py").write_text("2\n")
    assert provenance.software()["dirty"] is True


def test_files_that_git_exported_name_their_commit(tmp_path, monkeypatch):
    """``git archive`` fills in the placeholder of the tracked file."""
    archive = subprocess.run(["git", "-C", REPOSITORY, "archive", "HEAD", ".git-archival.txt"], capture_output=True)
    subprocess.run(["tar", "-x", "-C", tmp_path], input=archive.stdout, check=True)
    head = subprocess.run(["git", "-C", REPOSITORY, "rev-parse", "HEAD"], capture_output=True, text=True)
    monkeypatch.setattr(provenance, "CHECKOUT", tmp_path)
    found = provenance.software()
    assert found["commit"] == head.stdout.strip() and found["dirty"] is None
    (tmp_path / ".git-archival.txt").write_bytes((REPOSITORY / ".git-archival.txt").read_bytes())
    assert provenance.software()["commit"] is None


def test_outside_a_checkout_nothing_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "CHECKOUT", tmp_path)
    found = provenance.software()
    assert found["commit"] is None and found["dirty"] is None


def test_a_process_that_differs_from_the_one_before_says_in_what():
    earlier = {"device": "a processor, 2 threads", "software": {"numpy": "1.26.4", "commit": "a"}, "started": "then"}
    assert provenance.difference(earlier, earlier | {"started": "now"}) is None
    now = {"device": "a processor, 1 threads", "software": {"numpy": "1.26.4", "commit": "b"}}
    assert provenance.difference(earlier, now) == (
        "continues under other conditions, which the record lists: "
        "commit a → b; a processor, 2 threads → a processor, 1 threads"
    )


def test_a_system_without_affinity_has_all_its_threads(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity")
    assert provenance.threads() == os.cpu_count()
