// Products of float32 matrices by the linked BLAS. Arrays lie as in NumPy: the last axis is the next in memory.

namespace lstm {

// z (rows x columns) = a b + `weight` z, where a (rows x inner) or b (inner x columns) may be given transposed.
inline void multiply(bool a_transposed, bool b_transposed, npy_intp rows, npy_intp columns, npy_intp inner,
                     const float* a, const float* b, float weight, float* z) {
    char first = b_transposed ? 'T' : 'N', second = a_transposed ? 'T' : 'N';  // BLAS takes columns for rows
    const int m = columns, n = rows, k = inner, lda = b_transposed ? inner : columns, ldb = a_transposed ? rows : inner;
    const float one = 1.0f;
    sgemm_(&first, &second, &m, &n, &k, &one, b, &lda, a, &ldb, &weight, z, &m);
}

// z (rows x columns) = x (rows x inner) times weights (inner x columns), which may be given transposed, for many x.
class Product {
  public:
    Product(npy_intp rows, npy_intp inner, npy_intp columns, const float* weights, bool transposed)
        : rows_(rows), inner_(inner), columns_(columns), weights_(weights), transposed_(transposed) {}

    void operator()(const float* x, float* z) {
        multiply(false, transposed_, rows_, columns_, inner_, x, weights_, 0.0f, z);
    }

  private:
    const npy_intp rows_, inner_, columns_;
    const float* const weights_;
    const bool transposed_;
};

// z (rows x columns) += the transposed x (inner x rows) times y (inner x columns).
inline void add_product(npy_intp rows, npy_intp columns, npy_intp inner, const float* x, const float* y, float* z) {
    multiply(true, false, rows, columns, inner, x, y, 1.0f, z);
}

}  // namespace lstm
