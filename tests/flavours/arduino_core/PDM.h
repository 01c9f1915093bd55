/* What the sketch calls of the Mbed OS core's PDM library, declared as it does. */
#ifndef PDM_H
#define PDM_H

#include <stddef.h>

class PDMClass {
  public:
    int begin(int channels, int sample_rate);
    int available();
    int read(void *buffer, size_t size);
    void onReceive(void (*callback)());
    void setBufferSize(int bytes);
};

extern PDMClass PDM;

#endif
