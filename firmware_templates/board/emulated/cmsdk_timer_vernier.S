/* uint32_t board_vernier(volatile uint32_t *timer, uint32_t *steps)
 *
 * Reads the down-counting timer every 41 instructions until two successive reads differ by more than one tick;
 * returns the last read and stores the number of steps. Counting instructions is only exact in assembly. */
    .syntax unified
    .thumb
    .section .text.board_vernier, "ax", %progbits
    .global board_vernier
    .type board_vernier, %function
    .thumb_func
board_vernier:
    push {r4, lr}
    movs r4, #0
    ldr r2, [r0]
next_step:
    movs r3, #17            /* 35 instructions, these three lines */
wait:
    subs r3, #1
    bne wait
    adds r4, #1
    mov r3, r2
    ldr r2, [r0]            /* 41 instructions after the previous read, the five below included */
    subs r3, r3, r2
    cmp r3, #1
    bls next_step
    str r4, [r1]
    mov r0, r2
    pop {r4, pc}
    .size board_vernier, . - board_vernier
