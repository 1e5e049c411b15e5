"""Recorded gradients against a NumPy LSTM and finite differences; recording changes nothing and survives a kill."""

import json
import math

import aesara.tensor as at
import numpy as np
import pytest

from reproduce import backends, experiments
from reproduce.errors import UserError
from reproduce.figure1 import recorder as figure1
from reproduce.model import networks
from reproduce.model.lstm import GATES
from reproduce.model.objectives import CrossEntropy
from reproduce.runs import run as runs
from reproduce.runs.progress import Unseen
from reproduce.splits import Split, Splits
from reproduce.training import Minibatch, Progress, Training

VOCABULARY, UNITS, STEPS, BATCH = 5, 3, 6, 2
NETWORK = {"network.units": UNITS, "network.steps": STEPS, "training.batch_size": BATCH}
TIGHT = {"training.clip_gradient": 1e-4}
"""A bound that cuts most gradients here."""


def text(count, seed):
    indices = np.random.RandomState(seed).randint(0, VOCABULARY, (count, STEPS + 1)).astype("int32")
    return Split(indices[:, :-1], indices[:, 1:])


def network_of(method, **overrides):
    """A tiny LSTM with weights far larger than at the start."""
    experiment = experiments.resolve("war_and_peace", method, NETWORK | overrides)
    network = networks.build(experiment, np.random.RandomState(1), VOCABULARY)
    rng = np.random.RandomState(3)
    for weight in network.weights:
        weight.latent.set_value(rng.uniform(-1, 1, weight.latent.get_value().shape).astype("float32"))
    return network


class Kept(list):
    """Stands where a histogram does and keeps what it is given."""

    add = list.append


def keeping(recorder):
    recorder._histograms = {name: Kept() for name in figure1.MATRICES}
    return recorder._histograms


def gradients(network, backend, clipping=True):
    """What a recorder counts of one minibatch, (4, units, units) in the order of the gates."""
    x, labels = (at.TensorType("int32", shape=(BATCH, STEPS))(name) for name in ("x", "labels"))
    minibatch = Minibatch([x, labels], x, labels)
    recorder = figure1.GradientRecorder(network, CrossEntropy(), minibatch, backends.create(backend), clipping)
    kept = keeping(recorder)
    recorder.add(*text(BATCH, 0))
    np.testing.assert_array_equal(kept["hidden_to_cell"], kept["hidden_to_hidden"][2:3])
    return np.stack(kept["hidden_to_hidden"])


def used_weights(network):
    """Every binarized weight tensor as the network uses it, float64, by name."""
    used = {}
    for weight in network.weights:
        used[weight.name] = weight.latent.get_value().astype("float64")
        if weight.method.binarizes:
            alpha = 1.0 if weight.alpha is None else float(weight.alpha.get_value())
            used[weight.name] = alpha * np.where(used[weight.name] >= 0, 1.0, -1.0)
    return used


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def numpy_loss(network, used):
    """Cross-entropy of one minibatch in float64, one example and one step after the other, with weights `used`."""
    into, hid = (np.concatenate([used[f"lstm.W_{kind}_to_{gate}"] for gate in GATES], axis=1) for kind in ("in", "hid"))
    bias = np.concatenate([b.get_value() for b in network.output.input_layer.biases])
    total = 0.0
    for x, y in zip(*text(BATCH, 0), strict=True):
        cell, hidden = np.zeros(UNITS), np.zeros(UNITS)
        for index, target in zip(x, y, strict=True):
            i, f, c, o = np.split(into[index] + hidden @ hid + bias, 4)
            cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(c)
            hidden = sigmoid(o) * np.tanh(cell)
            scores = hidden @ network.output.W.get_value() + network.output.b.get_value()
            total -= scores[target] - np.log(np.exp(scores).sum())
    return total / (BATCH * STEPS)


