"""Adam, whose second moment also gives the curvature d, and the clipping of latent weights."""

import aesara.tensor as at
import numpy as np
from aesara import shared
from aesara.gradient import grad

from reproduce import formulas
from reproduce.model import binarization
from reproduce.model.ops.adam import AdamStep
from reproduce.model.recipe import BETA1, BETA2


def adam(loss, network, learning_rate):
    """Updates of one training step (Algorithm 1).

    The latent weights step along the gradient with respect to ``α·b``, the weights that the network used. Those that
    are binarized are then clipped to ±1, and their scale becomes the one that the next step uses. All other parameters
    take plain Adam steps. This is Lasagne's form of Adam: ε is not corrected for bias.

    Parameters
    ----------
    loss : scalar
        The loss of the training pass.
    network : reproduce.model.networks.Network
    learning_rate : float32 scalar
        η.

    Returns
    -------
    list of (shared variable, expression)
        All moments and the step count start at 0.
    """
    weights, parameters = network.weights, network.parameters
    gradients = grad(loss, [weight.used for weight in weights] + parameters)
    step = _zeros_like(np.float32(0), "adam.step")
    t = step + 1
    size = learning_rate * at.sqrt(1 - BETA2**t) / (1 - BETA1**t)
    updates = [(step, t)]
    decay_rates = network.recipe.decay_rates
    for weight, gradient in zip(weights, gradients, strict=False):
        updates += _weight_step(weight, gradient, size, decay_rates)
    for parameter, gradient in zip(parameters, gradients[len(weights) :], strict=True):
        m, v = _moments(parameter)
        stepped, m_next, v_next = formulas.adam_step(
            binarization.SYMBOLIC, parameter, m, v, gradient, size, decay_rates
        )
        updates += [(m, m_next), (v, v_next), (parameter, stepped)]
    return updates


def _weight_step(weight, gradient, size, decay_rates):
    method = weight.method
    m, v = _moments(weight.latent)
    step = AdamStep(method.binarizes, method.scale, decay_rates)
    if weight.step_scale != 1.0:
        size = size * at.constant(weight.step_scale, dtype="float32")
    w_next, m_next, v_next, *alpha_next = step(weight.latent, m, v, gradient, size, return_list=True)
    updates = [(weight.latent, w_next), (m, m_next), (v, v_next)]
    if weight.alpha is not None:
        # AdamStep computes the paper's scales only; any other scale is part of the graph.
        (alpha_next,) = alpha_next or [binarization.alpha(method, w_next, v_next)]
        updates.append((weight.alpha, alpha_next))
    return updates


def _moments(parameter):
    value = parameter.get_value(borrow=True)
    return _zeros_like(value, f"{parameter.name}.m"), _zeros_like(value, f"{parameter.name}.v")


def _zeros_like(value, name):
    return shared(np.zeros_like(value), name=name, shape=value.shape)
