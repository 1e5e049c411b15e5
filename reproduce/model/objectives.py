"""The losses that train a network, and the counts of errors that judge it."""

import aesara.tensor as at
from aesara.tensor.nnet import categorical_crossentropy
from aesara.tensor.special import softmax

from reproduce import formulas


class SquaredHinge:
    """The L2-SVM of the picture experiments, on class indices.

    ``mean over minibatch and classes of max(0, 1 − t·y)²`` with targets t = +1 at the class and −1 elsewhere (paper,
    Section 4.1; released mnist.py, main). The epoch with the lowest validation error is the best.

    Examples
    --------
    >>> from aesara import function
    >>> objective = SquaredHinge(classes=2)
    >>> scores, labels = at.fmatrix(), at.ivector()
    >>> outputs = [objective.loss(scores, labels), objective.errors(scores, labels)]
    >>> loss, errors = function([scores, labels], outputs, mode="FAST_COMPILE")([[1, -1], [0, 3]], [0, 0])
    >>> float(loss), int(errors)
    (4.25, 1)
    """

    judged_by = "valid_error"

    def __init__(self, classes):
        self.classes = classes

    def loss(self, scores, labels):
        """The loss, a scalar, of `scores` (batch, classes) and `labels` (batch,)."""
        return formulas.squared_hinge(at, scores, signed_one_hot(labels, self.classes))

    def errors(self, scores, labels):
        """Number of examples whose highest score is not their label's."""
        return at.neq(at.argmax(scores, axis=1), labels).sum()


class CrossEntropy:
    """Mean negative log probability, in nats a character, of the next characters.

    Softmax over the vocabulary; the mean is over all characters of the minibatch (paper, Section 4.3; released
    warpeace.py, main). The epoch with the lowest validation loss is the best.

    Examples
    --------
    >>> from aesara import function
    >>> scores, labels = at.fmatrix(), at.imatrix()
    >>> losses = function([scores, labels], CrossEntropy().sequence_losses(scores, labels), mode="FAST_COMPILE")
    >>> losses([[0, 0], [0, 0], [9, 0], [9, 0]], [[0, 1], [0, 0]]).round(3).tolist()
    [0.693..., 0.0]
    """

    judged_by = "valid_loss"

    def loss(self, scores, labels):
        """The loss, a scalar, of `scores` (batch·steps, vocabulary) and `labels` (batch, steps)."""
        return _entropies(scores, labels).mean()

    def sequence_losses(self, scores, labels):
        """The mean loss of each sequence, (batch,), from the arguments of `loss`."""
        return _entropies(scores, labels).reshape(labels.shape).mean(axis=1)

    def errors(self, scores, labels):
        """Number of characters that are not the most probable one."""
        return at.neq(at.argmax(scores, axis=1), labels.flatten()).sum()


def of(experiment):
    """The objective of an experiment."""
    return CrossEntropy() if experiment["network.kind"] == "lstm" else SquaredHinge(experiment["network.classes"])


def _entropies(scores, labels):
    """Negative log probability of each next character, (batch·steps,)."""
    return categorical_crossentropy(softmax(scores, axis=-1), labels.flatten())


def signed_one_hot(labels, classes):
    """+1 at the label, −1 elsewhere, (batch, classes) float32.

    Examples
    --------
    >>> from aesara import function
    >>> labels = at.ivector()
    >>> function([labels], signed_one_hot(labels, 3), mode="FAST_COMPILE")([2, 0]).tolist()
    [[-1.0, -1.0, 1.0], [1.0, -1.0, -1.0]]
    """
    hot = at.eq(labels.dimshuffle(0, "x"), at.arange(classes, dtype=labels.dtype).dimshuffle("x", 0))
    return at.cast(2 * hot - 1, "float32")
