#ifndef SYSTEM_SETUP_H
#define SYSTEM_SETUP_H

namespace tflite {

void InitializeTarget();

} // namespace tflite

#endif
