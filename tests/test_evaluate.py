"""Runs and exported models, measured anew."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from reproduce import backends, cli, experiments
from reproduce.evaluate import Evaluation, cross_entropy, evaluate
from reproduce.inference import packed
from reproduce.runs import best
from reproduce.runs import run as runs
from reproduce.runs.provenance import CHECKOUT


@pytest.fixture(scope="module", params=["c", "jax"])
def digits_run(request, tmp_path_factory):
    tiny = {"network.units": 24, "network.hidden_layers": 1, "training.epochs": 3}
    experiment = experiments.resolve("digits", "lab2", tiny)
    folder = tmp_path_factory.mktemp("runs")
    run = runs.Run(experiment, 5, backends.create(request.param, "cpu"), folder, ["run", "digits"])
    with run.held():
        run.execute("unused")
    return run


def exported(run, folder):
    path = folder / "model.safetensors"
    assert cli.main(["export", str(run.folder), "--out", str(path)]) == 0
    return path


def test_a_picture_runs_numbers_are_its_records_to_the_last_digit(digits_run):
    found, record = evaluate(digits_run.folder, "unused"), digits_run.record
    assert (found.test_error, found.test_loss) == (record.test_error, record.test_loss)
    assert (found.backend, found.best_epoch, found.examples) == (record.backend, record.best_epoch, 300)
    assert "; the record says the same" in str(found)
    wrong = found.confusion.sum() - found.confusion.trace()
    assert 100 * wrong / 300 == record.test_error and wrong > 0
    assert sum(each["errors"] for each in found.classes) == wrong
    assert sum(each["examples"] for each in found.classes) == 300


def test_an_exported_picture_models_numbers_are_its_runs(digits_run, tmp_path):
    ours, runs_own = evaluate(exported(digits_run, tmp_path), "unused"), evaluate(digits_run.folder, "unused")
    assert ours.backend == "numpy" and ours.test_error == runs_own.test_error
    assert ours.test_loss == pytest.approx(runs_own.test_loss, rel=1e-5)
    assert (ours.confusion == runs_own.confusion).all()
    assert (ours.seed, ours.best_epoch, ours.recorded) == (runs_own.seed, runs_own.best_epoch, runs_own.recorded)


def test_a_language_models_numbers_are_its_records(jax_language_model, tmp_path):
    found, record = evaluate(jax_language_model.folder, "unused"), jax_language_model.record
    assert (found.test_error, found.test_loss) == (record.test_error, record.test_loss)
    ours = evaluate(exported(jax_language_model, tmp_path), "unused")
    assert ours.test_error == record.test_error and ours.test_loss == pytest.approx(record.test_loss, rel=1e-5)
    assert ours.confusion is None and "classes" not in ours.as_dict()
    assert "nats/character, test error" in str(ours)


def test_the_command_prints_text_or_json(digits_run, tmp_path, capsys):
    path = exported(digits_run, tmp_path)
    out = capsys.readouterr().out
    assert out.startswith(f"{path}: ") and out.rstrip().endswith("times as many")
    assert cli.main(["evaluate", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    expected = evaluate(path, "unused")
    assert found == json.loads(json.dumps(expected.as_dict()))
    assert np.array(found["confusion"]).tolist() == expected.confusion.tolist()
    assert cli.main(["evaluate", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("digits lab2 seed 5, epoch ") and "on numpy: test error " in lines[0]
    assert [line.split()[0] for line in lines[3:]] == [str(digit) for digit in range(10)]


def test_another_backend_can_be_asked_for(jax_language_model):
    assert jax_language_model.record.backend == "jax"
    assert evaluate(jax_language_model.folder, "unused", device="cpu").backend == "jax"
    found = evaluate(jax_language_model.folder, "unused", "c")
    assert found.backend == "c" and found.test_loss == pytest.approx(jax_language_model.record.test_loss, rel=1e-4)


def test_a_class_without_pictures_has_no_error():
    confusion = np.array([[3, 1], [0, 0]])
    found = Evaluation("m", "mnist", "lab", 1, 2, "c", 4, 25.0, 0.5, {"test_error": 20.0, "test_loss": None}, confusion)
    assert found.classes[1] == {"class": 1, "examples": 0, "errors": 0, "error": None}
    assert str(found).splitlines()[0] == (
        "mnist lab seed 1, epoch 2, on c: test error 25%, test loss 0.5, 4 pictures; "
        "the record says test error 20%, no finite test loss"
    )


def test_the_cross_entropy_of_far_scores_is_finite():
    assert cross_entropy(np.float32([[1e30, 0], [0, -1e30]]), np.array([0, 0])) == 0


def fails(capsys, *argv):
    assert cli.main([str(word) for word in argv]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("error: ") and captured.err.count("\n") == 1
    return captured.err


def test_what_cannot_be_evaluated_or_exported_is_one_line(capsys, tmp_path, jax_language_model, diverged):
    assert "there is no nowhere; name the folder of a run" in fails(capsys, "evaluate", "nowhere")
    assert "no record.json" in fails(capsys, "evaluate", tmp_path)
    out = tmp_path / "model.safetensors"
    for command in (["evaluate"], ["export", "--out", out]):
        assert "diverged, its validation loss was never finite" in fails(capsys, *command, diverged.folder)
        without = tmp_path / "without"
        without.mkdir(exist_ok=True)
        shutil.copy(jax_language_model.folder / "record.json", without)
        assert "is missing; run it anew" in fails(capsys, *command, without)
        record = replace(jax_language_model.record, best_epoch=jax_language_model.record.best_epoch + 1)
        (without / "record.json").write_text(record.to_json())
        shutil.copy(jax_language_model.folder / "best.h5", without)
        assert "let the run go on" in fails(capsys, *command, without)
        (without / "best.h5").write_bytes(b"\x89HDF")
        assert "best.h5 is damaged" in fails(capsys, *command, without)
        (without / "best.h5").unlink()
    assert not out.exists()
    out.write_bytes(b"no model")
    assert "no exported model" in fails(capsys, "evaluate", out)
    assert "cannot be read (Not a directory)" in fails(capsys, "evaluate", out / "model.safetensors")
    assert "leave --backend and --device out" in fails(capsys, "evaluate", out, "--backend", "jax")
    for name in (tmp_path, tmp_path / "model.onnx"):
        assert "must name a file that ends in .safetensors" in fails(capsys, "export", without, "--out", name)
    (tmp_path / "file").write_text("")
    line = fails(capsys, "export", jax_language_model.folder, "--out", tmp_path / "file" / "model.safetensors")
    assert "cannot write" in line


def test_other_data_than_the_runs_are_refused(capsys, tmp_path, jax_language_model):
    folder = tmp_path / "run"
    folder.mkdir()
    data = jax_language_model.record.data | {"sha256": {"text.txt": "0" * 64}}
    (folder / "record.json").write_text(replace(jax_language_model.record, data=data).to_json())
    shutil.copy(jax_language_model.folder / "best.h5", folder)
    assert "other checksums" in fails(capsys, "evaluate", folder)
    assert cli.main(["export", str(folder), "--out", str(tmp_path / "model.safetensors")]) == 0
    capsys.readouterr()
    assert "other checksums" in fails(capsys, "evaluate", tmp_path / "model.safetensors")


@pytest.mark.parametrize(
    ("shape", "changed", "message"),
    [
        ((3, 10), {}, "gives 10 scores of inputs of shape [3], where 10 of [64] are needed"),
        ((64, 1000), {}, "gives 1000 scores"),
        ((64, 10), {"test_error": "x"}, "is damaged (record.json: test_error is x)"),
        ((64, 10), {"seed": None}, "is damaged (record.json: seed is null)"),
        ((64, 10), {"settings": 5}, "is damaged (record.json: settings is 5)"),
        ((64, 10), {"settings": {"data.shape": [1, 8, 8]}}, "data.shape"),
        ((64, 10), {"format": 2}, "is damaged (from another version"),
        ((64, 10), {"experiment": "x"}, "unknown experiment 'x'"),
    ],
)
def test_a_file_that_does_not_fit_its_own_record_is_refused(capsys, tmp_path, digits_run, shape, changed, message):
    network = {"shape": [shape[0]], "layers": [{"kind": "dense", "name": "a"}]}
    record = json.loads(digits_run.record.to_json()) | changed
    path = tmp_path / "model.safetensors"
    tensors = {"a.W": np.ones(shape, "float32")}
    path.write_bytes(packed.encode(tensors, record=record, vocabulary=None, network=network))
    assert message in fails(capsys, "evaluate", path)


def test_another_vocabulary_is_refused(capsys, tmp_path, jax_language_model):
    tensors, described = packed.read(exported(jax_language_model, tmp_path))
    capsys.readouterr()
    path = tmp_path / "model.safetensors"
    path.write_bytes(packed.encode(tensors, **described | {"vocabulary": described["vocabulary"][::-1]}))
    assert "with the same vocabulary" in fails(capsys, "evaluate", path)


def test_a_run_is_exported_the_same_each_time_and_replaces_the_file(jax_language_model, tmp_path):
    content = exported(jax_language_model, tmp_path).read_bytes()
    assert exported(jax_language_model, tmp_path).read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_model_that_does_not_fit_the_network_is_refused(jax_language_model):
    model = best.load(jax_language_model.folder)
    wrong = {name: array[..., :-1] if array.ndim else array for name, array in model.variables.items()}
    with pytest.raises(best.UserError, match="does not fit this version's network"):
        replace(model, variables=wrong).network()


def test_an_exported_model_is_evaluated_without_aesara(jax_language_model, tmp_path):
    path = exported(jax_language_model, tmp_path)
    code = f"""
import sys
from reproduce import cli
assert cli.main(["evaluate", {str(path)!r}]) == 0
assert not {{"aesara", "jax", "lasagne"}} & set(sys.modules)
"""
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=tmp_path, capture_output=True)
