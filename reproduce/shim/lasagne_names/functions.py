"""The nonlinearities, objectives, updates and helpers of Lasagne 0.2.dev1 that 0.1 lacks."""

from collections import OrderedDict

import numpy as np
import theano
import theano.tensor as T
from lasagne import utils
from lasagne.updates import get_or_compute_grads


class ScaledTanH:
    """φ(x) = scale_out·tanh(scale_in·x)."""

    def __init__(self, scale_in=1, scale_out=1):
        self.scale_in, self.scale_out = scale_in, scale_out

    def __call__(self, x):
        return T.tanh(x * self.scale_in) * self.scale_out


class SELU:
    """φ(x) = scale·(x where x > 0, else scale_neg·(eˣ − 1)) (Klambauer et al., 2017)."""

    def __init__(self, scale=1, scale_neg=1):
        self.scale, self.scale_neg = scale, scale_neg

    def __call__(self, x):
        return self.scale * T.switch(x > 0, x, self.scale_neg * T.expm1(x))


selu = SELU(scale=1.0507009873554804934193349852946, scale_neg=1.6732632423543772848170429916717)


def elu(x):
    """φ(x) = x where x > 0, else eˣ − 1 (Clevert et al., 2015)."""
    return T.switch(x > 0, x, T.expm1(x))


def softplus(x):
    """φ(x) = log(1 + eˣ)."""
    return T.nnet.softplus(x)


def binary_hinge_loss(predictions, targets, delta=1, log_odds=None, binary=True):
    """max(0, δ − t·z), with t = ±1 of the target and z the prediction's log-odds.

    Parameters
    ----------
    predictions : expression
        Log-odds, or where `log_odds` is False, probabilities.
    targets : expression
        In {0, 1}, or where `binary` is False, in {−1, 1}.
    """
    if log_odds is False:
        predictions = T.log(predictions / (1 - predictions))
    return T.nnet.relu(delta - predictions * (2 * targets - 1 if binary else targets))


def multiclass_hinge_loss(predictions, targets, delta=1):
    """max(0, largest of the wrong classes' scores − the right one's + δ), for each row.

    `targets` are numbers of classes, or rows that are 1 at the right one.
    """
    one_hot = T.extra_ops.to_one_hot(targets, predictions.shape[1]) if targets.ndim == predictions.ndim - 1 else targets
    right = T.sum(predictions * one_hot, axis=1)
    wrong = T.max(T.switch(one_hot > 0, -np.inf, predictions), axis=1)
    return T.nnet.relu(wrong - right + delta)


def binary_accuracy(predictions, targets, threshold=0.5):
    """1 where a prediction, true from `threshold` on, is its target, else 0."""
    return T.eq(T.ge(predictions, threshold), targets)


def categorical_accuracy(predictions, targets, top_k=1):
    """1 where the right class is among the `top_k` of the largest predictions of a row, else 0."""
    if targets.ndim == predictions.ndim:
        targets = T.argmax(targets, axis=-1)
    if top_k == 1:
        return T.eq(T.argmax(predictions, axis=-1), targets)
    largest = T.argsort(predictions, axis=-1)[..., -top_k:]
    return T.any(T.eq(largest, T.shape_padright(targets)), axis=-1)


def huber_loss(predictions, targets, delta=1):
    """½·d² where |d| ≤ δ, else δ·(|d| − ½·δ), with d the difference."""
    distance = abs(predictions - targets)
    return T.switch(distance <= delta, 0.5 * distance**2, delta * (distance - 0.5 * delta))


def adamax(loss_or_grads, params, learning_rate=0.002, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Adam with the largest instead of the second moment (Kingma and Ba, 2014, section 7)."""
    time, updates = _steps()
    for param, gradient in zip(params, get_or_compute_grads(loss_or_grads, params), strict=True):
        mean, largest = _like(param), _like(param)
        updates[mean] = beta1 * mean + (1 - beta1) * gradient
        updates[largest] = T.maximum(beta2 * largest, abs(gradient))
        rate = learning_rate / (1 - beta1**time)
        updates[param] = param - rate * updates[mean] / (updates[largest] + epsilon)
    return updates


def amsgrad(loss_or_grads, params, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Adam whose second moment never falls (Reddi et al., 2018)."""
    time, updates = _steps()
    for param, gradient in zip(params, get_or_compute_grads(loss_or_grads, params), strict=True):
        mean, square, largest = _like(param), _like(param), _like(param)
        updates[mean] = beta1 * mean + (1 - beta1) * gradient
        updates[square] = beta2 * square + (1 - beta2) * gradient**2
        updates[largest] = T.maximum(largest, updates[square])
        rate = learning_rate * T.sqrt(1 - beta2**time) / (1 - beta1**time)
        updates[param] = param - rate * updates[mean] / (T.sqrt(updates[largest]) + epsilon)
    return updates


def _steps():
    """The number of the step, from 1 on, and updates that count it."""
    before = theano.shared(utils.floatX(0.0))
    return before + 1, OrderedDict([(before, before + 1)])


def _like(param):
    value = param.get_value(borrow=True)
    return theano.shared(np.zeros(value.shape, value.dtype), broadcastable=param.broadcastable)


def collect_shared_vars(expressions):
    """All shared variables that one expression or several depend on, in the order that they are met from the left."""
    left = list(reversed(expressions)) if isinstance(expressions, (list, tuple)) else [expressions]
    found, seen = [], set()
    while left:
        variable = left.pop()
        if variable in seen:
            continue
        seen.add(variable)
        if isinstance(variable, theano.compile.SharedVariable):
            found.append(variable)
        elif variable.owner is not None:
            left.extend(reversed(variable.owner.inputs))
    return found


OBJECTIVES = (binary_accuracy, binary_hinge_loss, categorical_accuracy, huber_loss, multiclass_hinge_loss)
NONLINEARITIES = (ScaledTanH, SELU, elu, softplus)
UPDATES = (adamax, amsgrad)
