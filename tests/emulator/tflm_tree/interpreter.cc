/* An interpreter whose output is the first bytes of its input, each plus one. */
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/system_setup.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace tflite {

void InitializeTarget() {
}
uint32_t Model::version() const {
    return TFLITE_SCHEMA_VERSION;
}
const Model *GetModel(const void *data) {
    return static_cast<const Model *>(data);
}

MicroInterpreter::MicroInterpreter(const Model *, const MicroOpResolver &, uint8_t *arena, size_t arena_bytes)
    : arena_(arena_bytes < arena_used_bytes() ? nullptr : arena) {
}
TfLiteStatus MicroInterpreter::AllocateTensors() {
    int8_t *const memory = reinterpret_cast<int8_t *>(arena_);
    input_ = {{memory}, 480};
    output_ = {{memory + 480}, 3};
    return arena_ == nullptr ? kTfLiteError : kTfLiteOk;
}
TfLiteStatus MicroInterpreter::Invoke() {
    for (size_t index = 0; index < output_.bytes; ++index) {
        output_.data.int8[index] = static_cast<int8_t>(input_.data.int8[index] + 1);
    }
    return kTfLiteOk;
}
TfLiteStatus MicroInterpreter::Reset() {
    return kTfLiteOk;
}
size_t MicroInterpreter::inputs_size() const {
    return 1;
}
size_t MicroInterpreter::outputs_size() const {
    return 1;
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
