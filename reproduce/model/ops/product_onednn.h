// Products of float32 matrices by oneDNN, in strict float32: product_blas.h's functions. After onednn.h.

namespace lstm {

typedef dnnl::memory Memory;

inline Memory::desc matrix(npy_intp rows, npy_intp columns, bool transposed) {
    const Memory::dims strides = transposed ? Memory::dims{1, rows} : Memory::dims{columns, 1};
    return Memory::desc({rows, columns}, Memory::data_type::f32, strides);
}

inline dnnl::primitive_attr strict() {
    dnnl::primitive_attr attributes;
    attributes.set_fpmath_mode(dnnl::fpmath_mode::strict);
    return attributes;
}

inline void multiply(const dnnl::matmul& product, const Memory& a, const Memory& b, const Memory& z) {
    product.execute(onednn::stream(), {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, z}});
    onednn::stream().wait();
}

// The weights are brought into oneDNN's own format once.
class Product {
  public:
    Product(npy_intp rows, npy_intp inner, npy_intp columns, const float* weights, bool transposed)
        : x_(matrix(rows, inner, false), onednn::engine(), NULL),
          z_(matrix(rows, columns, false), onednn::engine(), NULL) {
        const Memory::desc any({inner, columns}, Memory::data_type::f32, Memory::format_tag::any);
        const dnnl::matmul::primitive_desc chosen(onednn::engine(), x_.get_desc(), any, z_.get_desc(), strict());
        product_ = dnnl::matmul(chosen);
        weights_ = Memory(chosen.weights_desc(), onednn::engine());
        Memory given(matrix(inner, columns, transposed), onednn::engine(), const_cast<float*>(weights));
        dnnl::reorder(given, weights_).execute(onednn::stream(), given, weights_);
    }

    void operator()(const float* x, float* z) {
        x_.set_data_handle(const_cast<float*>(x));
        z_.set_data_handle(z);
        multiply(product_, x_, weights_, z_);
    }

  private:
    Memory x_, z_, weights_;
    dnnl::matmul product_;
};

inline void add_product(npy_intp rows, npy_intp columns, npy_intp inner, const float* x, const float* y, float* z) {
    dnnl::primitive_attr adding = strict();
    dnnl::post_ops sum;
    sum.append_sum();
    adding.set_post_ops(sum);
    const Memory a(matrix(rows, inner, true), onednn::engine(), const_cast<float*>(x));
    const Memory b(matrix(inner, columns, false), onednn::engine(), const_cast<float*>(y));
    const Memory c(matrix(rows, columns, false), onednn::engine(), z);
    multiply(dnnl::matmul({onednn::engine(), a.get_desc(), b.get_desc(), c.get_desc(), adding}), a, b, c);
}

}  // namespace lstm
