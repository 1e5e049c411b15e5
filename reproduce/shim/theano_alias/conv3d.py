"""``theano.tensor.nnet.Conv3D``: videos of the layout (batch, rows, columns, time, channels)."""

from aesara import tensor
from aesara.tensor.nnet.abstract_conv import conv3d


def conv3D(V, W, b, d):
    """Correlation of videos with filters.

    Parameters
    ----------
    V : tensor, shape (batch, rows, columns, time, channels)
    W : tensor, shape (filters, rows, columns, time, channels)
    b : vector, shape (filters,)
    d : three constant integers
        Strides.

    Returns
    -------
    tensor, shape (batch, rows, columns, time, filters)
    """
    strides = tuple(int(tensor.get_scalar_constant_value(stride)) for stride in d)
    channels_second = 0, 4, 1, 2, 3
    videos, filters = (tensor.as_tensor_variable(x).dimshuffle(channels_second) for x in (V, W))
    return conv3d(videos, filters, subsample=strides, filter_flip=False).dimshuffle(0, 2, 3, 4, 1) + b
