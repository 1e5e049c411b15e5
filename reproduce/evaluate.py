"""Measures a trained model on its experiment's test set: the best model of a run, or an exported one."""

import json
import os
import stat
from dataclasses import dataclass

import numpy as np

from reproduce import formulas, inference, splits
from reproduce.errors import UserError
from reproduce.inference import packed
from reproduce.runs import best
from reproduce.runs.record import Record


@dataclass(frozen=True)
class Evaluation:
    """What was measured.

    Attributes
    ----------
    model : str
        The run's folder or the exported file.
    experiment, method : str
    seed, best_epoch : int
    backend : str
        What computed it: ``c``, ``jax``, or ``numpy`` for an exported model.
    examples : int
        Test pictures, or test sequences of a language model.
    test_error : float
        In % of the pictures, or of a language model's characters.
    test_loss : float
        Of language models in nats per character.
    recorded : dict
        ``test_error`` and ``test_loss`` in the run's record.
    confusion : int array, (classes, classes), or None
        How many pictures of each class, by row, were taken for each class, by column; None for language models.
    """

    model: str
    experiment: str
    method: str
    seed: int
    best_epoch: int
    backend: str
    examples: int
    test_error: float
    test_loss: float
    recorded: dict
    confusion: np.ndarray | None

    @property
    def classes(self):
        """A dict for each class: its ``examples``, ``errors``, and ``error`` in % (None without examples)."""
        counts = self.confusion.sum(axis=1)
        wrong = counts - self.confusion.diagonal()
        return [
            {"class": index, "examples": count, "errors": errors, "error": 100 * errors / count if count else None}
            for index, (count, errors) in enumerate(zip(counts.tolist(), wrong.tolist(), strict=True))
        ]

    def as_dict(self):
        """JSON-able; with ``classes`` and ``confusion`` for pictures."""
        found = {key: value for key, value in vars(self).items() if key != "confusion"}
        if self.confusion is not None:
            found |= {"classes": self.classes, "confusion": self.confusion.tolist()}
        return found

    def __str__(self):
        pictures = self.confusion is not None
        found = {key: getattr(self, key) for key in self.recorded}
        recorded = "the same" if found == self.recorded else _in_words(pictures, **self.recorded)
        line = (
            f"{self.experiment} {self.method} seed {self.seed}, epoch {self.best_epoch}, on {self.backend}: "
            f"{_in_words(pictures, **found)}, {self.examples:,} {'pictures' if pictures else 'sequences'}; "
            f"the record says {recorded}"
        )
        return "\n".join([line, "", *_table(self.classes, self.confusion)]) if pictures else line


def _in_words(pictures, test_error, test_loss):
    """Test results in words, first the one that counts; a record has None for one that was not finite."""
    error = "no finite test error" if test_error is None else f"test error {test_error:.4g}%"
    if test_loss is None:
        loss = "no finite test loss"
    else:
        loss = f"test loss {test_loss:.6g}{'' if pictures else ' nats/character'}"
    return ", ".join((error, loss) if pictures else (loss, error))


def _table(classes, confusion):
    """The lines of a table: a class's pictures, errors, and what they were taken for."""
    width = max(5, len(str(confusion.max())) + 1)
    taken = "".join(f"{index:>{width}}" for index in range(len(classes)))
    yield f"{'class':>5}{'pictures':>10}{'errors':>8}{'%':>7}   taken for:{taken}"
    for found, row in zip(classes, confusion.tolist(), strict=True):
        share = "" if found["error"] is None else f"{found['error']:.2f}"
        taken = "".join(f"{count or '.':>{width}}" for count in row)
        yield f"{found['class']:>5}{found['examples']:>10}{found['errors']:>8}{share:>7}{'':13}{taken}"


def evaluate(model, data, backend="auto", device="auto", allow_unofficial=False):
    """Measure `model` on its experiment's test set.

    Parameters
    ----------
    model : path
        The folder of a run, whose best model is measured as training measured it, or an exported file.
    data : path
        Folder of prepared data.
    backend, device : str
        For a run, as `reproduce.backends.create` takes them; ``auto`` is the backend that the run was trained on.
    allow_unofficial : bool
        Whether to accept files that claim to be the official ones but are not.

    Returns
    -------
    Evaluation
        On the machine, the backend and the number of threads of a run, its numbers equal the record's.

    Raises
    ------
    UserError, datasets.DataError
        If there is no such model, it cannot be read, or the data are not those that it was trained on.
    """
    try:
        is_run = stat.S_ISDIR(os.stat(model).st_mode)
    except FileNotFoundError:
        hint = "name the folder of a run, as 'run' prints it, or an exported file"
        raise UserError(f"there is no {model}; {hint}") from None
    except OSError as error:
        raise UserError(f"{model} cannot be read ({error.strerror})") from None
    if is_run:
        return _evaluate_run(model, data, backend, device, allow_unofficial)
    if (backend, device) != ("auto", "auto"):
        raise UserError(f"{model} is an exported model, which runs on NumPy; leave --backend and --device out")
    return _evaluate_exported(model, data, allow_unofficial)


