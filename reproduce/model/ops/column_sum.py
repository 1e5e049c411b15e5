"""Column sums in float64, one row at a time. Batch norm and biases need them for each minibatch."""

from reproduce.model.ops.float64_sum import Float64Sum, register

REWRITE = "sum_columns_by_rows"
"""Tag of the rewrite that replaces Aesara's own sums by `ColumnSum`; the c backend includes it."""


class ColumnSum(Float64Sum):
    """Σᵢ xᵢⱼ of a float32 matrix x, (rows, columns) → (columns,) float32, accumulated in float64.

    Every column adds its rows in their order, as Aesara's ``Sum(axis=0, acc_dtype="float64")`` does, so both give the
    same bits. This Op reads the memory in its own order and adds neighbouring columns together.

    Examples
    --------
    >>> from aesara import function, tensor
    >>> x = tensor.fmatrix()
    >>> function([x], ColumnSum()(x), mode="FAST_COMPILE")([[1, 2, 3], [4, 5, 6]]).tolist()
    [5.0, 7.0, 9.0]
    """

    axes = (0,)
    loop = """
        const npy_intp width = 256;  // columns whose sums stay in the fastest cache
        for (npy_intp first = 0; first < columns; first += width) {
            const npy_intp count = columns - first < width ? columns - first : width;
            double total[width];
            for (npy_intp j = 0; j < count; j++) total[j] = 0.0;
            for (npy_intp i = 0; i < rows; i++) {
                const float* row = values + i * columns + first;
                #pragma omp simd
                for (npy_intp j = 0; j < count; j++) total[j] += (double)row[j];
            }
            for (npy_intp j = 0; j < count; j++) sums[first + j] = (float)total[j];
        }
    """


register(ColumnSum(), REWRITE)
