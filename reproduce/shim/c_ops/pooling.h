// Max-pooling of pictures in windows of ROWS x COLUMNS side by side. Included by pooling.py's Op.

namespace pooling {

enum { PARALLEL = 16384 };  // elements from which threads pay

// Lengths before and after pooling; a window that the border cuts counts if `partial`.
struct Sizes {
    npy_intp pictures, rows, columns, rows_out, columns_out;
    int rank;
    npy_intp shape[NPY_MAXDIMS];  // of what is pooled to

    Sizes(PyArrayObject* x, npy_intp window_rows, npy_intp window_columns, bool partial) {
        rank = PyArray_NDIM(x);
        rows = PyArray_DIM(x, rank - 2);
        columns = PyArray_DIM(x, rank - 1);
        rows_out = (rows + (partial ? window_rows - 1 : 0)) / window_rows;
        columns_out = (columns + (partial ? window_columns - 1 : 0)) / window_columns;
        pictures = rows * columns ? PyArray_SIZE(x) / (rows * columns) : 0;
        std::copy(PyArray_DIMS(x), PyArray_DIMS(x) + rank, shape);
        shape[rank - 2] = rows_out;
        shape[rank - 1] = columns_out;
    }
};

inline float larger(float candidate, float most) { return candidate > most ? candidate : most; }

// Maxima of one row of windows, in the order of Aesara's code: row after row, starting with the first element.
template <int ROWS, int COLUMNS>
void pool_row(const float* x, float* __restrict__ z, npy_intp rows, npy_intp columns, npy_intp columns_out) {
    const npy_intp whole = columns / COLUMNS;
    for (npy_intp j = 0; j < columns_out; j++) z[j] = x[j * COLUMNS];
    for (npy_intp r = 0; r < rows; r++, x += columns) {
        for (npy_intp j = 0; j < whole; j++)
            for (int c = 0; c < COLUMNS; c++) z[j] = larger(x[j * COLUMNS + c], z[j]);
        for (npy_intp i = whole * COLUMNS; whole < columns_out && i < columns; i++) z[whole] = larger(x[i], z[whole]);
    }
}

template <int ROWS, int COLUMNS>
bool pool(PyArrayObject* input, bool partial, PyArrayObject** output) {
    const Sizes n(input, ROWS, COLUMNS, partial);
    const arrays::Contiguous x(input);
    float* const z = x.fails() ? NULL : arrays::open(output, n.rank, n.shape);
    if (!z) return false;
    #pragma omp parallel for schedule(static) if (n.pictures * n.rows * n.columns > PARALLEL)
    for (npy_intp k = 0; k < n.pictures; k++)
        for (npy_intp i = 0; i < n.rows_out; i++)
            pool_row<ROWS, COLUMNS>(x.values() + (k * n.rows + i * ROWS) * n.columns,
                                    z + (k * n.rows_out + i) * n.columns_out,
                                    std::min<npy_intp>(ROWS, n.rows - i * ROWS), n.columns, n.columns_out);
    return true;
}

// One row of the input's gradient: that of the maximum for each element equal to it, added to zero as Aesara's code
// does, which turns -0 into 0.
template <int COLUMNS>
void spread_row(const float* x, const float* maxima, const float* gradient, float* __restrict__ z, npy_intp columns,
                npy_intp columns_out) {
    const npy_intp whole = std::min(columns / COLUMNS, columns_out);
    for (npy_intp j = 0; j < whole; j++)
        for (int c = 0; c < COLUMNS; c++)
            z[j * COLUMNS + c] = x[j * COLUMNS + c] == maxima[j] ? 0.0f + gradient[j] : 0.0f;
    for (npy_intp i = whole * COLUMNS; i < columns; i++)
        z[i] = whole < columns_out && x[i] == maxima[whole] ? 0.0f + gradient[whole] : 0.0f;
}

template <int ROWS, int COLUMNS>
bool pool_gradient(PyArrayObject* input, PyArrayObject* pooled, PyArrayObject* given, bool partial,
                   PyArrayObject** output) {
    const Sizes n(input, ROWS, COLUMNS, partial);
    if (!arrays::has_shape(pooled, n.rank, n.shape) || !arrays::has_shape(given, n.rank, n.shape)) {
        PyErr_SetString(PyExc_ValueError, "max-pooling: the shapes of maxima and gradient do not fit the input's");
        return false;
    }
    const arrays::Contiguous x(input), maxima(pooled), gradient(given);
    float* const z = x.fails() || maxima.fails() || gradient.fails() ? NULL
                                                                     : arrays::open(output, n.rank, PyArray_DIMS(input));
    if (!z) return false;
    #pragma omp parallel for schedule(static) if (n.pictures * n.rows * n.columns > PARALLEL)
    for (npy_intp k = 0; k < n.pictures; k++)
        for (npy_intp r = 0; r < n.rows; r++) {
            const npy_intp here = (k * n.rows + r) * n.columns, i = r / ROWS;
            const npy_intp window = (k * n.rows_out + i) * n.columns_out;
            if (i < n.rows_out)
                spread_row<COLUMNS>(x.values() + here, maxima.values() + window, gradient.values() + window, z + here,
                                    n.columns, n.columns_out);
            else
                std::fill(z + here, z + here + n.columns, 0.0f);  // beyond the last whole window
        }
    return true;
}

}  // namespace pooling
