"""Sampling against the evaluation graph, which sees a whole text at once."""

import shutil
from dataclasses import replace

import aesara.tensor as at
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduce import backends, experiments, sampling
from reproduce.errors import UserError
from reproduce.model import networks
from reproduce.runs import checkpoints
from reproduce.runs.best import BestModel

UNITS, VOCABULARY = 3, b"abcde"


def scores_of(model, backend, text):
    """The evaluation graph's scores of what follows each of the `text`'s indices, (characters, vocabulary)."""
    network = networks.build(model.experiment, np.random.RandomState(0), len(model.vocabulary))
    for variable in network.variables:
        variable.set_value(model.variables[variable.name])
    x = at.imatrix()
    (scores,) = backend.compile([x], [network.evaluation_pass(x)])(np.array([text], "int32"))
    return scores


@pytest.mark.parametrize(
    ("backend", "method", "overrides"),
    [
        ("jax", "full-precision", {}),
        ("jax", "lab2", {"network.binarize": "cell_output"}),
        ("c", "xnor", {"network.binarize": "hidden_state"}),
    ],
)
def test_steps_have_the_scores_of_the_whole_sequence(backend, method, overrides):
    overrides = {"network.units": UNITS, "network.steps": 4} | overrides
    experiment = experiments.resolve("war_and_peace", method, overrides)
    network, rng = networks.build(experiment, np.random.RandomState(1), len(VOCABULARY)), np.random.RandomState(3)
    shapes = {variable.name: variable.get_value().shape for variable in network.variables}
    variables = {name: rng.uniform(-1, 1, shape).astype("float32") for name, shape in shapes.items()}
    model, text = BestModel(experiment, VOCABULARY, variables, 1), rng.randint(0, 5, 9)
    backend = backends.create(backend)
    expected = scores_of(model, backend, text)
    step, (cell, hidden) = sampling._compile(model, backend)
    for index, row in zip(text, expected, strict=True):
        scores, cell, hidden = step(np.array([index], "int32"), cell, hidden)
        np.testing.assert_allclose(scores, [row], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("temperature", [0, 0.7])
def test_each_character_is_drawn_from_the_scores_of_all_before(language_model, temperature):
    model, backend = sampling.load(language_model.folder), backends.create(language_model.backend.name)
    prompt = sampling.encode_prompt("hel", model.vocabulary)
    text = sampling.sample(model, backend, prompt, 30, temperature, seed=5)
    assert text.startswith(b"hel") and len(text) == 33
    rng, indices = np.random.RandomState(5), [model.vocabulary.index(byte) for byte in text]
    scores = scores_of(model, backend, indices)
    assert indices[3:] == [sampling.draw(row, temperature, rng) for row in scores[2:-1]]


def test_a_model_says_what_it_learnt(language_model):
    model = sampling.load(language_model.folder)
    assert model.epoch == language_model.record.best_epoch
    assert model.vocabulary == bytes(sorted(set("hello wörld\n".encode())))
    prompt = sampling.encode_prompt("h", model.vocabulary)
    assert sampling.sample(model, language_model.backend, prompt, 4, 0, seed=1) == b"hello"


@settings(deadline=None, max_examples=100)
@given(st.lists(st.floats(-50, 50, width=32), min_size=2, max_size=6), st.integers(0, 99))
def test_at_temperature_0_and_near_it_the_highest_score_is_drawn(values, seed):
    scores, rng = np.array(values, "float32"), np.random.RandomState(seed)
    assert sampling.draw(scores, 0, rng) == scores.argmax()
    assert scores[sampling.draw(scores, 1e-300, rng)] == scores.max()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0, 1e300])
def test_draws_have_the_softmaxs_frequencies(temperature):
    scores, rng, count = np.float32([1.0, -1.0, 0.5, 100.0 * (temperature > 9)]), np.random.RandomState(1), 20_000
    found = np.bincount([sampling.draw(scores, temperature, rng) for _ in range(count)], minlength=4) / count
    expected = np.exp(scores / temperature) / np.exp(scores / temperature).sum()
    assert (abs(found - expected) < 4.5 * np.sqrt(expected * (1 - expected) / count)).all()


