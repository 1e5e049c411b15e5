"""Figure 1 from recordings: what is drawn, what stands in, what the claims say, and what is refused."""

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reproduce import report
from reproduce.figure1.histograms import MagnitudeHistogram
from reproduce.report import claims, figure1, gradients, run_folders, statistics
from reproduce.report.tables import collect

ALIKE = {"full-precision": 1.1e-5, "binaryconnect": 2e-5, "bwn": 1.2e-5, "lab": 1e-5}
EXPLODED = ALIKE | {"binaryconnect": 13.0}


def histogram(values):
    counted = MagnitudeHistogram()
    counted.add(np.asarray(values, "float32"))
    return counted.as_dict()


def recording(scale, seed=0, epoch=1, clipping=True):
    values = scale * np.random.RandomState(seed).standard_normal((4, 500))
    matrices = {"hidden_to_cell": histogram(values[2]), "hidden_to_hidden": histogram(values)}
    return {"epoch": epoch, "clipping": clipping, "minibatches": 1, "matrices": matrices}


@pytest.fixture
def record(tmp_path, new_run):
    """Write a run of the language model with a recording, full and official unless given otherwise."""

    def write(steps, method, scale, seed=1234, overrides=None, header=None, **changes):
        overrides = {"network.steps": steps, "figure1.record": True} | (overrides or {})
        folder = new_run(tmp_path / "runs", "war_and_peace", method, seed, 1.5, overrides, **changes)
        (folder / "figure1.json").write_text(json.dumps(recording(scale, seed, **(header or {}))))
        return folder

    return write


@pytest.fixture
def all_eight(record):
    def write(at_10=ALIKE, at_100=EXPLODED, **options):
        for steps, scales in ((10, at_10), (100, at_100)):
            for method, scale in scales.items():
                record(steps, method, scale, **options)

    return write


def judged(root):
    results = collect([root])
    figures, _ = figure1.collect(results)
    return claims.check(results.cells, figures)[-2:]


NUMBERS = arrays("float32", st.integers(1, 50), elements=st.floats(-1e3, 1e3, width=32))


@given(NUMBERS, st.floats(0.5, 2000))
def test_linear_bins_share_out_what_lies_between_their_edges(values, reach):
    kept = gradients._gradients("any", histogram(values))
    edges = np.linspace(-reach, reach, 12)
    shares = kept.between(edges)
    assert (shares >= -1e-12).all() and shares.sum() <= 1 + 1e-12
    # A number is moved within its own bin only, which is at most an eighth of it wide.
    inside = (abs(values) * 1.125 <= reach).mean()
    outside = (abs(values) > reach * 1.125).mean()
    assert inside - 1e-9 <= shares.sum() <= 1 - outside + 1e-9


@given(NUMBERS)
def test_shares_by_magnitude_are_those_of_the_numbers(values):
    kept = gradients._gradients("any", histogram(values))
    edges, shares = kept.by_magnitude()
    expected = np.histogram(abs(values[values != 0].astype("float64")), edges)[0] if len(edges) else []
    np.testing.assert_allclose(shares, np.divide(expected, len(values)))


def test_the_spread_is_a_quantile_and_infinite_where_gradients_are():
    values = np.arange(-500, 501) / 500
    kept = gradients._gradients("any", histogram(values))
    assert kept.spread == pytest.approx(0.99, rel=0.02)
    assert gradients._gradients("any", histogram([*values, *[np.nan] * 30])).spread == np.inf


def test_three_seeds_of_all_eight_reproduce_the_claims(all_eight, tmp_path):
    for seed in (1, 2, 3):
        all_eight(seed=seed)
    explode, alike = judged(tmp_path / "runs")
    assert explode.state == alike.state == statistics.REPRODUCED
    assert [comparison.label for comparison in explode.comparisons] == ["100 steps"] * 3 + ["100 steps and 10"]
    grown = explode.comparisons[-1]
    assert grown.estimate.value == pytest.approx(np.log10(13 / 2e-5), abs=0.05) and grown.paper is None


