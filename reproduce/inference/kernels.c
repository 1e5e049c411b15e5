/* Products with weights of one bit: a set bit is +1, a clear one -1. Rows are padded with clear bits to whole words.
   Arrays are contiguous; the loops are plain, so that a compiler makes SIMD code of them. */

#include <stddef.h>
#include <stdint.h>

/* out[r][o] = sum over i < length of x[r][i] * w[o][i], of signs on both sides. */
void sign_products(const uint64_t *x, const uint64_t *w, int32_t *out, size_t rows, size_t outputs, size_t words,
                   int32_t length)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t o = 0; o < outputs; o++) {
            uint64_t differing = 0;
            for (size_t i = 0; i < words; i++)
                differing += (uint64_t)__builtin_popcountll(x[r * words + i] ^ w[o * words + i]);
            out[r * outputs + o] = length - 2 * (int32_t)differing;
        }
}

/* out[r][o] = sum over i of x[r][i] * w[o][i], of real x: additions alone, of x with its sign bit flipped or not.
   x has 32 * words columns. */
void signed_sums(const float *x, const uint32_t *w, float *out, size_t rows, size_t outputs, size_t words)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t o = 0; o < outputs; o++) {
            float sums[32] = {0};
            for (size_t i = 0; i < words; i++) {
                const uint32_t negative = ~w[o * words + i];
                const float *terms = x + (r * words + i) * 32;
                for (int j = 0; j < 32; j++) {
                    union { float value; uint32_t bits; } term = {terms[j]};
                    term.bits ^= (negative << (31 - j)) & 0x80000000u;
                    sums[j] += term.value;
                }
            }
            for (int half = 16; half; half /= 2)
                for (int j = 0; j < half; j++)
                    sums[j] += sums[j + half];
            out[r * outputs + o] = sums[0];
        }
}

/* out[i][j] = +1 or -1, the bits of word i. */
void expand(const uint32_t *w, float *out, size_t words)
{
    for (size_t i = 0; i < words; i++)
        for (int j = 0; j < 32; j++) {
            union { uint32_t bits; float value; } one = {0x3f800000u | ((~w[i] << (31 - j)) & 0x80000000u)};
            out[i * 32 + j] = one.value;
        }
}
