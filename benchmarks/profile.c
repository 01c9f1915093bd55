/* A plugin for QEMU (plugin interface version 1: QEMU 4.2 to 8): what the calls in one function execute, the callees'
 * instructions included. Options: begin, end (the function's addresses), stop (a function's that is called after it),
 * calls and blocks (the files, see `write_calls` and `write_blocks`); and, to have caches simulated, code_cache and
 * data_cache (bytes in a line:sets:ways, least recently used goes), flash_end (the first address behind flash and
 * constants) and cached_ram=1 where the data cache serves RAM, too. The interface's header is seldom installed, so that
 * what is used of it is declared here. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t plugin_id_t;
typedef uint32_t memory_info_t;
typedef void (*translated_t)(plugin_id_t, struct qemu_plugin_tb *);
typedef void (*accessed_t)(unsigned, memory_info_t, uint64_t, void *);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id_t, translated_t);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned, void *), int, void *);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, accessed_t, int, int, void *);
void qemu_plugin_register_atexit_cb(plugin_id_t, void (*)(plugin_id_t, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);

int qemu_plugin_version = 1;

#define READS_AND_WRITES 3

/* A block of instructions that run one after another. A call ends its block. */
typedef struct block {
    uint64_t first;
    uint64_t last;
    uint64_t behind; /* the address of the instruction that follows in memory */
    uint64_t instructions;
    uint64_t executed;
    uint64_t taken; /* how often something else than the instruction behind it came next */
    struct block *next;
} block_t;

/* Its lines by set, the most recently used first; a tag is the line's address in units of lines, and one. */
typedef struct {
    uint64_t line_bytes, sets, ways;
    uint64_t *tags;
} cache_t;

typedef struct {
    uint64_t accesses, misses;
} traffic_t;

static uint64_t begin, end, stop, flash_end, cached_ram;
static uint64_t *counts; /* by half word of the function; 0: none of its calls is under way */
static uint64_t call;
static char *calls_path, *blocks_path;
static block_t *blocks, *previous;
static cache_t code_cache, data_cache;
static traffic_t code_lines, flash_data, ram_data;

/* Counts a miss where the line is not there, and puts it in front. */
static void look_up(cache_t *cache, uint64_t address, traffic_t *traffic) {
    const uint64_t tag = address / cache->line_bytes + 1;
    uint64_t *set = cache->tags + tag % cache->sets * cache->ways;
    uint64_t way = 0;
    while (way < cache->ways - 1 && set[way] != tag) {
        ++way;
    }
    traffic->accesses += 1;
    traffic->misses += set[way] != tag;
    memmove(set + 1, set, way * sizeof *set);
    set[0] = tag;
}

/* Looks for the lines of a block. */
static void fetch(const block_t *block) {
    const uint64_t step = code_cache.line_bytes;
    for (uint64_t line = block->first / step * step; line < block->behind; line += step) {
        look_up(&code_cache, line, &code_lines);
    }
}

static void on_access(unsigned cpu, memory_info_t info, uint64_t address, void *data) {
    (void)cpu;
    (void)info;
    (void)data;
    if (call == 0) {
        return;
    }
    if (address < flash_end) {
        look_up(&data_cache, address, &flash_data);
    } else if (cached_ram) {
        look_up(&data_cache, address, &ram_data);
    } else {
        ram_data.accesses += 1;
    }
}

static void on_block(unsigned cpu, void *data) {
    block_t *block = data;
    (void)cpu;
    if (previous != NULL) {
        previous->taken += previous->behind != block->first;
    }
    if (block->first >= begin && block->first < end) {
        call = (block->last - begin) / 2 + 1;
    } else if (block->first == stop) {
        call = 0;
    }
    counts[call] += block->instructions;
    previous = call == 0 ? NULL : block;
    if (call != 0) {
        block->executed += 1;
        if (code_cache.line_bytes != 0) {
            fetch(block);
        }
    }
}