@pytest.mark.parametrize(
    ("at_10", "at_100", "states"),
    [
        (ALIKE, ALIKE, ("not reproduced", "reproduced")),
        (EXPLODED, EXPLODED, ("not reproduced", "not reproduced")),
        (ALIKE, EXPLODED | {"bwn": 5.0}, ("not reproduced", "reproduced")),
        (ALIKE | {"lab": 1e-3}, EXPLODED, ("reproduced", "not reproduced")),
        (ALIKE, EXPLODED | {"binaryconnect": np.inf}, ("reproduced", "reproduced")),
    ],
    ids=["no explosion", "at 10 as well", "bwn explodes too", "lab differs at 10", "beyond float32"],
)
def test_what_was_seen_decides(all_eight, tmp_path, at_10, at_100, states):
    for seed in (1, 2, 3):
        all_eight(at_10, at_100, seed=seed)
    assert tuple(claim.state for claim in judged(tmp_path / "runs")) == states


def test_one_seed_is_provisional(all_eight, tmp_path):
    all_eight()
    explode, alike = judged(tmp_path / "runs")
    assert explode.state == alike.state == statistics.PROVISIONAL
    assert {comparison.verdict for comparison in explode.comparisons} == {"provisional: holds"}


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"overrides": {"training.epochs": 1}}, "shortened: 1 of 200 epochs"),
        ({"official": False}, "unofficial data"),
        ({"overrides": {"data.file": "a text"}, "official": False}, "data.file is a text"),
    ],
)
def test_stand_ins_are_named_and_provisional_whatever_their_seeds(all_eight, tmp_path, changes, remark):
    for seed in (1, 2, 3):
        all_eight(seed=seed, **changes)
    assert {claim.state for claim in judged(tmp_path / "runs")} == {statistics.PROVISIONAL}
    (figure,), _ = figure1.collect(collect([tmp_path / "runs"]))
    assert len(figure.recorded) == 24 and all(remark in one.note for _, one in figure.recorded)


def test_runs_of_the_papers_setup_stand_before_shortened_ones(record, tmp_path):
    record(100, "lab", 1.0)
    record(100, "lab", 2.0, seed=5, overrides={"training.epochs": 1})
    (figure,), unused = figure1.collect(collect([tmp_path / "runs"]))
    assert [one.run.record.seed for one in figure.spreads[100, "lab"].recorded] == [1234]
    assert [(one.record.seed, why) for one, why in unused] == [(5, "another run is drawn instead")]


def test_other_setups_are_named_and_not_drawn(record, tmp_path):
    record(100, "lab", 1.0, overrides={"network.units": 16})
    record(50, "lab", 1.0)
    record(100, "lab2", 1.0)
    figures, unused = figure1.collect(collect([tmp_path / "runs"]))
    assert not figures and {why for _, why in unused} == {"its setup differs from the figure's"} and len(unused) == 3


def test_other_epochs_and_the_clip_make_figures_of_their_own_the_fullest_first(record, all_eight, tmp_path):
    all_eight(header={"clipping": False})
    record(10, "lab", 1.0, seed=1, header={"epoch": 7})
    record(10, "lab", 1.0, seed=2)
    figures, _ = figure1.collect(collect([tmp_path / "runs"]))
    assert [(figure.epoch, figure.clipping) for figure in figures] == [(1, False), (1, True), (7, True)]
    assert [len(figure.missing) for figure in figures] == [0, 7, 7]


