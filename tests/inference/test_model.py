"""Files of exported models: whole, damaged, newer, and built to do harm."""

import os
import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from reproduce import inference
from reproduce.errors import UserError
from reproduce.inference import packed
from reproduce.runs.provenance import CHECKOUT

PICTURES = {"shape": [20], "layers": [{"kind": "dense", "name": "a"}, {"kind": "sign"}, {"kind": "dense", "name": "b"}]}
TEXT = {"shape": [3], "layers": [{"kind": "lstm", "name": "l", "binarize": None}, {"kind": "scores", "name": "s"}]}


def bits(*shape):
    return np.random.RandomState(1).randint(0, 256, shape).astype("uint8")


def pictures():
    alpha = np.float32(0.5).reshape(())
    return {"a.W.bits": bits(4, 3), "a.W.alpha": alpha, "b.W.bits": bits(2, 1), "b.W.alpha": alpha}


def text():
    alphas, b = np.ones(4, "float32"), np.zeros(8, "float32")
    return {
        "l.W_in.bits": bits(8, 1), "l.W_in.alpha": alphas, "l.W_hid.bits": bits(8, 1), "l.W_hid.alpha": alphas,
        "l.b": b, "s.W": np.ones((2, 3), "float32"), "s.b": np.zeros(3, "float32"),
    }  # fmt: skip


def encoded(tensors=None, network=PICTURES, vocabulary=None):
    tensors = pictures() if tensors is None else tensors
    return packed.encode(tensors, record={"seed": 1}, network=network, vocabulary=vocabulary)


@pytest.fixture
def refused(tmp_path):
    """A function that checks the one line with which a file of some bytes is refused."""

    def check(content, message):
        path = tmp_path / "model.safetensors"
        path.write_bytes(content)
        with pytest.raises(UserError, match=message) as error:
            inference.load(path)
        assert str(path) in str(error.value) and "\n" not in str(error.value)

    return check


def test_a_model_scores_pictures_and_texts(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(encoded())
    model = inference.load(path)
    x = np.random.RandomState(2).randn(1003, 20).astype("float32")
    assert model.scores(x).shape == (1003, 2) and model.outputs == 2 and model.record == {"seed": 1}
    np.testing.assert_array_equal(model.predict(x), model.scores(x).argmax(axis=1))
    for wrong in (x[:, :19], x[0], x[:0]):
        with pytest.raises(ValueError, match="takes pictures of 20 numbers"):
            model.scores(wrong)
    path.write_bytes(encoded(text(), TEXT, [97, 98, 99]))
    model = inference.load(path)
    assert model.vocabulary == b"abc" and model.scores([[0, 1, 2, 1]]).shape == (4, 3)
    cases = (([[0, 3]], "from 0 to 2"), ([[-1]], "from 0 to 2"), ([0], "takes integers"), ([[0.5]], "takes integers"))
    for wrong, message in cases:
        with pytest.raises(ValueError, match=message):
            model.scores(wrong)


def test_any_flipped_bit_of_the_header_is_noticed(tmp_path):
    content, path = bytearray(encoded()), tmp_path / "model.safetensors"
    end = 8 + int.from_bytes(content[:8], "little")
    for position in range(end):
        flipped = content.copy()
        flipped[position] ^= 1 << position % 8
        path.write_bytes(flipped)
        with pytest.raises(UserError, match=r"no exported model|damaged|of format"):
            inference.load(path)


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_a_flipped_bit_or_a_missing_end_is_noticed(tmp_path_factory, data):
    content, path = bytearray(encoded()), tmp_path_factory.getbasetemp() / "damaged.safetensors"
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    with pytest.raises(UserError):
        inference.load(path)
    path.write_bytes(encoded()[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(UserError, match="no exported model, or is damaged"):
        inference.load(path)


def test_what_is_no_model_is_named(refused, tmp_path):
    refused(b"", "no exported model, or is damaged")
    refused((1 << 60).to_bytes(8, "little") + b"{}", "no exported model, or is damaged")
    save_file({"a": np.zeros(3)}, tmp_path / "other")
    refused((tmp_path / "other").read_bytes(), "no exported model")
    for dtype in ("float16", ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, "bool", "complex64"):
        save_file({"a": np.zeros(3, dtype)}, tmp_path / "other", {"format": packed.NAME, "version": "1"})
        refused((tmp_path / "other").read_bytes(), "tensor a is of type")
    with pytest.raises(UserError, match="no exported model"):
        inference.load(tmp_path)
    with pytest.raises(UserError, match="there is no file"):
        inference.load(tmp_path / "nowhere")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="no exported model: it is no file"):
        inference.load(tmp_path / "pipe")


def test_a_path_through_a_file_cannot_be_read(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"model cannot be read \(Not a directory\)"):
        inference.load(tmp_path / "file" / "model")


def test_a_newer_format_is_not_read(refused, monkeypatch):
    monkeypatch.setattr(packed, "VERSION", 2)
    content = encoded()
    monkeypatch.undo()
    refused(content, "of format '2', this program reads 1")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"a.W.bits": bits(4, 2)}, "a.W.bits is uint8 4×2, where uint8 any×3 is needed"),
        ({"a.W.bits": bits(4, 3).astype("float32")}, "a.W.bits is float32"),
        ({"a.W.bits": bits(0, 3)}, "a.W.bits is uint8 0×3"),
        ({"b.W.bits": bits(2, 2)}, "b.W.bits is uint8 2×2, where uint8 any×1 is needed"),
        ({"a.W.alpha": np.ones(2, "float32")}, "a.W.alpha is float32 2, where float32 scalar is needed"),
        ({"more": bits(1)}, "tensors that no layer has: more"),
    ],
)
def test_shapes_that_disagree_are_named(refused, changed, message):
    refused(encoded(pictures() | changed), message)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"shape": [10**12], "layers": PICTURES["layers"]}, "a.W.bits"),
        ({"shape": [3, 10**6, 10**6], "layers": PICTURES["layers"]}, "a.W.bits"),
        ({"shape": [4, 5], "layers": PICTURES["layers"]}, "an input of shape"),
        ({"shape": [0], "layers": PICTURES["layers"]}, "an input of shape"),
        ({"shape": [True], "layers": PICTURES["layers"]}, "an input of shape"),
        ({"shape": [20], "layers": []}, "end without scores"),
        ({"shape": [20], "layers": PICTURES["layers"][:2]}, "end without scores"),
        ({"shape": [20], "layers": [{"kind": "dropout"}]}, "unknown kind 'dropout'"),
        ({"shape": [20], "layers": [{"kind": "sign"}, {"kind": "sign"}]}, "of kind sign that takes signs"),
        ({"shape": [20], "layers": [{"kind": "dense"}]}, "is damaged"),
        ({"shape": [20], "layers": [{"kind": "pool"}]}, "is damaged"),
        ({"shape": [20], "layers": 5}, "is damaged"),
        ({"shape": [20], "layers": [[]]}, "is damaged"),
        ({"layers": []}, "is damaged"),
        ({"shape": [1, 1, 1], "layers": [{"kind": "pool"}]}, "pools pictures of one pixel"),
        ({"shape": [20], "layers": [*PICTURES["layers"], TEXT["layers"][0]]}, "not the first layer"),
        (None, "is damaged"),
    ],
)
def test_a_description_that_makes_no_network_is_refused_before_anything_is_allocated(refused, network, message):
    refused(encoded(network=network), message)


