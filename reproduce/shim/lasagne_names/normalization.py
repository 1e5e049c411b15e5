"""Batch normalization as Lasagne 0.2.dev1 has it."""

import theano
import theano.tensor as T
from lasagne import init, nonlinearities
from lasagne.layers import Layer, NonlinearityLayer

from reproduce.shim.lasagne_names.axes import shared_axes, spread, unshared_shape

__all__ = ["BatchNormLayer", "batch_norm"]


class BatchNormLayer(Layer):
    """γ·(x − μ)·σ⁻¹ + β, with σ⁻¹ = 1/√(variance + ε) (Ioffe and Szegedy, 2015).

    In training μ and σ⁻¹ are the minibatch's, and the running averages, which a deterministic output takes, follow:
    average ← (1 − α)·average + α·minibatch's, as default updates of every compiled function that has the output.

    Parameters
    ----------
    incoming : lasagne.layers.Layer or tuple
    axes : "auto", int or tuple of int
        To normalize over; ``auto`` is all but the second.
    epsilon, alpha : float
    beta, gamma : Theano variable, array, callable or None
        None leaves the shift, or the scale, out.
    mean, inv_std : Theano variable, array or callable
        The running averages.
    """

    def __init__(
        self, incoming, axes="auto", epsilon=1e-4, alpha=0.1, beta=init.Constant(0), gamma=init.Constant(1),
        mean=init.Constant(0), inv_std=init.Constant(1), **kwargs,
    ):  # fmt: skip
        super().__init__(incoming, **kwargs)
        self.axes = shared_axes(axes, len(self.input_shape))
        self.epsilon, self.alpha = epsilon, alpha
        shape = unshared_shape(self, self.axes)
        self.beta = None if beta is None else self.add_param(beta, shape, "beta", regularizable=False)
        self.gamma = None if gamma is None else self.add_param(gamma, shape, "gamma")
        fixed = {"trainable": False, "regularizable": False}
        self.mean = self.add_param(mean, shape, "mean", **fixed)
        self.inv_std = self.add_param(inv_std, shape, "inv_std", **fixed)

    def get_output_for(
        self, input, deterministic=False, batch_norm_use_averages=None, batch_norm_update_averages=None, **kwargs
    ):
        """The normalized input; by default the averages are used where `deterministic`, and updated elsewhere."""
        input_mean = input.mean(self.axes)
        input_inv_std = T.inv(T.sqrt(input.var(self.axes) + self.epsilon))
        uses = deterministic if batch_norm_use_averages is None else batch_norm_use_averages
        updates = not deterministic if batch_norm_update_averages is None else batch_norm_update_averages
        mean, inv_std = (self.mean, self.inv_std) if uses else (input_mean, input_inv_std)
        if updates:
            # Zero times a clone brings the averages, with their default updates, into the graph.
            mean += 0 * self._running(self.mean, input_mean)
            inv_std += 0 * self._running(self.inv_std, input_inv_std)
        scale = inv_std if self.gamma is None else self.gamma * inv_std
        output = (input - self._spread(mean, input)) * self._spread(scale, input)
        return output if self.beta is None else output + self._spread(self.beta, input)

    def _running(self, average, latest):
        running = theano.clone(average, share_inputs=False)
        running.default_update = (1 - self.alpha) * running + self.alpha * latest
        return running

    def _spread(self, parameter, input):
        return spread(parameter, self.axes, input.ndim)


def batch_norm(layer, **kwargs):
    """`layer` with a `BatchNormLayer` between its linear part and its nonlinearity, and without its bias."""
    nonlinearity = getattr(layer, "nonlinearity", None)
    if nonlinearity is not None:
        layer.nonlinearity = nonlinearities.identity
    if getattr(layer, "b", None) is not None:
        del layer.params[layer.b]
        layer.b = None
    name = kwargs.pop("name", None) or (layer.name and f"{layer.name}_bn")
    layer = BatchNormLayer(layer, name=name, **kwargs)
    if nonlinearity is not None:
        layer = NonlinearityLayer(layer, nonlinearity, name=name and f"{name}_nonlin")
    return layer
