"""Ways to compute one 3×3 convolution with padding 1, forward and with its gradients.

Each ``prepare(batch, channels, filters, side, with_input_gradient)`` returns a function without arguments. The function
computes the output and the gradients for random arrays and returns them, in the convention of correlations: the output
(batch, filters, side, side), the gradient of the filters (filters, channels, 3, 3), and, if requested, that of the
image (batch, channels, side, side). XLA's have channels last.
"""

import functools
from importlib.util import find_spec

import numpy as np

SIZE = 3


def available(device):
    """The ways that this machine has for `device`, ``"cpu"`` or ``"gpu"``: `prepare` by name."""
    ways = {} if device == "gpu" else {"im2col + sgemm": by_patches}
    if find_spec("torch"):
        import torch

        if device == "cpu" or torch.cuda.is_available():
            ways["cuDNN" if device == "gpu" else "oneDNN"] = functools.partial(by_pytorch, device=device)
    return ways | {"XLA": functools.partial(by_xla, device=device)}


def arrays(batch, channels, filters, side):
    """Random image, filters and gradient of the output."""
    rng = np.random.default_rng(0)
    shapes = (batch, channels, side, side), (filters, channels, SIZE, SIZE), (batch, filters, side, side)
    return [rng.standard_normal(shape, np.float32) for shape in shapes]


def by_patches(batch, channels, filters, side, with_input_gradient):
    """NumPy's product of the filters with the image's patches as one matrix."""
    image, weights, gradient = arrays(batch, channels, filters, side)
    image, gradient = (np.ascontiguousarray(x.transpose(0, 2, 3, 1)) for x in (image, gradient))
    weights = np.ascontiguousarray(weights.transpose(2, 3, 1, 0)).reshape(-1, filters)

    def call():
        padded = np.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (SIZE, SIZE), (1, 2))
        patches = np.ascontiguousarray(windows.transpose(0, 1, 2, 4, 5, 3)).reshape(-1, len(weights))
        flat = gradient.reshape(-1, filters)
        output, by_weights = patches @ weights, patches.T @ flat
        results = [_channels_first(output.reshape(gradient.shape)), _filters_first(by_weights, channels)]
        if with_input_gradient:
            by_patch = (flat @ weights.T).reshape(batch, side, side, SIZE, SIZE, channels)
            by_image = np.zeros_like(padded)
            for row, column in np.ndindex(SIZE, SIZE):
                by_image[:, row : row + side, column : column + side] += by_patch[:, :, :, row, column]
            results.append(_channels_first(by_image[:, 1:-1, 1:-1]))
        return results

    return call


def _channels_first(x):
    return x.transpose(0, 3, 1, 2)


def _filters_first(x, channels):
    return x.reshape(SIZE, SIZE, channels, -1).transpose(3, 2, 0, 1)


def by_pytorch(batch, channels, filters, side, with_input_gradient, device):
    """PyTorch's direct convolution."""
    import torch

    torch.backends.cudnn.allow_tf32 = False
    where = "cuda" if device == "gpu" else "cpu"
    image, weights, gradient = (torch.from_numpy(x).to(where) for x in arrays(batch, channels, filters, side))
    wanted = [weights.requires_grad_()] + ([image.requires_grad_()] if with_input_gradient else [])

    def call():
        output = torch.nn.functional.conv2d(image, weights, padding=1)
        results = [output.detach(), *torch.autograd.grad(output, wanted, gradient)]
        if device == "gpu":
            torch.cuda.synchronize()
        return results

    return call


def by_xla(batch, channels, filters, side, with_input_gradient, device):
    """JAX's convolution, with channels last."""
    import jax

    where = jax.devices(device)[0]
    image, weights, gradient = arrays(batch, channels, filters, side)
    image, gradient = (np.ascontiguousarray(x.transpose(0, 2, 3, 1)) for x in (image, gradient))
    weights = np.ascontiguousarray(weights.transpose(2, 3, 1, 0))
    image, weights, gradient = jax.device_put((image, weights, gradient), where)

    def convolve(image, weights):
        return jax.lax.conv_general_dilated(image, weights, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    @jax.jit
    def passes(image, weights, gradient):
        output, pull = jax.vjp(convolve, image, weights)
        by_image, by_weights = pull(gradient)
        return (output, by_weights, by_image) if with_input_gradient else (output, by_weights)

    def call():
        with jax.default_matmul_precision("float32"):
            return jax.block_until_ready(passes(image, weights, gradient))

    return call
