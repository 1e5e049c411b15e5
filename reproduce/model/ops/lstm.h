// The recurrence of an LSTM over whole sequences of characters, and its gradient. After arrays.h, lstm_gates.h, and
// product_onednn.h or product_blas.h.
//
// Arrays lie as in NumPy: the last axis is the next in memory. Each function returns whether all went well; a Python
// error is set where it did not.

#include <algorithm>
#include <exception>
#include <new>
#include <vector>

namespace lstm {

enum { PARALLEL = 4096 };  // elements from which threads pay
enum { BLOCK = 1 << 21 };  // floats

// Runs `body`, and turns C++'s exceptions into Python's.
template <class Body>
bool guarded(const Body& body) {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
    } catch (const std::exception& error) {
        PyErr_Format(PyExc_RuntimeError, "LSTM: %s", error.what());
    }
    return false;
}

inline bool refuse(const char* op) {
    PyErr_Format(PyExc_ValueError, "%s: shapes do not fit each other", op);
    return false;
}

// The row of each character (steps x batch) in tables of `vocabulary` rows; negative ones count from the end.
inline bool find_rows(PyArrayObject* characters, npy_intp vocabulary, std::vector<npy_intp>& rows) {
    const npy_intp steps = PyArray_DIM(characters, 0), batch = PyArray_DIM(characters, 1);
    rows.reserve(steps * batch);
    for (npy_intp t = 0; t < steps; t++)
        for (npy_intp r = 0; r < batch; r++) {
            const npy_int64 index = *(npy_int64*)PyArray_GETPTR2(characters, t, r);
            if (index < -vocabulary || index >= vocabulary) {
                PyErr_Format(PyExc_IndexError, "index %lld is out of bounds for axis 0 with size %lld",
                             (long long)index, (long long)vocabulary);
                return false;
            }
            rows.push_back(index < 0 ? index + vocabulary : index);
        }
    return true;
}

// For each of `count` rows of `gradients` add it to its row of `table`, and all of them to `totals`. Each thread has
// columns of its own, so every sum has one order whatever their number.
inline void scatter(const float* gradients, const npy_intp* rows, npy_intp count, npy_intp columns, float* table,
                    double* totals) {
    enum { WIDTH = 256 };
    #pragma omp parallel for schedule(static) if (count * columns > PARALLEL)
    for (npy_intp first = 0; first < columns; first += WIDTH) {
        const npy_intp last = std::min<npy_intp>(first + WIDTH, columns);
        for (npy_intp r = 0; r < count; r++) {
            const float* const gradient = gradients + r * columns;
            float* const row = table + rows[r] * columns;
            #pragma omp simd
            for (npy_intp j = first; j < last; j++) {
                row[j] += gradient[j];
                totals[j] += gradient[j];
            }
        }
    }
}

typedef void (*Gates)(const float*, const float*, float*, float*, float*, npy_intp);

template <class Functions, bool KEEP>
Gates gates_of(npy_int64 binarize) {
    return binarize == CELL_OUTPUT    ? gates_row<Functions, CELL_OUTPUT, KEEP>
           : binarize == HIDDEN_STATE ? gates_row<Functions, HIDDEN_STATE, KEEP>
                                      : gates_row<Functions, NOWHERE, KEEP>;
}

// Hidden states, cells (steps x batch x n) and what is kept (steps x batch x 5n) of whole sequences from zero states,
// of `characters` (steps x batch), with weights (vocabulary x 4n), a bias (4n) and weights (n x 4n). Without KEEP only
// the hidden states are returned. `binarize` is a Binarize; `exact` takes the C library's functions.
template <bool KEEP>
bool forward(npy_int64 binarize, npy_int64 exact, PyArrayObject* input_weights, PyArrayObject* input_bias,
             PyArrayObject* characters, PyArrayObject* hidden_weights, PyArrayObject** hidden_output,
             PyArrayObject** cells_output, PyArrayObject** kept_output) {
    const npy_intp steps = PyArray_DIM(characters, 0), batch = PyArray_DIM(characters, 1);
    const npy_intp vocabulary = PyArray_DIM(input_weights, 0), n = PyArray_DIM(hidden_weights, 0), size = batch * n;
    const npy_intp state[3] = {steps, batch, n}, more[3] = {steps, batch, 5 * n}, wide[2] = {vocabulary, 4 * n};
    const npy_intp square[2] = {n, 4 * n};
    if (!arrays::has_shape(input_weights, 2, wide) || !arrays::has_shape(input_bias, 1, wide + 1) ||
        !arrays::has_shape(hidden_weights, 2, square))
        return refuse("LSTM");
    std::vector<npy_intp> rows;
    if (!find_rows(characters, vocabulary, rows)) return false;
    const arrays::Contiguous inputs(input_weights), bias(input_bias), weights(hidden_weights);
    if (inputs.fails() || bias.fails() || weights.fails()) return false;
    float* const hidden = arrays::open(hidden_output, 3, state);
    float* const all_cells = KEEP ? arrays::open(cells_output, 3, state) : NULL;
    float* const all_kept = KEEP ? arrays::open(kept_output, 3, more) : NULL;
    if (!hidden || (KEEP && !(all_cells && all_kept))) return false;
    if (!steps || !size) return true;
    std::vector<float> table(inputs.values(), inputs.values() + 4 * vocabulary * n);
    for (npy_intp k = 0; k < vocabulary; k++)
        for (npy_intp j = 0; j < 4 * n; j++) table[4 * k * n + j] += bias.values()[j];
    const Gates gates = exact ? gates_of<Exact, KEEP>(binarize) : gates_of<Vectorised, KEEP>(binarize);
    Product product(batch, n, 4 * n, weights.values(), false);
    std::vector<float> pre(4 * size), zeros(size), own_cells(KEEP ? 0 : size);
    for (npy_intp t = 0; t < steps; t++) {
        if (t) product(hidden + (t - 1) * size, &pre[0]);
        float* const cells = KEEP ? all_cells + t * size : &own_cells[0];
        const float* const before = t == 0 ? &zeros[0] : KEEP ? cells - size : cells;
        #pragma omp parallel for schedule(static) if (size > PARALLEL)
        for (npy_intp r = 0; r < batch; r++) {
            float* const row = &pre[4 * r * n];
            const float* const projected = &table[4 * rows[t * batch + r] * n];
            #pragma omp simd
            for (npy_intp j = 0; j < 4 * n; j++) row[j] += projected[j];
            const npy_intp place = t * size + r * n;
            gates(row, before + r * n, cells + r * n, hidden + place, KEEP ? all_kept + 5 * place : NULL, n);
        }
    }
    return true;
}

