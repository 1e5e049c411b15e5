"""Measures a trained model on its experiment's test set: the best model of a run, or an exported one."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import one_line
from reproduce import experiments, inference, splits
from reproduce.errors import UserError
from reproduce.runs import best


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
        text = self.confusion is None
        loss = f"test loss {self.test_loss:.6g}{' nats/character' if text else ''}"
        error = f"test error {self.test_error:.4g}%"
        same = all(self.recorded[key] == getattr(self, key) for key in ("test_error", "test_loss"))
        recorded = (
            "the record says the same"
            if same
            else "the record says {test_error:.4g}% and {test_loss:.6g}".format(
                **{key: math.nan if value is None else value for key, value in self.recorded.items()}
            )
        )
        lines = [
            f"{self.experiment} {self.method} seed {self.seed}, epoch {self.best_epoch}, on {self.backend}: "
            f"{', '.join((loss, error) if text else (error, loss))}, "
            f"{self.examples:,} {'sequences' if text else 'pictures'}; {recorded}"
        ]
        if not text:
            lines += ["", *_table(self.classes, self.confusion)]
        return "\n".join(lines)


def _table(classes, confusion):
    """The lines of a table: a class's pictures, errors, and what they were taken for."""
    width = max(5, len(str(confusion.max())) + 1)
    taken = "".join(f"{index:>{width}}" for index in range(len(classes)))
    yield f"{'class':>5}{'pictures':>10}{'errors':>8}{'%':>7}   taken for:{taken}"
    for found, row in zip(classes, confusion.tolist(), strict=True):
        share = "" if found["error"] is None else f"{found['error']:.2f}"
        taken = "".join(f"{count or '.':>{width}}" for count in row)
        yield f"{found['class']:>5}{found['examples']:>10}{found['errors']:>8}{share:>7}{'':13}{taken}"


def evaluate_run(folder, data, backend=None, allow_unofficial=False):
    """Measure the best model of the run in `folder` as its training did.

    Parameters
    ----------
    folder : path
    data : path
        Folder of prepared data.
    backend : reproduce.backends, optional
        By default the one that the run was trained on.
    allow_unofficial : bool
        Whether data that are not the official ones will do.

    Returns
    -------
    Evaluation
        On the machine, the backend and the number of threads of the run, its numbers equal the record's.
    """
    model = best.load(folder)
    return evaluate_best(model, folder, _examples(model.experiment, model.record.data, data, allow_unofficial), backend)


def evaluate_best(model, name, examples, backend=None):
    """Measure a `reproduce.runs.best.BestModel` called `name` on `examples`, a `reproduce.splits.Splits`."""
    from reproduce.held_out import HeldOut  # here, because they import Aesara
    from reproduce.model import objectives

    experiment, record = model.experiment, model.record
    if backend is None:
        from reproduce import backends

        backend = backends.create(record.backend, precision=experiment["backend.precision"])
    held_out = HeldOut(experiment, examples, model.network(), objectives.of(experiment), backend)
    loss, error, _ = held_out.evaluate("test")
    text = examples.vocabulary is not None
    return Evaluation(
        model=str(name),
        experiment=experiment.name,
        method=experiment.method.name,
        seed=record.seed,
        best_epoch=model.epoch,
        backend=backend.name,
        examples=held_out.count("test"),
        test_error=error,
        test_loss=loss,
        recorded={"test_error": record.test_error, "test_loss": record.test_loss},
        confusion=None if text else confusion_of(held_out.predictions("test"), examples.test.y, experiment),
    )


def evaluate_exported(path, data, allow_unofficial=False):
    """Measure the exported model at `path` by `reproduce.inference`; see `evaluate_run`."""
    model = inference.load(path)
    record = model.record
    try:
        experiment = experiments.resolve(*(model.experiment[key] for key in ("name", "method", "settings")))
        recorded = {key: record[key] for key in ("test_error", "test_loss")}
        examples = _examples(experiment, record["data"], data, allow_unofficial).test
        size = experiment["training.batch_size"]
        count = len(examples.x) // size * size  # whole minibatches, as in training
        scores, labels = model.scores(np.asarray(examples.x[:count])), examples.y[:count].ravel()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else one_line(error)
        raise UserError(f"{path} does not fit what it says it was trained on: {reason}") from None
    predictions = scores.argmax(axis=1)
    text = model.vocabulary is not None
    return Evaluation(
        model=str(path),
        experiment=experiment.name,
        method=experiment.method.name,
        seed=record["seed"],
        best_epoch=record["best_epoch"],
        backend="numpy",
        examples=count,
        test_error=100 * int((predictions != labels).sum()) / len(labels),
        test_loss=float(cross_entropy(scores, labels) if text else squared_hinge(scores, labels)),
        recorded=recorded,
        confusion=None if text else confusion_of(predictions, labels, experiment),
    )


def _examples(experiment, recorded, data, allow_unofficial):
    """The experiment's examples, which must be those that the run was trained on."""
    examples = splits.load(experiment, data, allow_unofficial)
    if examples.provenance["sha256"] != recorded["sha256"]:
        raise UserError(
            f"the {examples.provenance['name']} files have other checksums than those that the model was trained on; "
            "say with --data where those are"
        )
    return examples


def confusion_of(predictions, labels, experiment):
    """How many of each class, by row, were taken for each class, by column: int (classes, classes).

    `labels` may go on after the last prediction.
    """
    classes = experiment["network.classes"]
    counts = np.bincount(labels[: len(predictions)] * classes + predictions, minlength=classes**2)
    return counts.reshape(classes, classes)


def squared_hinge(scores, labels):
    """`reproduce.model.objectives.SquaredHinge.loss` of arrays.

    Examples
    --------
    >>> float(squared_hinge(np.float32([[1, -1], [0, 3]]), np.array([0, 0])))
    4.25
    """
    signs = np.where(np.arange(scores.shape[1]) == labels[:, None], 1.0, -1.0)
    return np.square(np.maximum(0, 1 - signs * scores)).mean()


def cross_entropy(scores, labels):
    """`reproduce.model.objectives.CrossEntropy.loss` of arrays.

    Examples
    --------
    >>> round(float(cross_entropy(np.float32([[0, 0], [9, 0]]), np.array([0, 0]))), 4)
    0.3466
    """
    shifted = scores.astype("float64") - scores.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return (log_sums - shifted[np.arange(len(labels)), labels]).mean()


def evaluate(model, data, backend=None, allow_unofficial=False):
    """Measure `model`, the folder of a run or an exported file; see `evaluate_run`.

    Raises
    ------
    UserError
        If `model` is neither, it cannot be read, or a `backend` is given for an exported file.
    """
    if Path(model).is_dir():
        return evaluate_run(model, data, backend, allow_unofficial)
    if not Path(model).exists():
        raise UserError(f"there is no {model}; name the folder of a run, as 'run' prints it, or an exported file")
    if backend is not None:
        raise UserError(f"{model} is an exported model, which runs on NumPy; leave --backend and --device out")
    return evaluate_exported(model, data, allow_unofficial)
