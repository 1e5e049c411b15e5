// Float32 arrays of NumPy's in C++.

#include <algorithm>

namespace arrays {

// A contiguous array of the same values as `x`: `x` itself if it is one.
class Contiguous {
  public:
    explicit Contiguous(PyArrayObject* x) : array_(PyArray_GETCONTIGUOUS(x)) {}
    ~Contiguous() { Py_XDECREF(array_); }
    bool fails() const { return !array_; }  // for want of memory; a Python error is set
    float* values() const { return (float*)PyArray_DATA(array_); }

  private:
    Contiguous(const Contiguous&);
    Contiguous& operator=(const Contiguous&);
    PyArrayObject* array_;
};

inline bool has_shape(PyArrayObject* x, int rank, const npy_intp* shape) {
    return PyArray_NDIM(x) == rank && std::equal(shape, shape + rank, PyArray_DIMS(x));
}

// The values of `*output`, made a contiguous array of this shape unless it is one. NULL where a Python error is set.
inline float* open(PyArrayObject** output, int rank, const npy_intp* shape) {
    if (!*output || !has_shape(*output, rank, shape) || !PyArray_IS_C_CONTIGUOUS(*output)) {
        Py_XDECREF(*output);
        *output = (PyArrayObject*)PyArray_SimpleNew(rank, const_cast<npy_intp*>(shape), NPY_FLOAT32);
    }
    return *output ? (float*)PyArray_DATA(*output) : NULL;
}

}  // namespace arrays