def _evaluate_run(folder, data, backend, device, allow_unofficial):
    from reproduce import backends  # here, because they import Aesara
    from reproduce.held_out import HeldOut
    from reproduce.model import objectives

    model = best.load(folder)
    experiment = model.experiment
    examples = _examples(experiment, model.record, data, allow_unofficial)
    if backend == "auto" and device != "gpu":
        backend = model.record.backend
    backend = backends.create(backend, device, experiment["backend.precision"], experiment["network.kind"])
    held_out = HeldOut(experiment, examples, model.network(), objectives.of(experiment), backend)
    loss, error, _ = held_out.evaluate("test")
    confusion = None
    if examples.vocabulary is None:
        confusion = confusion_of(held_out.predictions("test"), examples.test.y, experiment["network.classes"])
    return _evaluation(folder, model.record, backend.name, held_out.count("test"), error, loss, confusion)


def _evaluate_exported(path, data, allow_unofficial):
    model = inference.load(path)
    try:
        record = Record.from_json(json.dumps(model.record))
    except ValueError as error:
        raise UserError(f"{path} is damaged ({error}); {packed.REMEDY}") from None
    experiment = best.experiment_of(record)
    examples = _examples(experiment, record, data, allow_unofficial)
    vocabulary = examples.vocabulary
    shape = experiment["data.shape"] if vocabulary is None else [len(vocabulary)]
    classes = experiment["network.classes"] if vocabulary is None else len(vocabulary)
    if (model.vocabulary, list(model.shape), model.outputs) != (vocabulary, shape, classes):
        raise UserError(
            f"{path} does not fit {experiment.name}: it gives {model.outputs} scores of inputs of shape "
            f"{list(model.shape)}, where {classes} of {shape} are needed, with the same vocabulary"
        )
    count = examples.test.in_minibatches(experiment["training.batch_size"])
    scores, labels = model.scores(np.asarray(examples.test.x[:count])), examples.test.y[:count].ravel()
    predictions = scores.argmax(axis=1)
    error = 100 * int((predictions != labels).sum()) / len(labels)
    if vocabulary is None:
        loss, confusion = squared_hinge(scores, labels), confusion_of(predictions, labels, classes)
    else:
        loss, confusion = cross_entropy(scores, labels), None
    return _evaluation(path, record, "numpy", count, error, loss, confusion)


def _evaluation(model, record, backend, examples, error, loss, confusion):
    return Evaluation(
        model=str(model),
        experiment=record.experiment,
        method=record.method,
        seed=record.seed,
        best_epoch=record.best_epoch,
        backend=backend,
        examples=examples,
        test_error=error,
        test_loss=loss,
        recorded={"test_error": record.test_error, "test_loss": record.test_loss},
        confusion=confusion,
    )


def _examples(experiment, record, data, allow_unofficial):
    """The experiment's examples, which must be those that the run was trained on."""
    examples = splits.load(experiment, data, allow_unofficial)
    if examples.provenance["sha256"] != record.data["sha256"]:
        raise UserError(
            f"the {examples.provenance['name']} files have other checksums than those that the model was trained on; "
            "say with --data where those are"
        )
    return examples


def confusion_of(predictions, labels, classes):
    """How many of each class, by row, were taken for each class, by column: int (classes, classes).

    `labels` may go on after the last prediction.
    """
    counts = np.bincount(labels[: len(predictions)] * classes + predictions, minlength=classes**2)
    return counts.reshape(classes, classes)


def squared_hinge(scores, labels):
    """`reproduce.model.objectives.SquaredHinge.loss` of arrays, in float64.

    Examples
    --------
    >>> squared_hinge(np.float32([[1, -1], [0, 3]]), np.array([0, 0]))
    4.25
    """
    targets = np.where(np.arange(scores.shape[1]) == labels[:, None], 1.0, -1.0)
    return float(formulas.squared_hinge(formulas.NUMPY, scores, targets))


def cross_entropy(scores, labels):
    """`reproduce.model.objectives.CrossEntropy.loss` of arrays, in float64.

    Examples
    --------
    >>> round(cross_entropy(np.float32([[0, 0], [9, 0]]), np.array([0, 0])), 4)
    0.3466
    """
    below = scores.astype("float64") - scores.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(below).sum(axis=1))
    return float((log_sums - below[np.arange(len(labels)), labels]).mean())
