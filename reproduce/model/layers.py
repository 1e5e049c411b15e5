"""Lasagne layers with binarized weights, and the released scripts' batch normalisation."""

import aesara
import aesara.tensor as at
import numpy as np
from aesara import shared
from aesara.compile.mode import Mode
from aesara.tensor.nnet import conv2d
from aesara.tensor.nnet.batchnorm import batch_normalization
from lasagne import init

from reproduce.model import binarization
from reproduce.model.parameters import Layer


class Weight:
    """One weight tensor as a method uses it.

    Attributes
    ----------
    name : str
        Unique within the network.
    latent : shared variable
        The full-precision weights w, which training updates.
    alpha : shared scalar or None
        The current scale α; None where the method keeps it at 1 or does not binarize.
    used : tensor
        The weights that the network computes with: ``α·b``, or w in full precision. Gradients are taken with respect to
        them.
    step_scale : float
        Factor on the weight's Adam steps.
    """

    def __init__(self, name, latent, method, step_scale=1.0, zero_is_positive=True):
        self.name, self.latent, self.method, self.step_scale = name, latent, method, step_scale
        self.alpha = None
        self.used = latent
        if method.has_alpha:
            start = initial_alpha(latent.get_value(borrow=True), method)
            self.alpha = shared(start, name=f"{name}.alpha", shape=())
        if method.binarizes:
            alpha = at.constant(np.float32(1)) if self.alpha is None else self.alpha
            self.used = binarization.binarize(latent, alpha, zero_is_positive)


def initial_alpha(w, method):
    """α of the first step, float32: that of `method` for a second moment of zero.

    Examples
    --------
    >>> from reproduce.methods import get
    >>> float(initial_alpha(np.float32([[1, -2], [3, -4]]), get("lab")))
    2.5
    """
    graph = binarization.alpha(method, at.constant(w), at.constant(np.zeros_like(w)))
    return aesara.function([], graph, mode=Mode("py", None))()


def create_weight(layer, method, shape, n_in, n_out, recipe):
    """Draw and add the weight tensor W of `layer`.

    Parameters
    ----------
    layer : lasagne.layers.Layer
        Its `name` prefixes the weight's.
    method : reproduce.methods.Method
    shape : tuple of int
        The tensor's shape; one call of `uniform` on Lasagne's generator draws it.
    n_in, n_out : int
        Inputs and outputs as Glorot and Bengio count them.
    recipe : reproduce.model.recipe.Recipe
        How a binarized weight starts and steps. In full precision it starts as Lasagne's GlorotUniform does.

    Returns
    -------
    Weight
    """
    name = f"{layer.name}.W"
    if not method.binarizes:
        return Weight(name, layer.add_param(init.GlorotUniform(), shape, name="W"), method)
    if recipe.draws_stream_seed:
        init.get_rng().randint(1, 2147462579)
    latent = layer.add_param(init.Uniform(recipe.initial_range(n_in, n_out)), shape, name="W")
    return Weight(name, latent, method, recipe.step_scale(n_in, n_out), recipe.zero_is_positive)


class BinarizedLayer(Layer):
    """Base of the layers with one binarized weight tensor, `weight`, and a bias `b` for each output feature."""

    def add_weight(self, method, shape, n_in, n_out, recipe, features):
        """Draw the weight tensor (see `create_weight`) and add the bias, of shape (features,)."""
        self.weight = create_weight(self, method, shape, n_in, n_out, recipe)
        self.weights = [self.weight]
        self.b = self.add_param(init.Constant(0.0), (features,), name="b", regularizable=False)


class BinarizedDenseLayer(BinarizedLayer):
    """A fully connected layer, ``x·(α·b) + bias``, without a nonlinearity.

    Parameters
    ----------
    incoming : lasagne.layers.Layer
        Output shape (batch, …); trailing axes are flattened to num_inputs.
    num_units : int
        Units of the layer.
    method : reproduce.methods.Method
        How W, of shape (num_inputs, num_units), is used.
    recipe : reproduce.model.recipe.Recipe
        How W starts and steps.
    name : str
        Prefix of the parameters' names.

    Notes
    -----
    The output has shape (batch, num_units). The latent W and the bias are trained. The forward pass uses ``α·b``;
    gradients are taken with respect to it and applied to W (Algorithm 1; released lab.py, DenseLayer, compute_grads).

    Examples
    --------
    >>> from lasagne.layers import InputLayer
    >>> from reproduce.methods import get
    >>> from reproduce.model.recipe import RELEASED
    >>> layer = BinarizedDenseLayer(InputLayer((None, 1, 4, 4)), 10, get("lab"), RELEASED)
    >>> layer.output_shape, layer.weight.latent.get_value().shape
    ((None, 10), (16, 10))
    """

    def __init__(self, incoming, num_units, method, recipe, name="dense"):
        super().__init__(incoming, name=name)
        self.num_units = num_units
        num_inputs = int(np.prod(self.input_shape[1:]))
        self.add_weight(method, (num_inputs, num_units), num_inputs, num_units, recipe, num_units)

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.num_units)

    def get_output_for(self, input, **kwargs):
        if input.ndim > 2:
            input = input.flatten(2)
        return at.dot(input, self.weight.used) + self.b.dimshuffle("x", 0)


