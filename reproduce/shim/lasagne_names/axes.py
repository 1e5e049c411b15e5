"""Parameters, and random draws, that are shared along some axes of a layer's input."""

import theano.tensor as T


def shared_axes(axes, ndim):
    """Axes as Lasagne names them: ``"auto"`` is all but the second, ``"all"`` all; one number is one axis."""
    if axes in ("auto", "all"):
        return tuple(axis for axis in range(ndim) if axes == "all" or axis != 1)
    return (axes,) if isinstance(axes, int) else tuple(axes)


def unshared_shape(layer, axes):
    """The shape of a parameter with one value for each place along the axes not in `axes`.

    Raises
    ------
    ValueError
        If the length of such an axis is not known.
    """
    shape = [length for axis, length in enumerate(layer.input_shape) if axis not in axes]
    if any(length is None for length in shape):
        raise ValueError(f"{type(layer).__name__} needs specified input sizes for all axes that it does not share")
    return shape


def draw(distribution, layer, input, axes):
    """Random numbers that broadcast against `input`; they are the same along `axes`.

    Parameters
    ----------
    distribution : callable
        From a shape to random numbers.
    """
    lengths = enumerate(layer.input_shape)
    shape = [1 if axis in axes else length or input.shape[axis] for axis, length in lengths]
    return T.addbroadcast(distribution(tuple(shape)), *axes)


def spread(parameter, axes, ndim):
    """`parameter` with a broadcast axis for each of the shared `axes`."""
    unshared = iter(range(parameter.ndim))
    return parameter.dimshuffle(*("x" if axis in axes else next(unshared) for axis in range(ndim)))
