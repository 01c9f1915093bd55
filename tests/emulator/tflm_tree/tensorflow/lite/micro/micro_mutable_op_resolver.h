#ifndef MICRO_MUTABLE_OP_RESOLVER_H
#define MICRO_MUTABLE_OP_RESOLVER_H

#include "tensorflow/lite/micro/micro_interpreter.h"

#ifdef ADD_STATUS
TfLiteStatus add_status();
#endif

namespace tflite {

template <unsigned int kOperators> class MicroMutableOpResolver : public MicroOpResolver {
  public:
    TfLiteStatus AddFullyConnected() {
        return Add();
    }
    TfLiteStatus AddReshape() {
        return Add();
    }
    TfLiteStatus AddSoftmax() {
        return Add();
    }

  private:
    TfLiteStatus Add() {
#ifdef ADD_STATUS
        if (ADD_STATUS != kTfLiteOk) {
            return ADD_STATUS;
        }
#endif
        return ++count <= static_cast<int>(kOperators) ? kTfLiteOk : kTfLiteError;
    }
};

} // namespace tflite

#endif
