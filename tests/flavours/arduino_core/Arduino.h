/* What the sketch calls of the Arduino core, declared as ArduinoCore-API and the Mbed OS core do. */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stddef.h>
#include <stdint.h>

class Print {
  public:
    size_t print(const char *text);
    size_t print(char character);
    size_t print(int number, int base = 10);
    size_t print(unsigned long number, int base = 10);
    size_t print(double number, int digits = 2);
    size_t println(const char *text);
    size_t println(int number, int base = 10);
    size_t println(unsigned long number, int base = 10);
    size_t println();
};

class SerialPort : public Print {
  public:
    void begin(unsigned long baud);
    operator bool();
};

extern SerialPort Serial;

/* Pins, and as in the variant of the Nano 33 BLE the LED's. */
#define LOW 0
#define HIGH 1
#define OUTPUT 1
#define LEDR (22u)
#define LEDG (23u)
#define LEDB (24u)
void pinMode(uint8_t pin, int mode);
void digitalWrite(uint8_t pin, int level);

unsigned long millis();
void delay(unsigned long milliseconds);
void interrupts();
void noInterrupts();
void setup();
void loop();

#endif
