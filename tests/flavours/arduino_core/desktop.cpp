/* The core on the desktop: Serial is standard output, the microphone hears int16 samples from standard input.
 * Argument: how many chunks of the microphone come in between two turns of loop(). */
#include <Arduino.h>
#include <PDM.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

static std::vector<char> chunk;
static size_t left = 0;
static size_t chunk_bytes = 512; /* the library's own default */
static void (*received)() = nullptr;
static unsigned long samples_heard = 0;
static int rate = 16000;

SerialPort Serial;
PDMClass PDM;

size_t Print::print(const char *text) {
    return (size_t)std::printf("%s", text);
}
size_t Print::print(char character) {
    return (size_t)std::printf("%c", character);
}
size_t Print::print(int number, int) {
    return (size_t)std::printf("%d", number);
}
size_t Print::print(unsigned long number, int) {
    return (size_t)std::printf("%lu", number);
}
size_t Print::print(double number, int digits) {
    return (size_t)std::printf("%.*f", digits, number);
}
size_t Print::println(const char *text) {
    return (size_t)std::printf("%s\n", text);
}
size_t Print::println(int number, int) {
    return (size_t)std::printf("%d\n", number);
}
size_t Print::println(unsigned long number, int) {
    return (size_t)std::printf("%lu\n", number);
}
size_t Print::println() {
    return (size_t)std::printf("\n");
}
void SerialPort::begin(unsigned long) {
}
SerialPort::operator bool() {
    return true;
}

int PDMClass::begin(int channels, int sample_rate) {
    rate = sample_rate;
    return channels == 1 && sample_rate == 16000;
}
int PDMClass::available() {
    return (int)left;
}
int PDMClass::read(void *buffer, size_t size) {
    const size_t count = size < left ? size : left;
    std::memcpy(buffer, chunk.data() + chunk.size() - left, count);
    left -= count;
    return (int)count;
}
void PDMClass::onReceive(void (*callback)()) {
    received = callback;
}
void PDMClass::setBufferSize(int bytes) {
    chunk_bytes = (size_t)bytes;
}

/* Colours go to standard error, one number a line, where they have changed: red 1, green 2, blue 4, lit by low pins. */
static bool is_output[3];
static int colour = -1;

void pinMode(uint8_t pin, int mode) {
    is_output[pin - LEDR] = mode == OUTPUT;
}
void digitalWrite(uint8_t pin, int level) {
    static int lit = 0;
    const int bit = 1 << (pin - LEDR);
    if (!is_output[pin - LEDR]) {
        std::exit(4);
    }
    lit = level == LOW ? lit | bit : lit & ~bit;
    if (pin == LEDB && lit != colour) {
        colour = lit;
        std::fprintf(stderr, "%d\n", colour);
    }
}

unsigned long millis() {
    return samples_heard * 1000ul / (unsigned long)rate;
}
void delay(unsigned long milliseconds) {
    if (milliseconds >= 1000ul) {
        std::exit(3); /* it would wait for ever */
    }
}
void interrupts() {
}
void noInterrupts() {
}

/* One interrupt of the microphone; false after the last whole chunk. */
static bool hear() {
    chunk.resize(chunk_bytes);
    if (std::fread(chunk.data(), 1, chunk.size(), stdin) != chunk.size()) {
        return false;
    }
    left = chunk.size();
    samples_heard += (unsigned long)left / 2ul;
    received();
    if (left != 0) {
        std::printf("the microphone stops\n");
        return false;
    }
    return true;
}

int main(int, char **arguments) {
    setup();
    for (bool hears = received != nullptr; hears; loop()) {
        for (int turn = std::atoi(arguments[1]); turn > 0 && hears; --turn) {
            hears = hear();
        }
    }
    return 0;
}
