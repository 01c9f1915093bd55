/* Registers of the Arm MPS2 FPGA images (AN385, AN386, AN500: memory map, CMSDK peripherals). */
#ifndef MPS2_H
#define MPS2_H

#include <stdint.h>

#define MPS2_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* CMSDK APB timer 0: counts down at the system clock (Arm DDI 0479, APB timer). */
#define MPS2_TIMER0_CTRL MPS2_REGISTER(0x40000000u)
#define MPS2_TIMER0_VALUE MPS2_REGISTER(0x40000004u)
#define MPS2_TIMER0_RELOAD MPS2_REGISTER(0x40000008u)
#define MPS2_TIMER_ENABLE 1u

/* CMSDK APB UART 0. */
#define MPS2_UART0_DATA MPS2_REGISTER(0x40004000u)
#define MPS2_UART0_STATE MPS2_REGISTER(0x40004004u)
#define MPS2_UART0_CTRL MPS2_REGISTER(0x40004008u)
#define MPS2_UART0_BAUDDIV MPS2_REGISTER(0x40004010u)
#define MPS2_UART_TX_FULL 1u
#define MPS2_UART_TX_ENABLE 1u

#endif
