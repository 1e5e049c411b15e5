// Loops over arrays of one rank whose axes of length 1 are broadcast. Included by elementwise.py's Op.

#include <algorithm>

#include <omp.h>

namespace elementwise {

enum { PARALLEL = 32768 };  // elements from which threads pay
enum { BLOCK = 8192 };      // elements of the innermost axis that one thread takes at a time

inline void refuse(int axis, npy_intp length, int number, npy_intp other) {
    PyErr_Format(PyExc_ValueError, "Input dimension mismatch. One other input has shape[%d] = %lld, but "
                 "input[%d].shape[%d] = %lld.", axis, (long long)length, number, axis, (long long)other);
}

// The shape of the result of `count` arrays of RANK axes. False where they do not fit; a Python error is set.
template <int RANK>
bool broadcast(PyArrayObject* const* given, int count, npy_intp* shape) {
    for (int axis = 0; axis < RANK; axis++) {
        shape[axis] = 1;
        for (int k = 0; k < count; k++) {
            const npy_intp length = PyArray_DIM(given[k], axis);
            if (length == 1 || length == shape[axis]) continue;
            if (shape[axis] != 1) {
                refuse(axis, shape[axis], k, length);
                return false;
            }
            shape[axis] = length;
        }
    }
    return true;
}

// Make `*output` an array of that shape, in Fortran's order if all the given arrays that are not broadcast are.
template <int RANK>
bool open(PyArrayObject** output, int type, const npy_intp* shape, PyArrayObject* const* given, int count) {
    bool fortran = true;
    for (int k = 0; k < count; k++)
        fortran = fortran && (PyArray_SIZE(given[k]) == 1 || PyArray_ISFORTRAN(given[k]));
    if (*output && std::equal(shape, shape + RANK, PyArray_DIMS(*output)) &&
        (fortran ? PyArray_IS_F_CONTIGUOUS(*output) : PyArray_IS_C_CONTIGUOUS(*output)))
        return true;
    Py_XDECREF(*output);
    *output = (PyArrayObject*)PyArray_EMPTY(RANK, const_cast<npy_intp*>(shape), type, fortran);
    return *output;
}

// Make `*output` the array `input`, to be overwritten, if that has the result's shape.
template <int RANK>
bool overwrite(PyArrayObject** output, PyArrayObject* input, const npy_intp* shape) {
    if (!std::equal(shape, shape + RANK, PyArray_DIMS(input))) return false;
    Py_INCREF(input);
    Py_XDECREF(*output);
    *output = input;
    return true;
}

// The loops over ARRAYS arrays, inputs and results, with as few axes as their strides allow.
template <int RANK, int ARRAYS>
class Loops {
  public:
    Loops(PyArrayObject* const* arrays, const npy_intp* shape) : axes_(0), size_(1) {
        bool fortran = !PyArray_IS_C_CONTIGUOUS(arrays[ARRAYS - 1]) && PyArray_IS_F_CONTIGUOUS(arrays[ARRAYS - 1]);
        for (int i = 0; i < RANK; i++) {
            const int axis = fortran ? RANK - 1 - i : i;
            size_ *= shape[axis];
            if (shape[axis] == 1) continue;
            npy_intp strides[ARRAYS];
            for (int k = 0; k < ARRAYS; k++)
                strides[k] = PyArray_DIM(arrays[k], axis) == 1 ? 0 : PyArray_STRIDE(arrays[k], axis);
            bool joins = axes_ > 0;
            for (int k = 0; joins && k < ARRAYS; k++) joins = strides_[axes_ - 1][k] == strides[k] * shape[axis];
            if (!joins) axes_++;
            lengths_[axes_ - 1] = (joins ? lengths_[axes_ - 1] : 1) * shape[axis];
            std::copy(strides, strides + ARRAYS, strides_[axes_ - 1]);
        }
        if (!axes_) {
            lengths_[axes_++] = 1;
            std::fill(strides_[0], strides_[0] + ARRAYS, 0);
        }
        for (int k = 0; k < ARRAYS; k++) starts_[k] = PyArray_BYTES(arrays[k]);
    }

    // Bytes from one element of array `k` to the next in the innermost loop.
    npy_intp inner(int k) const { return strides_[axes_ - 1][k]; }

    // Call row(starts of the arrays, elements) for all pieces of the innermost axis.
    template <class Row>
    void operator()(const Row& row) const {
        if (!size_) return;
        const npy_intp length = lengths_[axes_ - 1], blocks = (length + BLOCK - 1) / BLOCK;
        const npy_intp pieces = size_ / length * blocks;
        if (size_ < PARALLEL) return some(row, 0, pieces, blocks);
        #pragma omp parallel
        {
            const npy_intp threads = omp_get_num_threads(), thread = omp_get_thread_num();
            some(row, pieces * thread / threads, pieces * (thread + 1) / threads, blocks);
        }
    }

  private:
    template <class Row>
    void some(const Row& row, npy_intp first, npy_intp end, npy_intp blocks) const {
        const npy_intp length = lengths_[axes_ - 1];
        for (npy_intp piece = first; piece < end; piece++) {
            npy_intp rest = piece / blocks;
            const npy_intp begin = piece % blocks * BLOCK;
            char* starts[ARRAYS];
            for (int k = 0; k < ARRAYS; k++) starts[k] = starts_[k] + begin * inner(k);
            for (int axis = axes_ - 2; axis >= 0; axis--) {
                const npy_intp index = rest % lengths_[axis];
                rest /= lengths_[axis];
                for (int k = 0; k < ARRAYS; k++) starts[k] += index * strides_[axis][k];
            }
            row(starts, std::min<npy_intp>(BLOCK, length - begin));
        }
    }

    int axes_;
    npy_intp size_, lengths_[RANK], strides_[RANK][ARRAYS];
    char* starts_[ARRAYS];
};

}  // namespace elementwise