class BinarizedConv2DLayer(BinarizedLayer):
    """A convolution with ``α·b`` of 3×3 filters, padding 1 and stride 1, plus bias, without a nonlinearity.

    Parameters
    ----------
    incoming : lasagne.layers.Layer
        Output shape (batch, channels, rows, columns).
    num_filters : int
        Filters of the layer.
    method : reproduce.methods.Method
        How W, of shape (num_filters, channels, 3, 3), is used.
    recipe : reproduce.model.recipe.Recipe
        How W starts and steps.
    name : str
        Prefix of the parameters' names.

    Notes
    -----
    The output has shape (batch, num_filters, rows, columns). The convolution is a true one, which flips the filters
    (released lab.py, Conv2DLayer). It is trained as `BinarizedDenseLayer` is.

    Examples
    --------
    >>> from lasagne.layers import InputLayer
    >>> from reproduce.methods import get
    >>> from reproduce.model.recipe import RELEASED
    >>> layer = BinarizedConv2DLayer(InputLayer((None, 3, 32, 32)), 8, get("lab"), RELEASED)
    >>> layer.output_shape, layer.weight.latent.get_value().shape
    ((None, 8, 32, 32), (8, 3, 3, 3))
    """

    SIZE = 3

    def __init__(self, incoming, num_filters, method, recipe, name="conv"):
        super().__init__(incoming, name=name)
        self.num_filters = num_filters
        channels, area = self.input_shape[1], self.SIZE**2
        shape = (num_filters, channels, self.SIZE, self.SIZE)
        self.add_weight(method, shape, area * channels, area * num_filters, recipe, num_filters)

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.num_filters, *input_shape[2:])

    def get_output_for(self, input, **kwargs):
        convolved = conv2d(
            input,
            self.weight.used,
            input_shape=(None, *self.input_shape[1:]),
            filter_shape=self.weight.latent.get_value(borrow=True).shape,
            border_mode=(self.SIZE // 2, self.SIZE // 2),
        )
        return convolved + self.b.dimshuffle("x", 0, "x", "x")


class BatchNormLayer(Layer):
    """The released scripts' batch normalisation, ``γ·(x − mean)/(std + 1e-4) + β``.

    Epsilon is added to the standard deviation. The running statistics are a mean, which starts at 0, and a standard
    deviation, which starts at 1; each training step moves them by 0.1 towards the minibatch's (released batch_norm.py,
    BatchNormLayer). Statistics are taken over all axes but the second.

    Parameters
    ----------
    incoming : lasagne.layers.Layer
        Output shape (batch, features, …).
    name : str
        Prefix of the parameters' names.

    Notes
    -----
    The output has the input's shape. `running_updates(input)` gives the updates of the running statistics for a
    training pass. With ``deterministic=True`` the running statistics normalise.

    Examples
    --------
    >>> from lasagne.layers import InputLayer
    >>> layer = BatchNormLayer(InputLayer((None, 8, 32, 32)))
    >>> layer.output_shape, layer.mean.get_value().shape
    ((None, 8, 32, 32), (8,))
    """

    EPSILON = 1e-4
    RATE = 0.1

    def __init__(self, incoming, name="norm"):
        super().__init__(incoming, name=name)
        features = (self.input_shape[1],)
        self.axes = (0, *range(2, len(self.input_shape)))
        self.beta = self.add_param(init.Constant(0.0), features, name="beta", regularizable=False)
        self.gamma = self.add_param(init.Constant(1.0), features, name="gamma")
        statistic = {"trainable": False, "regularizable": False}
        self.mean = self.add_param(init.Constant(0.0), features, name="mean", **statistic)
        self.std = self.add_param(init.Constant(1.0), features, name="std", **statistic)

    def batch_statistics(self, input):
        """Mean and population standard deviation of `input` by feature, each of shape (features,)."""
        return input.mean(self.axes), input.std(self.axes)

    def running_updates(self, input):
        """The running statistics after a training pass over `input`: pairs (shared variable, new value)."""
        rate = at.constant(self.RATE, dtype="float32")
        pairs = zip((self.mean, self.std), self.batch_statistics(input), strict=True)
        return [(running, (1 - rate) * running + rate * new) for running, new in pairs]

    def get_output_for(self, input, deterministic=False, **kwargs):
        mean, std = (self.mean, self.std) if deterministic else self.batch_statistics(input)
        parts = (self._spread(x, input.ndim) for x in (self.gamma, self.beta, mean, std + self.EPSILON))
        # Theano's own composite: another order of its gradient's products is as right, but rounds differently.
        return batch_normalization(input, *parts, mode="low_mem")

    @staticmethod
    def _spread(x, ndim):
        return x.dimshuffle("x", 0, *["x"] * (ndim - 2))
