import json
from dataclasses import asdict

import numpy as np
import pytest

from reproduce import backends, experiments
from reproduce.splits import Split, Splits
from reproduce.training import Progress, Training, decayed

TINY = {"network.units": 4, "network.hidden_layers": 1, "training.batch_size": 10, "training.epochs": 3}


def examples(count, seed):
    rng = np.random.RandomState(seed)
    return Split(rng.randn(count, 64).astype("float32"), rng.randint(0, 10, count).astype("int32"))


@pytest.fixture(scope="module", params=["c", "jax"])
def backend(request):
    return request.param


@pytest.fixture(scope="module")
def training(backend):
    experiment = experiments.resolve("digits", "lab", TINY)
    arrays = Splits(examples(57, 0), examples(33, 1), examples(2005, 2), {})
    return Training(experiment, arrays, backends.create(backend), seed=7)


def test_each_epoch_shuffles_a_new_list_and_drops_the_last_partial_minibatch(training):
    rng = np.random.RandomState()
    rng.set_state(training.rng.get_state())
    for _ in range(2):
        order = list(range(57))
        rng.shuffle(order)
        assert training.shuffle().tolist() == np.reshape(order[:50], (5, 10)).tolist()


def test_evaluation_covers_whole_minibatches_in_any_chunks(training):
    for split, count in (("valid", 30), ("test", 2000)):
        part = getattr(training.splits, split)
        offset = 0 if split == "valid" else 33
        rows = np.arange(offset, offset + count, dtype="int32")
        one_by_one = [training.held_out._step(rows[i : i + 10]) for i in range(0, count, 10)]
        loss, error, sequence_losses = training.held_out.evaluate(split)
        assert sequence_losses == []
        assert loss == pytest.approx(np.mean([float(mean) for mean, _ in one_by_one]), rel=1e-5)
        assert error == 100 * sum(int(wrong) for _, wrong in one_by_one) / count
        assert len(part.x) > count


def test_an_epoch_updates_the_log_and_ties_go_to_the_later_epoch(training, monkeypatch):
    errors = iter([5.0, 20.0, 5.0, 19.0, 6.0, 18.0])
    asked = []

    def evaluate(split, should_stop):
        asked.append(split)
        return 0.5, next(errors), []

    monkeypatch.setattr(training.held_out, "evaluate", evaluate)
    seen, signs = [], [training.model()["dense1.W"] >= 0]
    rows = [training.run_epoch(after_steps=seen.extend)]
    signs.append(training.model()["dense1.W"] >= 0)
    rows += [training.run_epoch(), training.run_epoch()]
    assert asked == ["valid", "test", "valid", "test", "valid"]
    assert [row["best_epoch"] for row in rows] == [1, 2, 2]
    assert [row["test_error"] for row in rows] == [20.0, 19.0, 19.0]
    assert rows[0]["train_loss"] == pytest.approx(np.mean(seen)) and len(seen) == 5
    assert training.finished and training.progress.rows == rows
    assert set(training.best) == {variable.name for variable in training.network.variables}
    assert rows[0]["alpha_dense1"] > 0
    assert rows[0]["flip_ratio_dense1"] == np.mean(signs[0] != signs[1]) > 0


def test_a_dead_weight_ends_the_run_though_its_loss_is_finite():
    experiment = experiments.resolve("digits", "bnn", TINY)
    arrays = Splits(examples(57, 0), examples(33, 1), examples(20, 2), {})
    run = Training(experiment, arrays, backends.create("jax", "cpu"), seed=7)
    state = run.backend.state()
    state["dense1.W"][0, 0] = np.nan  # whose sign is −1
    run.backend.restore(state)
    row = run.run_epoch()
    assert np.isfinite([row["train_loss"], row["valid_loss"]]).all()
    assert run.finished and run.progress.diverged_at == 1
    assert run.progress.best_epoch == 0 and not run.best  # though its validation error was a number


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mnist", [0.01] * 15 + [0.001] * 10 + [0.0001] * 25),
        ("cifar10", [0.03] * 15 + [0.015] * 15 + [0.0075] * 15),
        ("war_and_peace", [0.002] * 11 + [0.002 * 0.98, 0.002 * 0.98**2]),
    ],
)
def test_learning_rate_falls_at_the_end_of_the_epochs_that_say_so(name, expected):
    experiment = experiments.resolve(name, "lab")
    rate, seen = experiment["training.learning_rate"], []
    for epoch in range(1, len(expected) + 1):
        seen.append(rate)
        rate = decayed(rate, epoch, experiment)
    np.testing.assert_allclose(seen, expected)


def test_streamed_examples_train_as_resident_ones_do():
    arrays = Splits(examples(57, 0), examples(33, 1), examples(20, 2), {})
    losses = []
    for limit in (0, 1):
        experiment = experiments.resolve("digits", "lab", TINY | {"data.resident_limit": limit})
        run = Training(experiment, arrays, backends.create("jax"), seed=7)
        assert run.resident == (limit == 0)
        losses.append(np.concatenate(list(run.losses(run.shuffle()))).tolist())
    assert losses[0] == losses[1] and len(losses[0]) == 5


