"""The page and its Markdown: complete, self-contained, the same every time, every number linked."""

import csv
import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from reproduce import report
from reproduce.report import tables

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Reader(HTMLParser):
    """Elements of a page, its identifiers and links; fails on tags that do not nest."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.identifiers, self.links, self.figures = [], set(), [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in attributes:
            self.identifiers.append(attributes["id"])
        self.links += [value for key, value in attributes.items() if key in ("href", "src", "xlink:href")]
        if tag == "svg" and "aria-hidden" not in attributes:
            self.figures.append(attributes)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()


@pytest.fixture(scope="module")
def html(page):
    return page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def reader(html):
    return Reader(html)


@pytest.fixture(scope="module")
def markdown(page):
    return page.with_name("report.md").read_text(encoding="utf-8")


def test_nothing_is_fetched_from_anywhere(html, reader):
    assert not [link for link in reader.links if re.match(r"(?i)([a-z]+:)?//", link)]
    assert not re.search(r"@import|<script|<iframe|<link|url\((?!#)", html)


def test_every_fragment_leads_somewhere_and_identifiers_are_unique(reader):
    assert len(reader.identifiers) == len(set(reader.identifiers))
    fragments = {link[1:] for link in reader.links if link.startswith("#")}
    assert fragments <= set(reader.identifiers)


def test_every_number_of_ours_leads_to_a_record_that_is_there(page, reader):
    records = [unquote(link) for link in reader.links if link.endswith("record.json")]
    counted = [run for cell in tables.collect([page.parents[1] / "results"]).cells for run in cell.runs]
    targets = {(page.parent / link).resolve() for link in records}
    assert {(record.folder / "record.json").resolve() for record in counted} <= targets
    assert all(target.is_file() for target in targets)


def test_every_figure_says_what_it_shows(reader):
    assert len(reader.figures) > 20
    for figure in reader.figures:
        assert figure["role"] == "img" and len(figure["aria-label"]) > 20


def test_all_67_cells_are_on_the_page(html):
    results = html[html.index('id="results"') : html.index('id="cells"')]
    measured = re.findall(r'<td class="[^"]*"><span class="pair">', results)
    folded = re.findall(r'<td class="n">[^<]*</td><td><code>python -m reproduce run', results)
    assert (len(measured), len(folded)) == (7, 60)


def test_the_page_begins_with_what_was_found(html, markdown):
    """Three sentences and a figure come before the tables, in the page; the sentences in the Markdown too."""
    before = html[: html.index('id="results"')]
    assert before.count('<p class="lead">') == 3 and before.count('role="img"') == 1
    assert "lies there: BNN on MNIST" in before and "lies there: BNN on MNIST" in markdown[:2000]


def test_flips_have_panels_for_every_method_that_binarizes(reader):
    drawn = [figure["aria-label"] for figure in reader.figures if "Flip ratio of each layer" in figure["aria-label"]]
    assert {label.partition(".")[0] for label in drawn} == {"BinaryConnect", "BWN", "LAB", "BNN", "XNOR", "LAB2"}
    assert "LAB. Flip ratio of each layer; at the end, seed 1234: dense1 0.002, dense2 0.00196" in "\n".join(drawn)


def test_what_was_not_run_is_one_line_a_table(html, markdown):
    assert html.count('<details class="fold">') == 4 == markdown.count("<details>")
    for text in (html, markdown):
        assert "16 numbers not run; one run of each: unknown." in text and "python -m reproduce sweep table2" in text


def test_the_smallest_difference_that_seeds_could_show_is_said_in_both(html, markdown, mnist_runs):
    lab = next(cell for cell in tables.collect([mnist_runs]).cells if cell.method == "lab" and cell.runs)
    assert f'<td class="n">{lab.detectable:.3f}</td>' in html
    assert f"the smallest difference that the seeds could show: {lab.detectable:.3f}" in markdown


def test_an_undecided_claim_says_what_would_decide_it(html, markdown):
    for text in (html, markdown):
        assert "undecided" in text and re.search(r"\d+ more seeds, [\d.]+ h", text)


def test_what_was_left_out_is_said_in_both(html, markdown):
    for text in (html, markdown):
        assert "test_error is nan" in text
        assert "from another version: format 2" in text
        assert "unfinished: 12 of 50 epochs" in text
        assert "shortened: 2 of 50 epochs" in text
        assert "unofficial data" in text
        assert "method.variant is repository" in text


def test_exact_commands_and_environment_are_in_both(html, markdown):
    for text in (html, markdown):
        assert "python -m reproduce run mnist --method lab2 --seed 1236" in text
        assert "1.26.4" in text and "0123456789ab" in text and "ab" * 32 in text
        assert "could not be obtained" in text


def test_left_out_runs_enter_no_number(mnist_runs):
    cells = report.collect([mnist_runs]).cells
    lab = next(cell for cell in cells if (cell.method, cell.column.label) == ("lab", "MNIST"))
    assert sorted(lab.by_seed) == [1234, 1235, 1236]


def test_the_same_records_give_the_same_bytes_in_less_than_20_seconds(page, html, markdown):
    began = time.process_time()  # not the clock's: a busy machine is no fault of the page's
    again = report.write(report.collect([page.parents[1] / "results"]), page.parents[1] / "again")
    assert time.process_time() - began < 20
    assert again.read_text(encoding="utf-8") == html
    assert again.with_name("report.md").read_text(encoding="utf-8") == markdown


HOSTILE = "<script>x</script>|`[a](javascript:b)\n\x1b[31m\n\n# *$\\frac$ \"'&lt;"


def test_hostile_records_stay_text(tmp_path, new_run):
    """In the page, its figures, the Markdown and the terminal; of runs in a cell, in none, and left out."""
    data = {"name": HOSTILE, "official": True, "sha256": {HOSTILE: HOSTILE}}
    software = {HOSTILE: HOSTILE, "commit": HOSTILE}
    common = {"device": HOSTILE, "argv": ["run", HOSTILE], "data": data, "software": software}
    new_run(tmp_path, **common)
    new_run(tmp_path, seed=2, experiment="digits", overrides={"training.epochs": 2}, **common)
    other = new_run(tmp_path, "digits", seed=3)
    fields = json.loads((other / "record.json").read_text())
    fields |= {"experiment": HOSTILE, "method": HOSTILE, "backend": HOSTILE, "overrides": {HOSTILE: HOSTILE}}
    (other / "record.json").write_text(json.dumps(fields | {"settings": fields["settings"] | {HOSTILE: HOSTILE}}))
    layers = {HOSTILE: {"edges": [0, 1, 2], "counts": [1, 2]}}
    (other / "histogram.json").write_text(json.dumps({"epoch": 1, "layers": layers}))
    header, *rows = csv.reader((other / "log.csv").read_text().splitlines())
    with open(other / "log.csv", "w", newline="") as file:
        csv.writer(file).writerows([[*header, f"alpha_{HOSTILE}"], *([*row, "1"] for row in rows)])
    new_run(tmp_path, seed=4, started=HOSTILE)
    new_run(tmp_path, seed=5, complete=False, **common)
    results = report.collect([tmp_path])
    assert [run.record.experiment for run, _ in results.others] == [HOSTILE, "digits"] and len(results.left_out) == 2
    page = report.write(results, tmp_path / "out")
    side_by_side = report.comparison.compare(tmp_path, tmp_path / "mnist")
    compared = report.comparison.write(side_by_side, tmp_path / "out")
    for path in (page, compared):
        html = path.read_text(encoding="utf-8")
        reader = Reader(html)
        assert "script" not in reader.tags and "&lt;script&gt;" in html
        assert not [link for link in reader.links if "javascript" in link]
    markdown = "".join(path.with_suffix(".md").read_text("utf-8") for path in (page.with_name("report"), compared))
    ours = ("<details><summary>Which</summary>", "</details>")
    for line in markdown.splitlines():
        outside_code = re.sub(r"(`+) .*? \1", "", line)
        assert "<script" not in outside_code and not re.search(r"(?<!\\)\]\(javascript", outside_code)
        assert line in ours or not line.startswith(("# *", "<"))
    assert "\x1b" not in report.comparison.summary(side_by_side)
    assert "\x1b" not in markdown + report.summary(results) + report.format_cells(results)
    assert len(report.summary(results).splitlines()) == 8


def test_a_result_of_a_run_that_ended_early_is_marked(tmp_path, new_run, page):
    """In a cell, in no cell, in the Markdown and in the terminal; the mark is explained where there is one."""
    new_run(tmp_path, diverged_at=20, epochs_done=20, best_epoch=19)
    new_run(tmp_path, seed=2, result=1.3)
    new_run(tmp_path, "digits", result=3.1, diverged_at=20, epochs_done=20, best_epoch=19)
    results = report.collect([tmp_path])
    written = report.write(results, tmp_path / "out")
    pages = [path.read_text("utf-8") for path in (written, written.with_name("report.md"))]
    sentence = "† The run ended early, after an epoch that left a weight, scale or running statistic infinite"
    for text in (*pages, report.summary(results)):
        assert "1.200†" in text and "3.100†" in text and "1.300†" not in text and text.count(sentence) == 1
    assert "†" not in page.read_text("utf-8")


def test_a_page_without_runs_says_so(tmp_path):
    (tmp_path / "runs").mkdir()
    text = report.write(report.collect([tmp_path / "runs"]), tmp_path / "out").read_text(encoding="utf-8")
    Reader(text)
    assert "None of the 59 distinct numbers" in text and "67 not run" in text and "<svg" in text


def test_a_run_without_log_or_histogram_is_listed_without_curves(tmp_path, new_run):
    folder = new_run(tmp_path)
    (folder / "log.csv").unlink()
    (folder / "histogram.json").unlink()
    text = report.write(report.collect([tmp_path]), tmp_path / "out").read_text(encoding="utf-8")
    assert "python -m reproduce run mnist --method lab --seed 1234" in text
    assert 'id="training"' not in text


def test_errors_of_zero_can_be_drawn(tmp_path, new_run):
    new_run(tmp_path, "digits", result=0.0)
    Reader(report.write(report.collect([tmp_path]), tmp_path / "out").read_text(encoding="utf-8"))


def test_an_unwritable_folder_leaves_nothing_behind(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OSError):
        report.write(report.collect([tmp_path / "runs"]), tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "runs"]


def test_links_survive_odd_folder_names(tmp_path, new_run):
    new_run(tmp_path / "a b#c")
    page = report.write(report.collect([tmp_path / "a b#c"]), tmp_path / "out")
    (link,) = {link for link in Reader(page.read_text(encoding="utf-8")).links if link.endswith("record.json")}
    assert (page.parent / unquote(link)).is_file() and "#" not in link and " " not in link


def test_relative_folders_are_found_from_the_page(tmp_path, new_run, monkeypatch):
    monkeypatch.chdir(tmp_path)
    new_run(Path("runs"))
    page = report.write(report.collect([Path("runs")]), "report/deep")
    (link,) = {link for link in Reader(page.read_text(encoding="utf-8")).links if link.endswith("record.json")}
    assert link == "../../runs/mnist/lab/seed-1234/record.json"


def test_a_page_of_runs_that_diverged_is_whole_and_says_so(tmp_path, new_run):
    """One never had a finite validation loss; of another, that found its best epoch before, the curves end."""
    for label in ("full-precision", "lab"):
        new_run(tmp_path / "runs", "war_and_peace", label, result=130.0)
    new_run(tmp_path / "runs", "war_and_peace", "binaryconnect", result=None)
    later = new_run(tmp_path / "runs", "war_and_peace", "bnn", result=None, best_epoch=1, valid_loss=2.0, test_loss=2.1)
    assert "nan" in (later / "log.csv").read_text()
    html = report.write(report.collect([tmp_path / "runs"]), tmp_path / "report").read_text(encoding="utf-8")
    reader = Reader(html)
    assert {link[1:] for link in reader.links if link.startswith("#")} <= set(reader.identifiers)
    assert ">1 diverged</a>" in html and "diverged: validation was never finite; 200 of 200 epochs ran" in html
    assert "provisional: holds" in html and "1 diverged of BinaryConnect" in html
    markdown = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    assert "| 1 diverged |" in markdown and "| diverged |" in markdown