@pytest.mark.parametrize("backend", backends.NAMES)
@pytest.mark.parametrize("method", ["full-precision", "lab"])
def test_the_gradient_is_that_of_finite_differences(backend, method):
    network = network_of(method)
    used, step = used_weights(network), 1e-5
    expected = np.zeros((len(GATES), UNITS, UNITS))
    for number, gate in enumerate(GATES):
        matrix = used[f"lstm.W_hid_to_{gate}"]
        for place in np.ndindex(matrix.shape):
            for sign in (1, -1):
                matrix[place] += sign * step
                expected[number][place] += sign * numpy_loss(network, used) / (2 * step)
                matrix[place] -= sign * step
    np.testing.assert_allclose(gradients(network, backend), expected, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("backend", backends.NAMES)
def test_without_clipping_it_is_the_gradient_of_the_network_that_has_no_clip(backend):
    network = network_of("binaryconnect", **TIGHT)
    clipped, unclipped = gradients(network, backend), gradients(network, backend, clipping=False)
    never = gradients(network_of("binaryconnect", **{"training.clip_gradient": 0.0}), backend)
    np.testing.assert_allclose(unclipped, never, rtol=1e-5, atol=1e-8)
    assert abs(clipped).max() < 0.9 * abs(unclipped).max()


def training_of(backend, minibatches, **overrides):
    experiment = experiments.resolve("war_and_peace", "lab", NETWORK | {"training.epochs": 2} | overrides)
    arrays = Splits(text(minibatches * BATCH, 0), text(BATCH, 1), text(BATCH, 2), {}, bytes(range(VOCABULARY)))
    return Training(experiment, arrays, backends.create(backend), seed=1)


def recorder_of(training, clipping=True):
    return figure1.GradientRecorder(
        training.network, training.objective, training.minibatch, training.backend, clipping
    )


@pytest.mark.parametrize("backend", backends.NAMES)
def test_the_recorded_gradient_is_the_one_that_trained(backend):
    """After one step Adam's first moment is 1 − β₁ of it, clip and all."""
    training = training_of(backend, 1, **{"training.clip_gradient": 1e-5})
    recorder = recorder_of(training)
    kept = keeping(recorder)
    training.run_epoch(recorder.add)
    state = training.backend.state()
    moments = [state[f"{weight.latent.name}.m"] for weight in training.network.weights[1::2]]
    np.testing.assert_allclose(np.stack(moments), 0.1 * np.stack(kept["hidden_to_hidden"]), rtol=1e-4, atol=1e-12)
    np.testing.assert_array_equal(kept["hidden_to_cell"][0], kept["hidden_to_hidden"][2])


@pytest.mark.parametrize("backend", backends.NAMES)
def test_recording_leaves_the_trajectory_bit_for_bit_as_it_is(backend):
    training = training_of(backend, 5, **TIGHT)
    start, generator = training.backend.state(), training.rng.get_state()
    found = []
    for recorder in (None, recorder_of(training), recorder_of(training, clipping=False)):
        training.backend.restore(start)
        training.rng.set_state(generator)
        training.progress = Progress(training.experiment["training.learning_rate"])
        training.signs = None
        rows = [training.run_epoch(recorder and recorder.add), training.run_epoch()]
        state = {name: value.tobytes() for name, value in training.backend.state().items()}
        found.append((rows, state, training.rng.get_state()[1].tobytes()))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("settings", [{}, {"data.resident_limit": 1}], ids=["resident", "streamed"])
def test_every_minibatch_is_counted(settings):
    training = training_of("jax", 5, **settings)
    recorder = recorder_of(training)
    training.run_epoch(recorder.add)
    recorded = recorder.as_dict()
    assert recorded["minibatches"] == 5
    counts = {name: matrix["values"] for name, matrix in recorded["matrices"].items()}
    assert counts == {"hidden_to_cell": 5 * UNITS**2, "hidden_to_hidden": 4 * 5 * UNITS**2}


class Killed(Exception):
    pass


class KillAt(Unseen):
    """Stops a run as a kill would: in an epoch after some minibatches, or at its end."""

    def __init__(self, minibatches=math.inf, epoch=2):
        self.left, self.epoch_of_death = minibatches, epoch

    def start(self, training, notes):
        self.training = training

    def losses(self, some):
        if self.training.progress.epoch + 1 == self.epoch_of_death:
            self.left -= 1
            if self.left == 0:
                raise Killed

    def epoch(self, row, training):
        if row["epoch"] == self.epoch_of_death:
            raise Killed


RECORDING = {"figure1.record": True, "figure1.epoch": 2}


@pytest.fixture
def run(tmp_path):
    """Executes a tiny LSTM's run of 3 epochs on a text of its own, in the tree `name`; returns the run."""
    file = tmp_path / "text"
    file.write_bytes(np.random.RandomState(0).choice(np.frombuffer(b"abcde", "uint8"), 500).tobytes())

    def execute(name, settings, watch=None, **options):
        overrides = NETWORK | {"data.file": str(file), "training.epochs": 3} | settings
        experiment = experiments.resolve("war_and_peace", "lab", overrides)
        made = runs.Run(experiment, 1, backends.create("jax"), tmp_path / name, ["run"])
        with made.held():
            made.execute("unused", watch=watch, **options)
        return made

    return execute


def test_a_killed_run_records_what_an_undisturbed_one_does(run, tmp_path):
    whole = (run("whole", RECORDING).folder / figure1.FILE).read_text()
    kept = json.loads(whole)
    assert (kept["epoch"], kept["clipping"]) == (2, True)
    assert kept["matrices"]["hidden_to_cell"]["values"] == kept["minibatches"] * UNITS**2

    def kill(minibatches, **options):
        with pytest.raises(Killed):
            run("killed", RECORDING, KillAt(minibatches), **options)
        return list((tmp_path / "killed").rglob(figure1.FILE))

    assert not kill(3, checkpoint_minutes=1e-9)  # two of the epoch's minibatches are in the checkpoint
    assert kill(math.inf)  # after the epoch, before any checkpoint of it
    assert (run("killed", RECORDING).folder / figure1.FILE).read_text() == whole


def test_an_epoch_that_has_begun_or_is_over_cannot_be_recorded_any_more(run):
    with pytest.raises(Killed):
        run("a", {"training.epochs": 4}, KillAt(3), checkpoint_minutes=1e-9)
    with pytest.raises(UserError, match=r"was not recorded from its beginning .* take a later figure1.epoch"):
        run("a", RECORDING | {"training.epochs": 4})
    with pytest.raises(Killed):
        run("a", {"training.epochs": 4}, KillAt(2, epoch=3), checkpoint_minutes=1e-9)
    with pytest.raises(UserError, match=r"past epoch 2, .* take figure1.epoch=4 or later, another --runs, or start"):
        run("a", RECORDING | {"training.epochs": 4})
    last = RECORDING | {"figure1.epoch": 4, "training.epochs": 4}
    finished = run("a", last)
    assert json.loads((finished.folder / figure1.FILE).read_text())["epoch"] == 4
    for missed in (RECORDING | {"training.epochs": 4}, last | {"figure1.clipping": False}):
        with pytest.raises(UserError, match=r"did not record .* take another --runs, or start anew with --restart"):
            run("a", missed)
    run("a", last)  # holds what is asked for
    assert (run("a", {"training.epochs": 4}).folder / figure1.FILE).exists()  # asks for nothing
    finished.clear()
    assert not (finished.folder / figure1.FILE).exists()


def test_recording_is_no_part_of_a_runs_identity():
    plain, recorded = (experiments.resolve("war_and_peace", "lab", settings) for settings in ({}, RECORDING))
    assert plain.folder == recorded.folder and plain.overrides == recorded.overrides == {}
    assert not plain["figure1.record"] and recorded["figure1.epoch"] == 2


@pytest.mark.parametrize(
    ("experiment", "overrides", "message"),
    [
        ("war_and_peace", {"figure1.record": True, "figure1.epoch": 201}, "figure1.epoch=201 never comes"),
        ("linux_kernel", {"figure1.record": True, "figure1.epoch": 3, "training.epochs": 2}, "training.epochs=2"),
        ("war_and_peace", {"figure1.record": True, "figure1.epoch": 0}, "at least 1"),
        ("war_and_peace", {"figure1.clipping": False}, "set figure1.record=true as well"),
        ("mnist", {"figure1.record": True}, "unknown key 'figure1.record' in experiment mnist"),
    ],
)
def test_what_cannot_be_recorded_is_refused(experiment, overrides, message):
    with pytest.raises(UserError, match=message):
        experiments.resolve(experiment, "lab", overrides)
