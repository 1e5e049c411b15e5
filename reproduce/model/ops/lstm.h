// The recurrence of an LSTM over whole sequences, and its gradient. After arrays.h and lstm_gates.h.
//
// Arrays lie as in NumPy: the last axis is the next in memory.

#include <cstring>
#include <vector>

namespace lstm {

enum { PARALLEL = 4096 };  // elements from which threads pay

// z (rows x columns) = a b + `weight` z with the linked BLAS, where a (rows x inner) or b (inner x columns) may be given
// transposed.
inline void product(bool a_transposed, bool b_transposed, npy_intp rows, npy_intp columns, npy_intp inner,
                    const float* a, const float* b, float weight, float* z) {
    char first = b_transposed ? 'T' : 'N', second = a_transposed ? 'T' : 'N';  // BLAS takes columns for rows
    const int m = columns, n = rows, k = inner, lda = b_transposed ? inner : columns, ldb = a_transposed ? rows : inner;
    const float one = 1.0f;
    sgemm_(&first, &second, &m, &n, &k, &one, b, &lda, a, &ldb, &weight, z, &m);
}

inline bool refuse(const char* op) {
    PyErr_Format(PyExc_ValueError, "%s: shapes do not fit each other", op);
    return false;
}

// Hidden states, cells (steps x batch x n) and what is kept (steps x batch x 5n) of whole sequences from zero states.
// `projected` is (steps x batch x 4n), `hidden_weights` (n x 4n). Without KEEP only the hidden states are returned.
template <class Functions, Binarize BINARIZE, bool KEEP>
bool forward(PyArrayObject* projected, PyArrayObject* hidden_weights, PyArrayObject** hidden_output,
             PyArrayObject** cells_output, PyArrayObject** kept_output) {
    const npy_intp steps = PyArray_DIM(projected, 0), batch = PyArray_DIM(projected, 1), n = PyArray_DIM(hidden_weights, 0);
    if (PyArray_DIM(projected, 2) != 4 * n || PyArray_DIM(hidden_weights, 1) != 4 * n) return refuse("LSTM");
    const arrays::Contiguous inputs(projected), weights(hidden_weights);
    if (inputs.fails() || weights.fails()) return false;
    const npy_intp state[3] = {steps, batch, n}, more[3] = {steps, batch, 5 * n}, size = batch * n;
    float* const hidden = arrays::open(hidden_output, 3, state);
    float* const all_cells = KEEP ? arrays::open(cells_output, 3, state) : NULL;
    float* const all_kept = KEEP ? arrays::open(kept_output, 3, more) : NULL;
    if (!hidden || (KEEP && !(all_cells && all_kept))) return false;
    if (!steps || !size) return true;
    std::vector<float> pre(inputs.values(), inputs.values() + 4 * size), zeros(size), own_cells(KEEP ? 0 : size);
    for (npy_intp t = 0; t < steps; t++) {
        if (t) product(false, false, batch, 4 * n, n, hidden + (t - 1) * size, weights.values(), 1.0f, &pre[0]);
        const float* const next = t + 1 < steps ? inputs.values() + (t + 1) * 4 * size : NULL;
        float* const cells = KEEP ? all_cells + t * size : &own_cells[0];
        const float* const before = t == 0 ? &zeros[0] : KEEP ? cells - size : cells;
        #pragma omp parallel for schedule(static) if (size > PARALLEL)
        for (npy_intp r = 0; r < batch; r++) {
            float* const row = &pre[4 * r * n];
            gates_row<Functions, BINARIZE, KEEP>(row, before + r * n, cells + r * n, hidden + t * size + r * n,
                                                 KEEP ? all_kept + 5 * (t * size + r * n) : NULL, n);
            if (next) std::memcpy(row, next + 4 * r * n, 4 * n * sizeof(float));
        }
    }
    return true;
}

// The gradients of `forward` with respect to its inputs, given that with respect to the hidden states.
template <Binarize BINARIZE>
bool backward(PyArrayObject* hidden_weights, PyArrayObject* hidden_states, PyArrayObject* all_cells,
              PyArrayObject* all_kept, PyArrayObject* grad_output, float clip, PyArrayObject** grad_projected_output,
              PyArrayObject** grad_weights_output) {
    const npy_intp* const state = PyArray_DIMS(hidden_states);
    const npy_intp steps = state[0], batch = state[1], n = state[2], size = batch * n;
    const npy_intp more[3] = {steps, batch, 5 * n}, projected[3] = {steps, batch, 4 * n}, square[2] = {n, 4 * n};
    if (!arrays::has_shape(hidden_weights, 2, square) || !arrays::has_shape(all_cells, 3, state) ||
        !arrays::has_shape(all_kept, 3, more) || !arrays::has_shape(grad_output, 3, state))
        return refuse("LSTM's gradient");
    const arrays::Contiguous weights(hidden_weights), hidden(hidden_states), cells(all_cells), kept(all_kept),
        grad_hidden(grad_output);
    if (weights.fails() || hidden.fails() || cells.fails() || kept.fails() || grad_hidden.fails()) return false;
    float* const grad_projected = arrays::open(grad_projected_output, 3, projected);
    float* const grad_weights = arrays::open(grad_weights_output, 2, square);
    if (!grad_projected || !grad_weights) return false;
    if (steps < 2 || !size) PyArray_FILLWBYTE(*grad_weights_output, 0);
    if (!steps || !size) return true;
    // The state's gradient: what comes from the output at this step, and from the next step.
    std::vector<float> grad_state(size), grad_cells(size), zeros(size);
    for (npy_intp t = steps - 1; t >= 0; t--) {
        float* const grad_pre = grad_projected + 4 * t * size;
        #pragma omp parallel for schedule(static) if (size > PARALLEL)
        for (npy_intp r = 0; r < batch; r++) {
            const npy_intp here = t * size + r * n;
            float *const h = &grad_state[r * n], *const d = &grad_cells[r * n];
            for (npy_intp j = 0; j < n; j++) h[j] = grad_hidden.values()[here + j] + h[j];
            const float* const before = t ? cells.values() + here - size : &zeros[0];
            gradient_row<BINARIZE>(kept.values() + 5 * here, before, cells.values() + here, d, h, clip,
                                   grad_pre + 4 * r * n, d, n);
        }
        if (t) product(false, true, batch, n, 4 * n, grad_pre, weights.values(), 0.0f, &grad_state[0]);
    }
    if (steps > 1)  // the states before the first step are zero
        product(true, false, n, 4 * n, (steps - 1) * batch, hidden.values(), grad_projected + 4 * size, 0.0f,
                grad_weights);
    return true;
}

}  // namespace lstm
