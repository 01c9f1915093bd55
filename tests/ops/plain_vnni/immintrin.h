/* AVX-512 in plain C, for machines without it: what firmware_templates/kernels/ts_channels_vnni.h calls, one element
 * after the other, from Intel's Intrinsics Guide. With this folder in front of the compiler's own, that kernel runs
 * wherever AVX2 does, and AddressSanitizer sees each byte that a masked load reads. */
#ifndef PLAIN_VNNI_IMMINTRIN_H
#define PLAIN_VNNI_IMMINTRIN_H

#include_next <immintrin.h>
#include <stdint.h>

#define __AVX512BW__ 1
#define __AVX512VL__ 1
#define __AVX512VNNI__ 1

typedef union {
    __m512i vector;
    int64_t i64[8];
    uint64_t u64[8];
    int32_t i32[16];
    uint32_t u32[16];
    int8_t i8[64];
    uint8_t u8[64];
} plain512_t;

typedef union {
    __m256i vector;
    int64_t i64[4];
    int32_t i32[8];
    int8_t i8[32];
    uint8_t u8[32];
} plain256_t;

/* A function NAME of two vectors, each element of which is a sum, say, of elements `a` and `b`. */
#define PLAIN_PAIRWISE(name, part, count, expression)                                                                  \
    static inline __m512i name(__m512i first, __m512i second) {                                                        \
        const plain512_t x = {first}, y = {second};                                                                    \
        plain512_t result;                                                                                             \
        for (int i = 0; i < (count); ++i) {                                                                            \
            const uint64_t a = (uint64_t)x.part[i], b = (uint64_t)y.part[i];                                           \
            result.part[i] = expression;                                                                               \
        }                                                                                                              \
        return result.vector;                                                                                          \
    }

PLAIN_PAIRWISE(plain_add32, u32, 16, (uint32_t)(a + b))
PLAIN_PAIRWISE(plain_add64, u64, 8, a + b)
PLAIN_PAIRWISE(plain_and, u64, 8, a &b)
PLAIN_PAIRWISE(plain_xor, u64, 8, a ^ b)
PLAIN_PAIRWISE(plain_mul32, u64, 8, (uint64_t)((int64_t)(int32_t)a *(int32_t)b))
PLAIN_PAIRWISE(plain_srav32, i32, 16, (int32_t)a >> (b > 31 ? 31 : b))

static inline __m512i plain_all64(int64_t value) {
    plain512_t result;
    for (int i = 0; i < 8; ++i) {
        result.i64[i] = value;
    }
    return result.vector;
}

static inline __m512i plain_all32(int32_t value) {
    return plain_all64((int64_t)(((uint64_t)(uint32_t)value << 32) | (uint32_t)value));
}

static inline __m512i plain_slli32(__m512i values, unsigned count) {
    plain512_t result = {values};
    for (int i = 0; i < 16; ++i) {
        result.u32[i] = count > 31 ? 0 : result.u32[i] << count;
    }
    return result.vector;
}

static inline __m512i plain_srli64(__m512i values, unsigned count) {
    plain512_t result = {values};
    for (int i = 0; i < 8; ++i) {
        result.u64[i] = count > 63 ? 0 : result.u64[i] >> count;
    }
    return result.vector;
}

static inline __m512i plain_permutexvar32(__m512i index, __m512i values) {
    const plain512_t from = {values}, which = {index};
    plain512_t result;
    for (int i = 0; i < 16; ++i) {
        result.i32[i] = from.i32[which.i32[i] & 15];
    }
    return result.vector;
}

/* Of each pair of 64-bit elements the lower (0) or the upper one (1). */
static inline __m512i plain_unpack64(__m512i first, __m512i second, int upper) {
    const plain512_t x = {first}, y = {second};
    plain512_t result;
    for (int i = 0; i < 8; i += 2) {
        result.i64[i] = x.i64[i + upper];
        result.i64[i + 1] = y.i64[i + upper];
    }
    return result.vector;
}

/* Two quarters of each operand, two bits of `which` each. */
static inline __m512i plain_shuffle_quarters(__m512i first, __m512i second, int which) {
    const plain512_t x = {first}, y = {second};
    plain512_t result;
    for (int i = 0; i < 8; ++i) {
        result.i64[i] = (i < 4 ? x : y).i64[2 * (which >> (i / 2 * 2) & 3) + i % 2];
    }
    return result.vector;
}

static inline __m512i plain_mask_mov32(__m512i kept, __mmask16 mask, __m512i taken) {
    const plain512_t from = {taken};
    plain512_t result = {kept};
    for (int i = 0; i < 16; ++i) {
        result.i32[i] = mask >> i & 1 ? from.i32[i] : result.i32[i];
    }
    return result.vector;
}