@pytest.mark.parametrize(
    ("tensors", "network", "vocabulary", "message"),
    [
        ({"l.b": np.zeros(6, "float32")}, {}, [97, 98, 99], "6 elements for four gates"),
        ({}, {"shape": [10**12]}, [97, 98, 99], "l.W_in.bits"),
        ({}, {}, [97, 98], "a vocabulary of 2 for inputs of 3"),
        ({}, {}, [97, 98, 300], "is damaged"),
        ({}, {}, 10**12, "a vocabulary that is no list"),
        ({}, {}, None, "an LSTM without a vocabulary"),
        ({}, {"layers": [TEXT["layers"][0] | {"binarize": "all"}, TEXT["layers"][1]]}, [97, 98, 99], "binarizes 'all'"),
    ],
)
def test_a_language_models_parts_must_fit(refused, tensors, network, vocabulary, message):
    refused(encoded(text() | tensors, TEXT | network, vocabulary), message)


def test_a_vocabulary_needs_an_lstm(refused):
    refused(encoded(vocabulary=list(range(20))), "a vocabulary without an LSTM")


def test_what_a_model_is_described_by_must_be_there(refused):
    refused(packed.encode(pictures(), network=PICTURES), "it lacks 'record'")


def test_inference_imports_numpy_and_safetensors_alone_and_theanos_names_still_work_after_it(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(encoded(text(), TEXT, [97, 98, 99]))
    code = f"""
import sys
before = set(sys.modules)
from reproduce import inference
assert inference.load({str(path)!r}).predict([[0, 1, 2]]).shape == (3,)
new = {{name.partition(".")[0] for name in set(sys.modules) - before}} - set(sys.stdlib_module_names)
assert {{name for name in new if "cython" not in name}} == {{"numpy", "reproduce", "safetensors"}}, new
import theano
assert theano.config.floatX == "float32" and "aesara" in sys.modules
"""
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=tmp_path)
