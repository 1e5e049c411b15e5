"""What Lasagne 0.2.dev1 adds to 0.1's own layers: further keyword arguments, and expressions as parameters.

Layers that are made without them stay exactly what they were.
"""

import functools

import numpy as np
import theano
import theano.tensor as T
from lasagne.layers import Conv2DLayer, DenseLayer, DropoutLayer, Layer

from reproduce.shim.lasagne_names import axes
from reproduce.shim.lasagne_names.functions import collect_shared_vars


def extend():
    """Let 0.1's layers take the arguments, once."""
    if hasattr(Layer, "_takes_expressions"):
        return
    Layer._takes_expressions = True
    _extend_layer()
    _extend_dropout()
    _extend_dense()
    _extend_convolution()


def _extend_layer():
    """Parameters that are expressions; with ``unwrap_shared`` `get_params` gives the shared variables in them."""
    add_param, get_params = Layer.add_param, Layer.get_params

    @functools.wraps(add_param)
    def add(self, spec, shape, name=None, **tags):
        if not isinstance(spec, theano.Variable) or isinstance(spec, theano.compile.SharedVariable):
            return add_param(self, spec, shape, name, **tags)
        if spec.ndim != len(shape):
            raise RuntimeError(f"parameter variable has {spec.ndim} dimensions, should be {len(shape)}")
        tags = {"trainable": True, "regularizable": True} | tags
        self.params[spec] = {tag for tag, value in tags.items() if value}
        return spec

    @functools.wraps(get_params)
    def get(self, unwrap_shared=True, **tags):
        found = get_params(self, **tags)
        if not unwrap_shared or all(isinstance(param, theano.compile.SharedVariable) for param in found):
            return found
        return collect_shared_vars(found)

    Layer.add_param, Layer.get_params = add, get


def _extend_dropout():
    """``shared_axes``: the axes along which the mask is the same."""
    initialize, output = DropoutLayer.__init__, DropoutLayer.get_output_for

    @functools.wraps(initialize)
    def __init__(self, incoming, p=0.5, rescale=True, shared_axes=(), **kwargs):
        initialize(self, incoming, p, rescale, **kwargs)
        ndim = len(self.input_shape)
        self.shared_axes = tuple(axis % ndim for axis in shared_axes)

    @functools.wraps(output)
    def get_output_for(self, input, deterministic=False, **kwargs):
        if deterministic or self.p == 0 or not self.shared_axes:
            return output(self, input, deterministic, **kwargs)
        retained = 1 - self.p
        distribution = functools.partial(self._srng.binomial, p=retained, dtype=theano.config.floatX)
        mask = axes.draw(distribution, self, input, self.shared_axes)
        return (input / retained if self.rescale else input) * mask

    DropoutLayer.__init__, DropoutLayer.get_output_for = __init__, get_output_for


def dropout_channels(incoming, *args, **kwargs):
    """Drops whole channels of (batch, channel, place …)."""
    ndim = len(getattr(incoming, "output_shape", incoming))
    return DropoutLayer(incoming, *args, shared_axes=range(2, ndim), **kwargs)


def dropout_locations(incoming, *args, **kwargs):
    """Drops all channels at a place of (batch, channel, place …)."""
    return DropoutLayer(incoming, *args, shared_axes=(1,), **kwargs)


def _extend_dense():
    """``num_leading_axes``: how many axes stay; those after them are flattened into one."""
    initialize, shape, output = DenseLayer.__init__, DenseLayer.get_output_shape_for, DenseLayer.get_output_for

    @functools.wraps(initialize)
    def __init__(self, incoming, num_units, *args, num_leading_axes=1, **kwargs):
        ndim = len(getattr(incoming, "output_shape", incoming))
        self.num_leading_axes = num_leading_axes % ndim
        if self.num_leading_axes == 1:
            initialize(self, incoming, num_units, *args, **kwargs)
        else:  # the parameters are those of a layer on one row
            full = incoming if isinstance(incoming, tuple) else incoming.output_shape
            row = (1, int(np.prod(full[self.num_leading_axes :])))
            initialize(self, row, num_units, *args, **kwargs)
            self.input_shape, self.input_layer = full, None if isinstance(incoming, tuple) else incoming

    @functools.wraps(shape)
    def get_output_shape_for(self, input_shape):
        return (*input_shape[: self.num_leading_axes], self.num_units)

    @functools.wraps(output)
    def get_output_for(self, input, **kwargs):
        if self.num_leading_axes == 1:
            return output(self, input, **kwargs)
        activation = T.dot(input.flatten(self.num_leading_axes + 1), self.W)
        return self.nonlinearity(activation if self.b is None else activation + self.b)

    DenseLayer.__init__ = __init__
    DenseLayer.get_output_shape_for, DenseLayer.get_output_for = get_output_shape_for, get_output_for


def _extend_convolution():
    """``flip_filters``: True for a convolution, False for a correlation."""
    initialize = Conv2DLayer.__init__

    @functools.wraps(initialize)
    def __init__(self, *args, flip_filters=True, **kwargs):
        if not flip_filters:
            kwargs.setdefault("convolution", functools.partial(T.nnet.conv2d, filter_flip=False))
        initialize(self, *args, **kwargs)
        self.flip_filters = flip_filters

    Conv2DLayer.__init__ = __init__
