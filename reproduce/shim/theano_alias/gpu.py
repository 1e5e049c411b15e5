"""What scripts ask of Theano's GPU packages, ``theano.sandbox.cuda`` and ``theano.gpuarray``: there is no such GPU.

Guards find that out; functions that moved arrays leave them where they are; cuDNN's and caffe's convolutions and
pooling are Aesara's own.
"""

import logging

from aesara.tensor import as_tensor_variable
from aesara.tensor.nnet.abstract_conv import conv2d
from aesara.tensor.sharedvar import TensorSharedVariable
from aesara.tensor.signal.pool import pool_2d
from aesara.tensor.type import TensorType

logger = logging.getLogger(__name__)

cuda_available = cuda_enabled = pygpu_activated = False


def use(device, *arguments, **keywords):
    """Would move Theano to `device`."""
    logger.warning("%s is no device of Theano's here; GPU runs go through the JAX backend", device)


def dnn_available(context_name=None):
    """Whether Theano finds cuDNN: no."""
    return False


dnn_available.msg = "Theano's GPU backend is gone; GPU runs go through the JAX backend"
dnn_present = dnn_available


class CudaNdarray:
    """Theano's array on a GPU, of which there is none."""


class CudaNdarrayType(TensorType):
    """The type of Theano's variables on a GPU, of which there is none: an unpickled one is a `TensorType`."""


class CudaNdarraySharedVariable(TensorSharedVariable):
    """Theano's shared variable on a GPU, of which there is none: an unpickled one is a `TensorSharedVariable`."""

    def __setstate__(self, state):
        self.__class__ = TensorSharedVariable
        self.__setstate__(state)


def CudaNdarray_unpickler(value, context_name=None):
    """The value of a pickled array on a GPU."""
    return value


GpuArray_unpickler = CudaNdarray_unpickler


GpuArrayType, GpuArraySharedVariable = CudaNdarrayType, CudaNdarraySharedVariable


def gpu_contiguous(x):
    """`x`, which is where it belongs."""
    return as_tensor_variable(x)


gpu_from_host = host_from_gpu = as_cuda_ndarray_variable = gpu_contiguous


def dnn_conv(img, kerns, border_mode="valid", subsample=(1, 1), conv_mode="conv", *arguments, **keywords):
    """cuDNN's convolution: ``conv_mode="cross"`` correlates."""
    return conv2d(img, kerns, border_mode=border_mode, subsample=subsample, filter_flip=conv_mode == "conv")


def dnn_pool(img, ws, stride=None, mode="max", pad=(0, 0)):
    """cuDNN's pooling, which leaves the border out; its stride is by default 1."""
    mode = "average_inc_pad" if mode == "average" else mode
    return pool_2d(img, ws=ws, stride=stride or (1,) * len(ws), pad=pad, ignore_border=True, mode=mode)


class GpuCorrMM:
    """caffe's correlation."""

    def __init__(self, border_mode="valid", subsample=(1, 1), pad=(0, 0)):
        self._border_mode, self._subsample = border_mode if tuple(pad) == (0, 0) else tuple(pad), subsample

    def __call__(self, img, kern):
        return conv2d(img, kern, border_mode=self._border_mode, subsample=self._subsample, filter_flip=False)