TINY_NETWORKS = {
    "mlp": ("digits", {"network.units": 16, "network.hidden_layers": 2, "training.batch_size": 20}),
    "cnn": ("svhn", {"network.filters": 2, "network.units": 8, "training.batch_size": 10}),
    "lstm": ("war_and_peace", {"network.units": 6, "network.steps": 5, "training.batch_size": 8}),
}


def tiny_training(kind, method, backend):
    """A training of random examples in ten minibatches."""
    name, overrides = TINY_NETWORKS[kind]
    experiment = experiments.resolve(name, method, overrides)
    rng, count, vocabulary = np.random.RandomState(0), 10 * overrides["training.batch_size"], None
    if kind == "lstm":
        vocabulary = bytes(range(7))
        text = rng.randint(0, len(vocabulary), (count, overrides["network.steps"] + 1)).astype("int32")
        data = Split(text[:, :-1].copy(), text[:, 1:].copy())
    else:
        x = rng.randn(count, {"mlp": 64, "cnn": 3072}[kind]).astype("float32")
        data = Split(x, rng.randint(0, 10, count).astype("int32"))
    return Training(experiment, Splits(data, data, data, {}, vocabulary), backends.create(backend, "cpu"), seed=7)


def snapshot(training):
    """All that a training needs to go on, as a checkpoint keeps it."""
    signs = training.signs if training.progress.minibatch else None
    return training.backend.state(), training.rng.get_state(), json.dumps(asdict(training.progress)), signs


def restore(training, kept):
    state, generator, progress, training.signs = kept
    training.backend.restore(state)
    training.rng.set_state(generator)
    training.progress = Progress(**json.loads(progress))


def as_bytes(kept):
    state, generator, progress, _ = kept
    return {name: value.tobytes() for name, value in state.items()}, generator[1].tobytes(), progress


@pytest.mark.parametrize("backend", [pytest.param("c", marks=pytest.mark.compiler), "jax"])
@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_an_epoch_stops_after_any_step_and_goes_on(kind, backend):
    training = tiny_training(kind, "lab", backend)
    start = snapshot(training)
    rows = [training.run_epoch(), training.run_epoch()]
    whole = snapshot(training)

    restore(training, start)
    assert training.run_epoch(should_stop=lambda: training.progress.minibatch == 4) is None
    assert training.progress.minibatch == len(training.progress.losses) == 4
    stopped = snapshot(training)
    training.run_epoch()
    restore(training, stopped)
    found = [training.run_epoch(should_stop=lambda: True) for _ in range(6 + 2)]  # a step a call, then evaluations
    assert found == 8 * [None] and training.progress.minibatch == 10
    found = [training.run_epoch(), training.run_epoch()]
    assert found == rows
    assert as_bytes(snapshot(training)) == as_bytes(whole)


@pytest.mark.compiler
@pytest.mark.parametrize("method", ["full-precision", "lab", "lab2"])
@pytest.mark.parametrize("kind", TINY_NETWORKS)
def test_ten_steps_are_the_same_on_both_backends(kind, method):
    """Up to rounding: losses, weights, moments, scales, step counts and running statistics.

    Behind binary activations everything is a sum of ±α, and rounding decides between equal ones: which element of a
    pooling window is the maximum, whether a unit is above its batch mean. So each step begins there with equal states
    whose sums are exact, and means may decide otherwise in a few.
    """
    reference, training = (tiny_training(kind, method, backend) for backend in ("c", "jax"))
    ties = method == "lab2" and kind != "lstm"
    agreeing = 0
    for rows in reference.shuffle():
        if ties:
            state = with_exact_sums(reference.backend.state())
            for each in (reference, training):
                each.backend.restore(state)
        expected, loss = (next(iter(each.losses(rows[None])))[0] for each in (reference, training))
        if ties and loss != pytest.approx(expected, rel=1e-5):
            continue
        assert loss == pytest.approx(expected, rel=1e-5)
        assert_same_state(training, reference)
        agreeing += 1
    assert agreeing >= (8 if ties else 10)


def with_exact_sums(state):
    """`state` with powers of two as scales: no sum of ±α is rounded, whatever its order."""
    return {
        name: np.float32(2 ** np.round(np.log2(value))) if name.endswith(".alpha") else value
        for name, value in state.items()
    }


def assert_same_state(training, reference):
    """What only rounding moves is set to the reference's afterwards, so that each step is judged by itself."""
    expected = reference.backend.state()
    state = training.backend.state()
    assert state.keys() == expected.keys()
    for name, value in state.items():
        # Batch norm takes the mean away, so the gradient of a bias before it is nothing but rounding, which Adam scales
        # to a step of about η in either direction; the running mean goes along. The language model's layers have no
        # norm.
        adrift = training.network.norms and name.endswith((".b", ".norm.mean"))
        atol = 3 * training.progress.learning_rate if adrift else 1e-4
        np.testing.assert_allclose(value, expected[name], rtol=1e-4, atol=atol, err_msg=name)
        if adrift:
            state[name] = expected[name]
    training.backend.restore(state)
