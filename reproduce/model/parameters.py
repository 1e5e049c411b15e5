"""The base of our layers: parameters of fixed shape."""

import lasagne.layers
from aesara import shared
from lasagne.utils import floatX


class Layer(lasagne.layers.Layer):
    """A Lasagne layer whose parameters say in their types how long each axis is, which compilers make use of."""

    def add_param(self, spec, shape, name=None, **tags):
        """Add the parameter that `spec` makes of `shape`, named after the layer; see Lasagne's method."""
        value = floatX(spec(shape))
        parameter = shared(value, name=f"{self.name}.{name}", shape=value.shape)
        return super().add_param(parameter, shape, name, **tags)
