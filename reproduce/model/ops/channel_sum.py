"""Sums over pictures in float64, one for each channel. Batch norm and biases of convolutions need them."""

from reproduce.model.ops.float64_sum import Float64Sum, register

REWRITE = "sum_channels_together"
"""Tag of the rewrite that replaces Aesara's own sums by `ChannelSum`; the c backend includes it."""


class ChannelSum(Float64Sum):
    """Σ x[i, c, r, s] over i, r and s of a float32 array, (examples, channels, rows, columns) → (channels,) float32.

    The sums are accumulated in float64. Every channel adds its elements in their order, as Aesara's ``Sum(axis=(0, 2,
    3), acc_dtype="float64")`` does, so both give the same bits. An addition waits for the last one of its channel. This
    Op therefore adds several channels at a time, and divides them among threads.

    Examples
    --------
    >>> import numpy as np
    >>> from aesara import function, tensor
    >>> x = tensor.ftensor4()
    >>> function([x], ChannelSum()(x), mode="FAST_COMPILE")(np.ones((5, 3, 2, 2), "float32")).tolist()
    [20.0, 20.0, 20.0]
    """

    axes = (0, 2, 3)
    loop = """
        const npy_intp area = PyArray_DIM(array, 2) * PyArray_DIM(array, 3);
        #pragma omp parallel for schedule(static) if (rows * columns * area > 16384)
        for (npy_intp first = 0; first < columns; first += TOGETHER) {
            const npy_intp left = columns - first;
            const float* const start = values + first * area;
            if (left >= TOGETHER) sum_channels(start, rows, columns * area, area, TOGETHER, sums + first);
            else sum_channels(start, rows, columns * area, area, left, sums + first);
        }
    """

    def c_support_code(self, **kwargs):
        return """
        enum { TOGETHER = 8 };  // channels

        // Sums of `count` neighbouring channels, which begin at `x`; an example has `stride` elements.
        static inline void sum_channels(const float* x, npy_intp examples, npy_intp stride, npy_intp area, int count,
                                        float* sums) {
            double totals[TOGETHER] = {0};
            for (npy_intp i = 0; i < examples; i++, x += stride)
                for (npy_intp j = 0; j < area; j++)
                    for (int k = 0; k < count; k++) totals[k] += (double)x[k * area + j];
            for (int k = 0; k < count; k++) sums[k] = (float)totals[k];
        }
        """


register(ChannelSum(), REWRITE)