def test_what_is_missing_is_not_run(record, tmp_path):
    record(100, "binaryconnect", 13.0)
    record(100, "lab", 1e-5, overrides={"training.epochs": 1})
    explode, alike = judged(tmp_path / "runs")
    assert explode.state == alike.state == statistics.NOT_RUN and explode.measured == 1
    assert "--set figure1.record=true --set network.steps=10 --set training.epochs=1" in explode.note
    page = report.write(report.collect([tmp_path / "runs"]), tmp_path / "out")
    text = page.read_text(encoding="utf-8")
    markdown = page.with_name("report.md").read_text(encoding="utf-8")
    assert "shortened: 1 of 200 epochs" in text[text.index('id="figure-1"') : text.index('id="training"')]
    assert "shortened: 1 of 200 epochs" in markdown[markdown.index("## Figure 1") : markdown.index("## Other runs")]
    panels = re.findall(r'aria-label="(1\d* steps: share of the gradients[^"]*)"', text)
    assert len(panels) == 8
    for panel in panels:
        steps = panel.split()[0]
        assert f"BWN, {steps} steps: not run" in panel and ("LAB, 10 steps: not run" in panel) == (steps == "10")
        assert ("BinaryConnect, 100 steps, seed 1234: 99% within ±" in panel) == (steps == "100")


def test_the_page_says_what_the_figure_is(all_eight, tmp_path):
    all_eight()
    page = report.write(report.collect([tmp_path / "runs"]), tmp_path / "out")
    text = page.read_text(encoding="utf-8")
    assert 'id="figure-1"' in text and 'href="#figure-1"' in text
    assert "Gradients of epoch 1, clipped at every time step, as trained" in text
    assert "gradients-0-hidden-to-cell-value-10" in text and "gradients-0-hidden-to-hidden-magnitude-100" in text
    markdown = page.with_name("report.md").read_text(encoding="utf-8")
    assert markdown.count("figure1.json") == 8 and "## Figure 1" in markdown
    again = report.write(report.collect([tmp_path / "runs"]), tmp_path / "again")
    assert again.read_text(encoding="utf-8") == text


def test_gradients_that_are_all_zero_or_not_finite_can_be_drawn(record, tmp_path):
    for method, value in (("lab", 0.0), ("binaryconnect", np.inf), ("bwn", 1e-44)):
        record(100, method, value)
    report.write(report.collect([tmp_path / "runs"]), tmp_path / "out")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda kept: kept.pop("epoch"), "not have the expected form"),
        (lambda kept: kept.update(epoch=0), "which epoch"),
        (lambda kept: kept.update(clipping=1), "which epoch"),
        (lambda kept: kept.update(matrices=[]), "not have the expected form"),
        (lambda kept: kept["matrices"].pop("hidden_to_cell"), "not have the expected form"),
        (lambda kept: kept["matrices"]["hidden_to_cell"].update(values=1), "do not add up"),
        (lambda kept: kept["matrices"]["hidden_to_cell"].update(zeros=-1), "do not add up"),
        (lambda kept: kept["matrices"]["hidden_to_cell"].update(zeros="no"), "form"),
        (lambda kept: kept["matrices"]["hidden_to_cell"].update(max=None), "form"),
        (lambda kept: kept["matrices"]["hidden_to_cell"].update(std=float("nan")), "not a finite number"),
        (lambda kept: kept["matrices"]["hidden_to_cell"]["bins"]["low"].pop(), "unequal length"),
        (lambda kept: kept["matrices"]["hidden_to_cell"]["bins"]["low"].reverse(), "do not follow each other"),
        (lambda kept: kept["matrices"]["hidden_to_cell"]["bins"].update(low="low"), "figure1.json"),
    ],
)
def test_a_malformed_recording_is_named_and_its_run_left_out(record, tmp_path, change, reason):
    file = record(10, "lab", 1.0) / "figure1.json"
    recording = json.loads(file.read_text())
    change(recording)
    file.write_text(json.dumps(recording))
    found, (left_out,) = run_folders.read([tmp_path / "runs"])
    assert not found and "figure1.json" in left_out.reason and reason in left_out.reason


@pytest.mark.parametrize("text", ["", "[]", "null", '"figure"'])
def test_what_is_no_recording_is_named(record, tmp_path, text):
    (record(10, "lab", 1.0) / "figure1.json").write_text(text)
    _, (left_out,) = run_folders.read([tmp_path / "runs"])
    assert "figure1.json" in left_out.reason
