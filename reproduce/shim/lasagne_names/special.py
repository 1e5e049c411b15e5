"""The layers of Lasagne 0.2.dev1 that shift, scale, rectify, compute an expression or undo another layer."""

import functools

import theano
import theano.tensor as T
from lasagne import init, nonlinearities
from lasagne.layers import Layer, MergeLayer
from lasagne.random import get_rng
from lasagne.utils import floatX
from theano.sandbox.rng_mrg import MRG_RandomStreams

from reproduce.shim.lasagne_names import axes

__all__ = [
    "BiasLayer", "ExpressionLayer", "InverseLayer", "ParametricRectifierLayer", "RandomizedRectifierLayer",
    "ScaleLayer", "prelu", "rrelu", "standardize",
]  # fmt: skip


class _SharedAxesLayer(Layer):
    """A layer with a parameter that it shares along some axes."""

    def __init__(self, incoming, shared_axes, **kwargs):
        super().__init__(incoming, **kwargs)
        self.shared_axes = axes.shared_axes(shared_axes, len(self.input_shape))

    def _parameter(self, spec, name, **tags):
        return self.add_param(spec, axes.unshared_shape(self, self.shared_axes), name, **tags)

    def _spread(self, parameter, input):
        return axes.spread(parameter, self.shared_axes, input.ndim)


class BiasLayer(_SharedAxesLayer):
    """x + b, with `b` shared along `shared_axes`, by default all but the second; None for `b` adds nothing."""

    def __init__(self, incoming, b=init.Constant(0), shared_axes="auto", **kwargs):
        super().__init__(incoming, shared_axes, **kwargs)
        self.b = None if b is None else self._parameter(b, "b", regularizable=False)

    def get_output_for(self, input, **kwargs):
        return input if self.b is None else input + self._spread(self.b, input)


class ScaleLayer(_SharedAxesLayer):
    """x·s, with the `scales` shared along `shared_axes`, by default all but the second."""

    def __init__(self, incoming, scales=init.Constant(1), shared_axes="auto", **kwargs):
        super().__init__(incoming, shared_axes, **kwargs)
        self.scales = self._parameter(scales, "scales")

    def get_output_for(self, input, **kwargs):
        return input * self._spread(self.scales, input)


def standardize(layer, offset, scale, shared_axes="auto"):
    """(x − offset)/scale, as a `BiasLayer` and a `ScaleLayer` that are not trained."""
    layer = BiasLayer(layer, -offset, shared_axes)
    layer.params[layer.b].remove("trainable")
    layer = ScaleLayer(layer, floatX(1.0) / scale, shared_axes)
    layer.params[layer.scales].remove("trainable")
    return layer


class ExpressionLayer(Layer):
    """f(x) for any function of expressions.

    Parameters
    ----------
    function : callable
    output_shape : tuple, callable, "auto" or None
        The output's shape, or a function from the input's to it; ``auto`` takes the static shape of f's result for an
        input of the known lengths, and None says that f keeps the shape.
    """

    def __init__(self, incoming, function, output_shape=None, **kwargs):
        super().__init__(incoming, **kwargs)
        self.function, self._output_shape = function, output_shape

    def get_output_shape_for(self, input_shape):
        if self._output_shape is None:
            return input_shape
        if self._output_shape == "auto":
            example = T.alloc(floatX(0), *(length or 0 for length in input_shape))
            shape = self.function(example).shape.eval()
            return tuple(int(length) or None for length in shape)
        return self._output_shape(input_shape) if callable(self._output_shape) else tuple(self._output_shape)

    def get_output_for(self, input, **kwargs):
        return self.function(input)


class InverseLayer(MergeLayer):
    """The transposed Jacobian of `layer`, at what it gets, times the input: unpooling, deconvolution."""

    def __init__(self, incoming, layer, **kwargs):
        super().__init__([incoming, layer, layer.input_layer], **kwargs)

    def get_output_shape_for(self, input_shapes):
        return input_shapes[2]

    def get_output_for(self, inputs, **kwargs):
        input, layer_output, layer_input = inputs
        return theano.grad(None, wrt=layer_input, known_grads={layer_output: input})


class ParametricRectifierLayer(_SharedAxesLayer):
    """max(0, x) + α·min(0, x), with α learnt and shared along `shared_axes`, by default all but the second."""

    def __init__(self, incoming, alpha=init.Constant(0.25), shared_axes="auto", **kwargs):
        super().__init__(incoming, shared_axes, **kwargs)
        self.alpha = self._parameter(alpha, "alpha", regularizable=False)

    def get_output_for(self, input, **kwargs):
        return T.nnet.relu(input, self._spread(self.alpha, input))


class RandomizedRectifierLayer(Layer):
    """max(0, x) + a·min(0, x), with a drawn from [`lower`, `upper`] in training and their mean elsewhere."""

    def __init__(self, incoming, lower=0.3, upper=0.8, shared_axes="auto", **kwargs):
        super().__init__(incoming, **kwargs)
        if not isinstance(lower > upper, theano.Variable) and lower > upper:
            raise ValueError(f"RandomizedRectifierLayer draws from [{lower}, {upper}], which is empty")
        self._srng = MRG_RandomStreams(get_rng().randint(1, 2147462579))
        self.lower, self.upper = lower, upper
        self.shared_axes = axes.shared_axes(shared_axes, len(self.input_shape))

    def get_output_for(self, input, deterministic=False, **kwargs):
        if deterministic or self.upper == self.lower:
            return T.nnet.relu(input, (self.upper + self.lower) / 2.0)
        options = {"low": self.lower, "high": self.upper, "dtype": theano.config.floatX}
        slopes = axes.draw(functools.partial(self._srng.uniform, **options), self, input, self.shared_axes)
        return T.nnet.relu(input, slopes)


def prelu(layer, **kwargs):
    """`layer` with a `ParametricRectifierLayer` in place of its nonlinearity."""
    return ParametricRectifierLayer(_without_nonlinearity(layer), name=_name(layer, kwargs, "prelu"), **kwargs)


def rrelu(layer, **kwargs):
    """`layer` with a `RandomizedRectifierLayer` in place of its nonlinearity."""
    return RandomizedRectifierLayer(_without_nonlinearity(layer), name=_name(layer, kwargs, "rrelu"), **kwargs)


def _without_nonlinearity(layer):
    if getattr(layer, "nonlinearity", None) is not None:
        layer.nonlinearity = nonlinearities.identity
    return layer


def _name(layer, kwargs, kind):
    return kwargs.pop("name", None) or (layer.name and f"{layer.name}_{kind}")
