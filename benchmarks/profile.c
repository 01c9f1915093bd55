/* A plugin for QEMU (plugin interface version 1: QEMU 4.2 to 8): how many instructions each call in one function
 * executes, the callees' included. Options: begin, end (the function's addresses), stop (a function's that is called
 * after it), out (the file: address, instructions). The interface's header is seldom installed, so that what is used of
 * it is declared here. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t plugin_id_t;
typedef void (*translated_t)(plugin_id_t, struct qemu_plugin_tb *);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id_t, translated_t);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned, void *), int, void *);
void qemu_plugin_register_atexit_cb(plugin_id_t, void (*)(plugin_id_t, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

int qemu_plugin_version = 1;

/* A block of instructions that run one after another. A call ends its block. */
typedef struct {
    uint64_t first;
    uint64_t last;
    uint64_t instructions;
} block_t;

static uint64_t begin, end, stop;
static uint64_t *counts; /* by half word of the function; 0: none of its calls is under way */
static uint64_t call;
static char *path;

static void on_block(unsigned cpu, void *data) {
    const block_t *block = data;
    (void)cpu;
    if (block->first >= begin && block->first < end) {
        call = (block->last - begin) / 2 + 1;
    } else if (block->first == stop) {
        call = 0;
    }
    counts[call] += block->instructions;
}

static void on_translation(plugin_id_t id, struct qemu_plugin_tb *tb) {
    const size_t count = qemu_plugin_tb_n_insns(tb);
    block_t *block = malloc(sizeof *block); /* as long as QEMU runs */
    (void)id;
    block->first = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
    block->last = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, count - 1));
    block->instructions = count;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, 0, block);
}

static void at_end(plugin_id_t id, void *data) {
    FILE *file = fopen(path, "w");
    (void)id;
    (void)data;
    for (uint64_t i = 1; file != NULL && i <= (end - begin) / 2; ++i) {
        if (counts[i] != 0) {
            fprintf(file, "%" PRIu64 " %" PRIu64 "\n", begin + 2 * (i - 1), counts[i]);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

int qemu_plugin_install(plugin_id_t id, const void *machine, int count, char **options) {
    (void)machine;
    for (int i = 0; i < count; ++i) {
        begin = strncmp(options[i], "begin=", 6) == 0 ? strtoull(options[i] + 6, NULL, 0) : begin;
        end = strncmp(options[i], "end=", 4) == 0 ? strtoull(options[i] + 4, NULL, 0) : end;
        stop = strncmp(options[i], "stop=", 5) == 0 ? strtoull(options[i] + 5, NULL, 0) : stop;
        path = strncmp(options[i], "out=", 4) == 0 ? strdup(options[i] + 4) : path;
    }
    counts = calloc((end - begin) / 2 + 2, sizeof *counts);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, at_end, NULL);
    return path == NULL || counts == NULL;
}
