/* An interpreter that fails where it is told to, or calls back in the middle of an inference, and what ser_model.h's
 * functions answer then. */
#include "ser_model.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/system_setup.h"
#include "tensorflow/lite/schema/schema_generated.h"

#include <cstdio>
#include <initializer_list>

namespace {

enum Fault { kNone, kVersion, kOperator, kAllocation, kInputs, kOutputs, kInputSize, kOutputSize, kInvoke, kReset };
Fault fault = kNone;
int calls_back = 0;

} // namespace

TfLiteStatus add_status();

TfLiteStatus add_status() {
    return fault == kOperator ? kTfLiteError : kTfLiteOk;
}

namespace tflite {

void InitializeTarget() {
}
uint32_t Model::version() const {
    return fault == kVersion ? TFLITE_SCHEMA_VERSION + 1 : TFLITE_SCHEMA_VERSION;
}
const Model *GetModel(const void *data) {
    return static_cast<const Model *>(data);
}
MicroInterpreter::MicroInterpreter(const Model *, const MicroOpResolver &, uint8_t *arena, size_t) : arena_(arena) {
}
TfLiteStatus MicroInterpreter::AllocateTensors() {
    int8_t *const memory = reinterpret_cast<int8_t *>(arena_);
    input_ = {{memory}, fault == kInputSize ? 1u : SER_MODEL_INPUT_0_BYTES};
    output_ = {{memory + SER_MODEL_INPUT_0_BYTES}, fault == kOutputSize ? 1u : SER_MODEL_OUTPUT_0_BYTES};
    return fault == kAllocation ? kTfLiteError : kTfLiteOk;
}
TfLiteStatus MicroInterpreter::Invoke() {
    const bool is_busy = ser_model_invoke() == SER_ERROR_NOT_READY && ser_model_reset() == SER_ERROR_NOT_READY &&
                         ser_model_init() == SER_ERROR_NOT_READY && ser_model_input(0) != nullptr;
    calls_back += is_busy ? 1 : 0;
    return fault == kInvoke ? kTfLiteError : kTfLiteOk;
}
TfLiteStatus MicroInterpreter::Reset() {
    return fault == kReset ? kTfLiteError : kTfLiteOk;
}
size_t MicroInterpreter::inputs_size() const {
    return fault == kInputs ? 2 : 1;
}
size_t MicroInterpreter::outputs_size() const {
    return fault == kOutputs ? 2 : 1;
}
TfLiteTensor *MicroInterpreter::input(size_t) {
    return &input_;
}
TfLiteTensor *MicroInterpreter::output(size_t) {
    return &output_;
}
size_t MicroInterpreter::arena_used_bytes() const {
    return 500;
}

} // namespace tflite

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            std::fprintf(stderr, "line %d: not so: %s\n", __LINE__, #condition);                                       \
            return 1;                                                                                                  \
        }                                                                                                              \
    } while (false)

static int before_init() {
    CHECK(ser_model_invoke() == SER_ERROR_NOT_READY && ser_model_reset() == SER_ERROR_NOT_READY);
    CHECK(ser_model_input(0) == nullptr && ser_model_output(0) == nullptr && ser_model_arena_used() == 0);
    return 0;
}

int main() {
    CHECK(before_init() == 0);
    for (const Fault each : {kVersion, kOperator, kInputs, kOutputs, kInputSize, kOutputSize, kAllocation}) {
        fault = each;
        CHECK(ser_model_init() == (each == kAllocation ? SER_ERROR_ARENA : SER_ERROR_MODEL));
        CHECK(before_init() == 0);
    }
    fault = kNone;
    CHECK(ser_model_init() == SER_OK && ser_model_reset() == SER_OK && ser_model_arena_used() == 500);
    CHECK(ser_model_input(0) != nullptr && ser_model_input(1) == nullptr);
    CHECK(ser_model_output(0) != nullptr && ser_model_output(1) == nullptr);
    CHECK(ser_model_invoke() == SER_OK && calls_back == 1);
    fault = kInvoke;
    CHECK(ser_model_invoke() == SER_ERROR_MODEL && calls_back == 2);
    fault = kReset;
    CHECK(ser_model_reset() == SER_ERROR_MODEL);
    fault = kNone;
    CHECK(ser_model_invoke() == SER_OK && ser_model_reset() == SER_OK && ser_model_init() == SER_OK);
    return 0;
}