static inline __m512i plain_maskz_loadu64(__mmask8 mask, const void *memory) {
    plain512_t result = {{0}};
    for (int i = 0; i < 64; ++i) {
        if (mask >> (i / 8) & 1) {
            result.i8[i] = ((const int8_t *)memory)[i];
        }
    }
    return result.vector;
}

static inline __m256i plain_maskz_loadu8(__mmask32 mask, const void *memory) {
    plain256_t result = {{0}};
    for (int i = 0; i < 32; ++i) {
        if (mask >> i & 1) {
            result.i8[i] = ((const int8_t *)memory)[i];
        }
    }
    return result.vector;
}

static inline __m512i plain_halves(__m256i lower, __m256i upper) {
    const plain256_t x = {lower}, y = {upper};
    plain512_t result;
    for (int i = 0; i < 8; ++i) {
        result.i64[i] = (i < 4 ? x : y).i64[i % 4];
    }
    return result.vector;
}

static inline __m512i plain_inserti64x4(__m512i whole, __m256i part, int upper) {
    const plain256_t from = {part};
    plain512_t result = {whole};
    for (int i = 0; i < 4; ++i) {
        result.i64[4 * (upper & 1) + i] = from.i64[i];
    }
    return result.vector;
}

static inline __m128i plain_cvtsepi32_epi8(__m512i values) {
    const plain512_t from = {values};
    int8_t bytes[16];
    for (int i = 0; i < 16; ++i) {
        bytes[i] = (int8_t)(from.i32[i] > 127 ? 127 : from.i32[i] < -128 ? -128 : from.i32[i]);
    }
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

/* Unsigned bytes of the second operand times signed ones of the third. */
static inline __m512i plain_dpbusd512(__m512i sums, __m512i larger, __m512i bytes) {
    const plain512_t x = {larger}, y = {bytes};
    plain512_t result = {sums};
    for (int i = 0; i < 64; ++i) {
        result.u32[i / 4] += (uint32_t)(x.u8[i] * y.i8[i]);
    }
    return result.vector;
}

static inline __m256i plain_dpbusd256(__m256i sums, __m256i larger, __m256i bytes) {
    const __m512i whole =
        plain_dpbusd512(plain_halves(sums, sums), plain_halves(larger, larger), plain_halves(bytes, bytes));
    const plain512_t result = {whole};
    return _mm256_loadu_si256((const __m256i *)(const void *)result.i8);
}

/* Two products of 16-bit numbers in each sum. */
static inline __m256i plain_dpwssd256(__m256i sums, __m256i first, __m256i second) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(first, second));
}

static inline __m512i plain_setr32(const int32_t *values) {
    return plain_maskz_loadu64(0xFF, values);
}

#define _mm512_add_epi32 plain_add32
#define _mm512_add_epi64 plain_add64
#define _mm512_and_si512 plain_and
#define _mm512_xor_si512 plain_xor
#define _mm512_mul_epi32 plain_mul32
#define _mm512_srav_epi32 plain_srav32
#define _mm512_srai_epi32(values, count) plain_srav32(values, plain_all32(count))
#define _mm512_slli_epi32 plain_slli32
#define _mm512_srli_epi64 plain_srli64
#define _mm512_set1_epi8(value) plain_all32((int32_t)(0x01010101u * (uint8_t)(value)))
#define _mm512_set1_epi32 plain_all32
#define _mm512_set1_epi64 plain_all64
#define _mm512_setzero_si512() plain_all64(0)
#define _mm512_setr_epi32(...) plain_setr32((const int32_t[16]){__VA_ARGS__})
#define _mm512_permutexvar_epi32 plain_permutexvar32
#define _mm512_unpacklo_epi64(first, second) plain_unpack64(first, second, 0)
#define _mm512_unpackhi_epi64(first, second) plain_unpack64(first, second, 1)
#define _mm512_shuffle_i64x2 plain_shuffle_quarters
#define _mm512_mask_mov_epi32 plain_mask_mov32
#define _mm512_maskz_loadu_epi64 plain_maskz_loadu64
#define _mm256_maskz_loadu_epi8 plain_maskz_loadu8
#define _mm512_castsi256_si512(part) plain_halves(part, _mm256_setzero_si256())
#define _mm512_broadcast_i64x4(part) plain_halves(part, part)
#define _mm512_inserti64x4 plain_inserti64x4
#define _mm512_cvtsepi32_epi8 plain_cvtsepi32_epi8
#define _mm512_dpbusd_epi32 plain_dpbusd512
#define _mm256_dpbusd_epi32 plain_dpbusd256
#define _mm256_dpwssd_epi32 plain_dpwssd256

#endif
