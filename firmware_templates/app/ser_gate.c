#include "ser_gate.h"

#include "ser_classifier_settings.h"

#define OFFSET_ONE 1024 /* the offset's fixed point, and its time constant in samples */

void ser_gate_reset(ser_gate_t *gate) {
    *gate = (ser_gate_t){.started = false};
}

void ser_gate_hear(ser_gate_t *gate, const int16_t *pcm, size_t samples) {
    if (samples > 0u && !gate->started) {
        gate->offset_q10 = pcm[0] * OFFSET_ONE;
        gate->started = true;
    }
    for (size_t index = 0; index < samples; ++index) {
        const int32_t level = pcm[index] - gate->offset_q10 / OFFSET_ONE;
        const uint32_t magnitude = (uint32_t)(level < 0 ? -level : level); /* 16 bits, its square 32 */
        gate->energy += magnitude * magnitude;
        gate->offset_q10 += (pcm[index] * OFFSET_ONE - gate->offset_q10) / OFFSET_ONE;
    }
    gate->samples += (uint32_t)samples;
}

void ser_gate_end_frame(ser_gate_t *gate) {
    if (gate->energy >= (uint64_t)SER_STREAM_GATE_POWER * gate->samples) {
        gate->quiet_frames = 0u;
    } else if (gate->quiet_frames < SER_STREAM_GATE_FRAMES) {
        ++gate->quiet_frames;
    } else {
        /* Closed, and stays so. */
    }
    gate->energy = 0u;
    gate->samples = 0u;
}

bool ser_gate_is_closed(const ser_gate_t *gate) {
    return gate->quiet_frames == SER_STREAM_GATE_FRAMES;
}
