// The elementwise part of an LSTM's step and its gradient, for one example. After gates.h.
//
// `reproduce.formulas.lstm_gates` and `lstm_gates_gradient` define what is computed here.

#include <cmath>

namespace lstm {

enum Binarize { NOWHERE, CELL_OUTPUT, HIDDEN_STATE };
struct Exact {  // the C library's functions
    static float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }
    static float tanh(float x) { return tanhf(x); }
};

struct Vectorised {
    static float sigmoid(float x) { return gates::sigmoid(x); }
    static float tanh(float x) { return gates::tanh(x); }
};

inline float sign(float x) { return x + 1.0f >= 1.0f ? 1.0f : -1.0f; }

inline float straight_through(float x, float gradient) { return x >= -1.0f && x <= 1.0f ? gradient : 0.0f; }

// One example's step from pre-activations (4n) and cells (n) to cells and hidden states (n), and what is kept for the
// gradient (5n).
template <class Functions, Binarize BINARIZE, bool KEEP>
void gates_row(const float* pre, const float* before, float* __restrict__ after, float* __restrict__ hidden,
               float* __restrict__ kept, npy_intp n) {
    #pragma omp simd
    for (npy_intp j = 0; j < n; j++) {
        const float i = Functions::sigmoid(pre[j]), f = Functions::sigmoid(pre[n + j]);
        const float c = Functions::tanh(pre[2 * n + j]), o = Functions::sigmoid(pre[3 * n + j]);
        const float cell = f * before[j] + i * c;
        const float s = BINARIZE == CELL_OUTPUT ? sign(cell) : Functions::tanh(cell);
        after[j] = cell;
        hidden[j] = BINARIZE == HIDDEN_STATE ? sign(o * s) : o * s;
        if (KEEP) {
            kept[j] = i;
            kept[n + j] = f;
            kept[2 * n + j] = c;
            kept[3 * n + j] = o;
            kept[4 * n + j] = s;
        }
    }
}

// The gradients of that step: with respect to the pre-activations, clipped to +-clip unless that is 0, and to the cells
// before. `grad_before` may be `grad_after`.
template <Binarize BINARIZE>
void gradient_row(const float* kept, const float* before, const float* after, const float* grad_after,
                  const float* grad_hidden, float clip, float* __restrict__ grad_pre, float* grad_before, npy_intp n) {
    const float bound = clip ? clip : INFINITY;
    #pragma omp simd
    for (npy_intp j = 0; j < n; j++) {
        const float i = kept[j], f = kept[n + j], c = kept[2 * n + j], o = kept[3 * n + j], s = kept[4 * n + j];
        const float h = BINARIZE == HIDDEN_STATE ? straight_through(o * s, grad_hidden[j]) : grad_hidden[j];
        const float grad_s = h * o;
        const float d = grad_after[j] + (BINARIZE == CELL_OUTPUT ? straight_through(after[j], grad_s)
                                                                 : grad_s * (1.0f - s * s));
        const float gradients[4] = {d * c * i * (1.0f - i), d * before[j] * f * (1.0f - f), d * i * (1.0f - c * c),
                                    h * s * o * (1.0f - o)};
        for (int gate = 0; gate < 4; gate++) {
            const float g = gradients[gate];
            grad_pre[gate * n + j] = g < -bound ? -bound : g > bound ? bound : g;
        }
        grad_before[j] = d * f;
    }
}

}  // namespace lstm
