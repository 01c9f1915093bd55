/* What generated code calls of TensorFlow Lite Micro, declared as its own headers do. */
#ifndef MICRO_INTERPRETER_H
#define MICRO_INTERPRETER_H

#include <cstddef>
#include <cstdint>

#if !defined(TF_LITE_STATIC_MEMORY) || !defined(AS_THE_LIBRARY_WAS_BUILT)
#error "built with other definitions than the library"
#endif

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };

struct TfLiteTensor {
    union {
        int8_t *int8;
    } data;
    size_t bytes;
};

namespace tflite {

struct Model {
    uint32_t version() const;
};

const Model *GetModel(const void *data);

class MicroOpResolver {
  public:
    int count = 0;
};

class MicroInterpreter {
  public:
    MicroInterpreter(const Model *model, const MicroOpResolver &resolver, uint8_t *arena, size_t arena_bytes);
    TfLiteStatus AllocateTensors();
    TfLiteStatus Invoke();
    TfLiteStatus Reset();
    size_t inputs_size() const;
    size_t outputs_size() const;
    TfLiteTensor *input(size_t index);
    TfLiteTensor *output(size_t index);
    size_t arena_used_bytes() const;

  private:
    uint8_t *arena_;
    TfLiteTensor input_;
    TfLiteTensor output_;
};

} // namespace tflite

#endif
