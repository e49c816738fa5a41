#include "sim/sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/sim_memory.h"

void sim_init(struct sim *s, uint64_t seed, struct sim_cover *cover, bool verbose)
{
    *s = (struct sim){.seed = seed, .cover = cover, .verbose = verbose, .hash = 0xcbf29ce484222325u};
    rng_init(&s->rng, seed);
}

void sim_deinit(struct sim *s)
{
    free(s->heap);
}

/* ---- the queue -------------------------------------------------------------------------------------------------- */

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    if (a->when_ns != b->when_ns)
        return a->when_ns < b->when_ns;
    return a->tie != b->tie ? a->tie < b->tie : a->order < b->order;
}

static void place(struct sim *s, size_t i, struct sim_event *e)
{
    s->heap[i] = e;
    e->index = i + 1;
}

static void sift_up(struct sim *s, size_t i, struct sim_event *e)
{
    for (; i > 0 && before(e, s->heap[(i - 1) / 2]); i = (i - 1) / 2)
        place(s, i, s->heap[(i - 1) / 2]);
    place(s, i, e);
}

static void sift_down(struct sim *s, size_t i, struct sim_event *e)
{
    for (size_t child; (child = 2 * i + 1) < s->len; i = child) {
        if (child + 1 < s->len && before(s->heap[child + 1], s->heap[child]))
            child++;
        if (!before(s->heap[child], e))
            break;
        place(s, i, s->heap[child]);
    }
    place(s, i, e);
}

void sim_cancel(struct sim *s, struct sim_event *e)
{
    if (!e->index)
        return;
    size_t i = e->index - 1;
    e->index = 0;
    struct sim_event *last = s->heap[--s->len];
    if (last == e)
        return;
    if (i > 0 && before(last, s->heap[(i - 1) / 2]))
        sift_up(s, i, last);
    else
        sift_down(s, i, last);
}

static void grow(struct sim *s)
{
    size_t size = s->size ? s->size * 2 : 64;
    struct sim_event **heap = sim_alloc(s, size * sizeof(struct sim_event *));
    if (s->len)
        memcpy(heap, s->heap, s->len * sizeof(struct sim_event *));
    free(s->heap);
    s->heap = heap;
    s->size = size;
}

void sim_after(struct sim *s, struct sim_event *e, uint64_t delay_ns, void (*fire)(struct sim_event *e))
{
    sim_cancel(s, e);
    if (s->len == s->size)
        grow(s);
    e->when_ns = *s->now_ns + delay_ns;
    e->tie = rng_next(&s->rng);
    e->order = s->order++;
    e->fire = fire;
    sift_up(s, s->len++, e);
}

uint64_t sim_next_ns(const struct sim *s)
{
    return s->len ? s->heap[0]->when_ns : SIM_NEVER;
}

struct sim_event *sim_pop(struct sim *s)
{
    struct sim_event *e = s->heap[0];
    sim_cancel(s, e);
    return e;
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

void sim_bytes_add(struct sim *s, struct sim_bytes *b, const void *data, size_t len)
{
    if (len == 0)
        return;
    if (b->start + b->len + len > b->size) {
        size_t size = (b->len + len) * 2;
        char *grown = sim_alloc(s, size);
        if (b->len)
            memcpy(grown, b->data + b->start, b->len);
        free(b->data);
        *b = (struct sim_bytes){.data = grown, .len = b->len, .size = size};
    }
    memcpy(b->data + b->start + b->len, data, len);
    b->len += len;
}

void sim_bytes_drop(struct sim_bytes *b, size_t len)
{
    b->start += len;
    b->len -= len;
    if (b->len == 0)
        b->start = 0;
}

/* ---- chance ----------------------------------------------------------------------------------------------------- */

uint64_t sim_latency(struct sim *s)
{
    uint64_t ns = rng_range(&s->rng, s->net.latency_min_ns, s->net.latency_max_ns);
    return ns - ns % s->net.quantum_ns;
}

size_t sim_portion(struct sim *s, size_t max, size_t len)
{
    if (len > max)
        len = max;
    return len == 0 || rng_chance(&s->rng, 700) ? len : (size_t)rng_range(&s->rng, 1, len);
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 29);
}

void sim_note(struct sim *s, const char *what, uint64_t a, uint64_t b)
{
    uint64_t word = 0;
    for (const char *p = what; *p; p++)
        word = word * 31 + (unsigned char)*p;
    s->hash = mix(mix(mix(mix(s->hash, *s->now_ns), word), a), b);
    if (s->verbose)
        printf("%12.6f %s %" PRIu64 " %" PRIu64 "\n", (double)*s->now_ns / 1e9, what, a, b);
}

void sim_fail(struct sim *s, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fflush(stdout);
    fprintf(stderr,
            "seed 0x%" PRIx64 " failed: %s (at %.6f s, event %" PRIu64 "); replay with: afetch-sim --seed 0x%" PRIx64
            "%s\n",
            s->seed, text, s->now_ns ? (double)*s->now_ns / 1e9 : 0, s->events, s->seed, s->replay);
    if (s->describe)
        s->describe(s->describe_arg);
    fflush(stderr);
    _exit(1); /* coroutines hang in the middle: nothing can be freed */
}

void *sim_alloc(struct sim *s, size_t size)
{
    bool library = sim_memory_library(false);
    void *p = calloc(1, size ? size : 1);
    sim_memory_library(library);
    if (!p)
        sim_fail(s, "out of memory");
    return p;
}
