/* memcpy, memmove and memset in a seventh of the C library's code. A model moves rows that are aligned and apart from
 * each other, or down by less than their length: four words at a time. Every Cortex-M has these instructions. */
    .syntax unified
    .thumb
    .text

    .macro function name
    .section .text.\name, "ax", %progbits
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

/* void *memmove(void *target, const void *source, size_t count): one section with memcpy, which it runs into */
    function memmove
    subs r3, r0, r1
    cmp r3, r2
    bhs memcpy
    b 2f
1:  ldrb r3, [r1, r2] /* the target begins within the source: last byte first */
    strb r3, [r0, r2]
2:  subs r2, #1
    bhs 1b
    bx lr

/* void *memcpy(void *target, const void *source, size_t count): upwards */
    .global memcpy
    .type memcpy, %function
    .thumb_func
memcpy:
    push {r0, r4-r6, lr}
    mov r3, r0
    orrs r3, r1
    lsls r3, r3, #30
    bne unaligned
    b 2f
1:  ldmia r1!, {r3-r6}
    stmia r0!, {r3-r6}
2:  subs r2, #16
    bhs 1b
    adds r2, #16
#ifdef __ARM_FEATURE_UNALIGNED
unaligned:
#endif
    b 2f
1:  ldr r3, [r1]
    adds r1, #4
    str r3, [r0]
    adds r0, #4
2:  subs r2, #4
    bhs 1b
    adds r2, #4
#ifndef __ARM_FEATURE_UNALIGNED
unaligned:
#endif
    b 2f
1:  ldrb r3, [r1]
    adds r1, #1
    strb r3, [r0]
    adds r0, #1
2:  subs r2, #1
    bhs 1b
    pop {r0, r4-r6, pc}

/* void *memset(void *target, int value, size_t count) */
    function memset
    push {r4, lr}
    uxtb r1, r1
    lsls r3, r1, #8
    orrs r1, r3
    lsls r3, r1, #16
    orrs r1, r3
    mov r3, r0
    lsls r4, r0, #30
    bne 2f
    b 4f
3:  stmia r3!, {r1}
4:  subs r2, #4
    bhs 3b
    adds r2, #4
    b 2f
1:  strb r1, [r3]
    adds r3, #1
2:  subs r2, #1
    bhs 1b
    pop {r4, pc}