// The gradients of `forward` with respect to its weights and bias, given that with respect to the hidden states.
inline bool backward(npy_int64 binarize, float clip, PyArrayObject* input_weights, PyArrayObject* characters,
                     PyArrayObject* hidden_weights, PyArrayObject* hidden_states, PyArrayObject* all_cells,
                     PyArrayObject* all_kept, PyArrayObject* grad_output, PyArrayObject** grad_inputs_output,
                     PyArrayObject** grad_bias_output, PyArrayObject** grad_weights_output) {
    const npy_intp* const state = PyArray_DIMS(hidden_states);
    const npy_intp steps = state[0], batch = state[1], n = state[2], size = batch * n;
    const npy_intp vocabulary = PyArray_DIM(input_weights, 0);
    const npy_intp more[3] = {steps, batch, 5 * n}, wide[2] = {vocabulary, 4 * n}, square[2] = {n, 4 * n};
    if (!arrays::has_shape(input_weights, 2, wide) || !arrays::has_shape(characters, 2, state) ||
        !arrays::has_shape(hidden_weights, 2, square) || !arrays::has_shape(all_cells, 3, state) ||
        !arrays::has_shape(all_kept, 3, more) || !arrays::has_shape(grad_output, 3, state))
        return refuse("LSTM's gradient");
    std::vector<npy_intp> rows;
    if (!find_rows(characters, vocabulary, rows)) return false;
    const arrays::Contiguous weights(hidden_weights), hidden(hidden_states), cells(all_cells), kept(all_kept),
        grad_hidden(grad_output);
    if (weights.fails() || hidden.fails() || cells.fails() || kept.fails() || grad_hidden.fails()) return false;
    float* const grad_inputs = arrays::open(grad_inputs_output, 2, wide);
    float* const grad_bias = arrays::open(grad_bias_output, 1, wide + 1);
    float* const grad_weights = arrays::open(grad_weights_output, 2, square);
    if (!grad_inputs || !grad_bias || !grad_weights) return false;
    std::fill_n(grad_inputs, 4 * vocabulary * n, 0.0f);
    std::fill_n(grad_bias, 4 * n, 0.0f);
    std::fill_n(grad_weights, 4 * n * n, 0.0f);
    if (!steps || !size) return true;
    // Pre-activations' gradients are used up in blocks of steps that fit into a cache.
    const npy_intp block = std::min(steps, std::max<npy_intp>(1, BLOCK / (4 * size)));
    const auto gradient = binarize == CELL_OUTPUT    ? gradient_row<CELL_OUTPUT>
                          : binarize == HIDDEN_STATE ? gradient_row<HIDDEN_STATE>
                                                     : gradient_row<NOWHERE>;
    Product product(batch, 4 * n, n, weights.values(), true);
    std::vector<float> grad_pre(4 * block * size), grad_cells(size), zeros(size);
    std::vector<float> grad_state(size);  // what comes from the next step
    std::vector<double> totals(4 * n);
    for (npy_intp last = steps, first; last > 0; last = first) {
        first = std::max<npy_intp>(0, last - block);
        for (npy_intp t = last - 1; t >= first; t--) {
            float* const here = &grad_pre[4 * (t - first) * size];
            #pragma omp parallel for schedule(static) if (size > PARALLEL)
            for (npy_intp r = 0; r < batch; r++) {
                const npy_intp place = t * size + r * n;
                float *const h = &grad_state[r * n], *const d = &grad_cells[r * n];
                for (npy_intp j = 0; j < n; j++) h[j] = grad_hidden.values()[place + j] + h[j];
                const float* const before = t ? cells.values() + place - size : &zeros[0];
                gradient(kept.values() + 5 * place, before, cells.values() + place, d, h, clip, here + 4 * r * n, d, n);
            }
            if (t) product(here, &grad_state[0]);
        }
        scatter(&grad_pre[0], &rows[first * batch], (last - first) * batch, 4 * n, grad_inputs, &totals[0]);
        const npy_intp start = std::max<npy_intp>(1, first);  // the states before the first step are zero
        if (start < last)
            add_product(n, 4 * n, (last - start) * batch, hidden.values() + (start - 1) * size,
                        &grad_pre[4 * (start - first) * size], grad_weights);
    }
    std::copy(totals.begin(), totals.end(), grad_bias);
    return true;
}

}  // namespace lstm