static void on_translation(plugin_id_t id, struct qemu_plugin_tb *tb) {
    const size_t count = qemu_plugin_tb_n_insns(tb);
    block_t *block = calloc(1, sizeof *block); /* as long as QEMU runs */
    (void)id;
    block->first = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
    block->last = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, count - 1));
    block->behind = block->last + qemu_plugin_insn_size(qemu_plugin_tb_get_insn(tb, count - 1));
    block->instructions = count;
    block->next = blocks;
    blocks = block;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, 0, block);
    for (size_t i = 0; data_cache.line_bytes != 0 && i < count; ++i) {
        qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i), on_access, 0, READS_AND_WRITES, NULL);
    }
}

/* A line for each call: its address, the instructions. */
static void write_calls(FILE *file) {
    for (uint64_t i = 1; i <= (end - begin) / 2; ++i) {
        if (counts[i] != 0) {
            fprintf(file, "%" PRIu64 " %" PRIu64 "\n", begin + 2 * (i - 1), counts[i]);
        }
    }
}

/* Three lines of accesses and misses (lines of code, data in flash, data in RAM); then a line for each block: its
 * address, its instructions, how often it ran, how often a branch was taken behind it. */
static void write_blocks(FILE *file) {
    const traffic_t *const traffic[] = {&code_lines, &flash_data, &ram_data};
    for (int i = 0; i < 3; ++i) {
        fprintf(file, "%" PRIu64 " %" PRIu64 "\n", traffic[i]->accesses, traffic[i]->misses);
    }
    for (const block_t *block = blocks; block != NULL; block = block->next) {
        if (block->executed != 0) {
            fprintf(file, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", block->first, block->instructions,
                    block->executed, block->taken);
        }
    }
}

static void write_file(const char *path, void (*write)(FILE *)) {
    FILE *file = path == NULL ? NULL : fopen(path, "w");
    if (file != NULL) {
        write(file);
        fclose(file);
    }
}

static void at_end(plugin_id_t id, void *data) {
    (void)id;
    (void)data;
    write_file(calls_path, write_calls);
    write_file(blocks_path, write_blocks);
}

/* "NAME=..." without its name; NULL where the option has another. */
static char *option(char *text, const char *name) {
    const size_t length = strlen(name);
    return strncmp(text, name, length) == 0 && text[length] == '=' ? text + length + 1 : NULL;
}

static void read_number(char *text, const char *name, uint64_t *number) {
    const char *value = option(text, name);
    if (value != NULL) {
        *number = strtoull(value, NULL, 0);
    }
}

static void read_path(char *text, const char *name, char **path) {
    const char *value = option(text, name);
    if (value != NULL) {
        *path = strdup(value);
    }
}

static void read_cache(char *text, const char *name, cache_t *cache) {
    char *value = option(text, name);
    if (value != NULL) {
        cache->line_bytes = strtoull(value, &value, 0);
        cache->sets = strtoull(value + 1, &value, 0);
        cache->ways = strtoull(value + 1, &value, 0);
        cache->tags = calloc(cache->sets * cache->ways, sizeof *cache->tags);
    }
}

int qemu_plugin_install(plugin_id_t id, const void *machine, int count, char **options) {
    (void)machine;
    for (int i = 0; i < count; ++i) {
        read_number(options[i], "begin", &begin);
        read_number(options[i], "end", &end);
        read_number(options[i], "stop", &stop);
        read_number(options[i], "flash_end", &flash_end);
        read_number(options[i], "cached_ram", &cached_ram);
        read_path(options[i], "calls", &calls_path);
        read_path(options[i], "blocks", &blocks_path);
        read_cache(options[i], "code_cache", &code_cache);
        read_cache(options[i], "data_cache", &data_cache);
    }
    counts = calloc((end - begin) / 2 + 2, sizeof *counts);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, at_end, NULL);
    return counts == NULL;
}