def test_a_prompt_is_of_the_vocabularys_bytes():
    vocabulary = bytes(sorted("hå\n".encode()))
    assert sampling.encode_prompt("å", vocabulary).tolist() == [vocabulary.index(byte) for byte in "å".encode()]
    assert sampling.encode_prompt("\udcc3", vocabulary).tolist() == [vocabulary.index(0xC3)]
    assert sampling.encode_prompt(None, vocabulary).tolist() == [vocabulary.index(b"\n")]
    assert sampling.encode_prompt(None, b"xy").tolist() == [0]
    for prompt in ("", "é", "x"):
        with pytest.raises(UserError, match="--prompt"):
            sampling.encode_prompt(prompt, vocabulary)


def test_a_latin_1_texts_own_characters_are_in_it():
    vocabulary = bytes(sorted("«é»h\n".encode("latin-1")))
    expected = [vocabulary.index(byte) for byte in "hé".encode("latin-1")]
    assert sampling.encode_prompt("hé", vocabulary).tolist() == expected
    for prompt, unknown in (("éå", "'å'"), ("é…", "'…'"), ("xé", "'x'")):
        with pytest.raises(UserError, match=f"--prompt has characters .* leave them out: {unknown}$"):
            sampling.encode_prompt(prompt, vocabulary)
    both = bytes(sorted(set("é".encode() + "é".encode("latin-1"))))
    assert sampling.encode_prompt("é", both).tolist() == [both.index(byte) for byte in "é".encode()]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("«é» plain".encode(), "«é» plain"),
        ("«é» plain".encode("latin-1"), "«é» plain"),
        (b"plain", "plain"),
        ("hellö w".encode() + b"\xc3", "hellö w\ufffd"),
    ],
)
def test_sampled_bytes_are_read_in_the_texts_encoding(content, text):
    assert sampling.decode(content) == text


def changed(run, folder, **changes):
    """A copy of `run`'s record in `folder` with `changes`."""
    folder.mkdir()
    (folder / "record.json").write_text(replace(run.record, **changes).to_json())
    return folder


def test_a_model_from_before_there_was_a_key_is_built_by_the_value_that_held_then(
    tmp_path, monkeypatch, jax_language_model
):
    text = (experiments.CONFIGS / "linux_kernel.toml").read_text(encoding="utf-8")
    later = text.replace("binarize = { ", 'binarize = { before = "hidden_state", ')
    assert later != text
    (tmp_path / "earlier_text.toml").write_text(later, encoding="utf-8")
    monkeypatch.setattr(experiments, "CONFIGS", tmp_path)
    settings = dict(jax_language_model.record.settings)
    assert settings.pop("network.binarize", None) is None, "it applies to lab2, not to this run's lab"
    folder = changed(jax_language_model, tmp_path / "run", experiment="earlier_text", method="lab2", settings=settings)
    shutil.copy(jax_language_model.folder / "best.h5", folder)
    assert sampling.load(folder).experiment["network.binarize"] == "hidden_state"


def test_what_cannot_be_sampled_is_named(tmp_path, jax_language_model, diverged):
    def refused(folder, message):
        with pytest.raises(UserError, match=message):
            sampling.load(folder)

    run = jax_language_model
    refused(tmp_path / "nowhere", "no folder")
    refused(tmp_path, "no record.json")
    refused(changed(run, tmp_path / "gone"), "is missing; run it anew")
    refused(changed(run, tmp_path / "begun", best_epoch=0, complete=False), "no epoch .* was saved yet")
    refused(diverged.folder, "diverged, its validation loss was never finite")
    pictures = changed(run, tmp_path / "pictures", experiment="mnist", settings={"network.kind": "mlp"})
    refused(pictures, "a run of mnist; only language models")

    folder = changed(run, tmp_path / "model")
    shutil.copy(run.folder / "best.h5", folder)
    assert sampling.load(folder).epoch == run.record.best_epoch
    header, groups = checkpoints.load(folder / "best.h5")
    checkpoints.save(folder / "best.h5", {"epoch": 1}, **groups)
    refused(folder, "earlier version, which kept no vocabulary")
    (folder / "best.h5").write_bytes(b"")
    refused(folder, "is damaged")

    model = BestModel(sampling.load(run.folder).experiment, bytes(header["vocabulary"]), {}, 1)
    with pytest.raises(UserError, match="does not fit"):
        sampling.sample(model, run.backend, [0], 1, 1.0, seed=1)
