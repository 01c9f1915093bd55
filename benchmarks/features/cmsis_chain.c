/* Instructions of CMSIS-DSP's functions for one frame of noise, in the order of its arm_mfcc_f32: power instead of
 * magnitude, and no scaling by the largest sample. */
#include "counted.h"
#include "tables.h"

#include "arm_math.h"

#include <string.h>

static arm_rfft_fast_instance_f32 fft;
static float32_t frame[FFT_SIZE];
static float32_t spectrum[FFT_SIZE];
static float32_t mel[MEL_BINS];
static q7_t row[MEL_BINS];

static void take_spectrum(const int16_t *pcm) {
    arm_q15_to_float(pcm, frame, WINDOW_LENGTH);
    arm_mult_f32(frame, window, frame, WINDOW_LENGTH);
    memset(frame + WINDOW_LENGTH, 0, (FFT_SIZE - WINDOW_LENGTH) * sizeof frame[0]);
    arm_rfft_fast_f32(&fft, frame, spectrum, 0);
    spectrum[1] = 0.0f;
    arm_cmplx_mag_squared_f32(spectrum, frame, FFT_SIZE / 2);
}

static void take_log_mel(const int16_t *pcm) {
    const float32_t *weights = mel_weights;
    take_spectrum(pcm);
    for (size_t bin = 0; bin < MEL_BINS; ++bin) {
        arm_dot_prod_f32(frame + mel_starts[bin], weights, mel_lengths[bin], mel + bin);
        weights += mel_lengths[bin];
    }
    arm_offset_f32(mel, 1.0e-6f, mel, MEL_BINS);
    arm_vlog_f32(mel, mel, MEL_BINS);
}

static void take_row(const int16_t *pcm) {
    take_log_mel(pcm);
    arm_mult_f32(mel, gains, mel, MEL_BINS);
    arm_add_f32(mel, offsets, mel, MEL_BINS);
    arm_float_to_q7(mel, row, MEL_BINS);
}

int main(void) {
    static int16_t pcm[WINDOW_LENGTH];
    static void (*const parts[])(const int16_t *) = {take_spectrum, take_log_mel, take_row};
    fill_with_noise(pcm, WINDOW_LENGTH);
    const bool ready = arm_rfft_fast_init_512_f32(&fft) == ARM_MATH_SUCCESS;
    const bool written = count_parts(parts, sizeof parts / sizeof parts[0], pcm);
    board_exit(written && ready ? 0 : 1);
}
