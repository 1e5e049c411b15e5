// Sigmoid and tanh for loops that a compiler turns into vector code: no branches, no calls, no tables.
//
// Their errors are at most 4 units in the last place. Products and sums must not be contracted, so that every
// processor gets the same bits.

#include <cstring>

namespace gates {

inline float as_float(unsigned bits) { float x; std::memcpy(&x, &bits, sizeof x); return x; }
inline unsigned as_bits(float x) { unsigned bits; std::memcpy(&bits, &x, sizeof bits); return bits; }

// exp(x) for x from -87 to 88. NaN stays NaN.
inline float exponential(float x) {
    const float rounds = 12582912.0f;  // 1.5 * 2^23: a sum with it is rounded to a whole number, in its lowest bits
    const float shifted = x * 1.44269504f + rounds, n = shifted - rounds;  // x = n log 2 + r
    const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;  // log 2 in two parts; the first product is exact
    float p = 0.00138145988f;
    p = p * r + 0.00836871658f;
    p = p * r + 0.0416683890f;
    p = p * r + 0.166665211f;
    p = p * r + 0.499999940f;
    p = p * (r * r) + r + 1.0f;
    return p * as_float((as_bits(shifted) + 127u) << 23);  // times 2^n
}

inline float sigmoid(float x) {
    const float least = -87.0f;  // below it the result is 0
    const float y = 1.0f / (1.0f + exponential(x < least ? -least : x > -least ? least : -x));
    return x < least ? 0.0f : y;
}

inline float tanh(float x) {
    const float most = 9.1f;  // from there on the result is 1
    const float size = x < 0.0f ? -x : x, z = x * x;
    float p = -0.00570498733f;
    p = p * z + 0.0206390880f;
    p = p * z - 0.0537397154f;
    p = p * z + 0.133314416f;
    p = p * z - 0.333332807f;
    const float small = x + x * z * p;
    const float large = 1.0f - 2.0f / (exponential(2.0f * (size > most ? most : size)) + 1.0f);
    return size < 0.625f ? small : x < 0.0f ? -large : large;
}

}  // namespace gates
