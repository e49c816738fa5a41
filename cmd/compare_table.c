#include "compare_table.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 8, CELL = 32 };

const char *const compare_names[ROW_COUNT] = {"sync", "threads", "async"};

struct row {
    char cell[COLUMNS][CELL];
};

static const struct row titles = {{"mode", "wall", "cpu", "memory", "transfers", "failed", "bytes", "speedup"}};

/* ---- figures ---------------------------------------------------------------------------------------------------- */

static double seconds(uint64_t ns)
{
    return (double)ns / 1e9;
}

/* Decimal units, as the bytes of bodies are counted. */
static void write_memory(char *out, size_t size, uint64_t bytes, const char *blank)
{
    if (bytes < 999500)
        snprintf(out, size, "%.0f%sKB", (double)bytes / 1e3, blank);
    else
        snprintf(out, size, "%.1f%sMB", (double)bytes / 1e6, blank);
}

/* Three digits that mean something. */
static void write_factor(char *out, size_t size, double factor, const char *unit)
{
    snprintf(out, size, "%.*f%s", factor < 9.995 ? 2 : factor < 99.95 ? 1 : 0, factor, unit);
}

static void write_time(char *out, size_t size, uint64_t ns)
{
    snprintf(out, size, "%.*f s", ns < 100000000 ? 3 : 2, seconds(ns));
}

/* How many times as fast as one after another; 0: the figures do not say. */
static double speedup(const struct compare_figures *f, const struct compare_figures *sync)
{
    if (!f->told || !sync->told || !f->transfers || !f->wall_ns)
        return 0;
    return (double)sync->wall_ns / (double)f->wall_ns;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static void fill_row(struct row *r, const char *name, const struct compare_figures *f,
                     const struct compare_figures *sync)
{
    for (int i = 0; i < COLUMNS; i++)
        snprintf(r->cell[i], CELL, "-");
    snprintf(r->cell[0], CELL, "%s", name);
    snprintf(r->cell[1], CELL, "%.3fs", seconds(f->wall_ns));
    snprintf(r->cell[2], CELL, "%.3fs", seconds(f->cpu_ns));
    write_memory(r->cell[3], CELL, f->memory, "");
    if (f->told) {
        snprintf(r->cell[4], CELL, "%llu", (unsigned long long)f->transfers);
        snprintf(r->cell[5], CELL, "%llu", (unsigned long long)f->failed);
        snprintf(r->cell[6], CELL, "%llu", (unsigned long long)f->bytes);
    }
    if (speedup(f, sync) > 0)
        write_factor(r->cell[7], CELL, speedup(f, sync), "x");
}

void compare_table(struct text *out, const struct compare_figures f[ROW_COUNT])
{
    struct row rows[1 + ROW_COUNT] = {titles};
    for (int i = 0; i < ROW_COUNT; i++)
        fill_row(&rows[1 + i], compare_names[i], &f[i], &f[ROW_SYNC]);
    size_t width[COLUMNS] = {0};
    for (int i = 0; i < 1 + ROW_COUNT; i++)
        for (int c = 0; c < COLUMNS; c++)
            width[c] = strlen(rows[i].cell[c]) > width[c] ? strlen(rows[i].cell[c]) : width[c];
    for (int i = 0; i < 1 + ROW_COUNT; i++) {
        text_addf(out, "%-*s", (int)width[0], rows[i].cell[0]);
        for (int c = 1; c < COLUMNS; c++)
            text_addf(out, "  %*s", (int)width[c], rows[i].cell[c]);
        text_adds(out, "\n");
    }
}

/* ---- what it says ----------------------------------------------------------------------------------------------- */

static void say_speed(struct text *out, const struct compare_figures *sync, const struct compare_figures *async)
{
    char fast[CELL], slow[CELL], factor[CELL];
    double times = speedup(async, sync);
    write_time(fast, CELL, async->wall_ns);
    write_time(slow, CELL, sync->wall_ns);
    write_factor(factor, CELL, times, "");
    if (times >= 1.05)
        text_addf(out, "async took %s where one after another took %s: %s times as fast.\n", fast, slow, factor);
    else
        text_addf(out, "async took %s, %s one after another (%s)%s.\n", fast,
                  times > 0.95 ? "as long as" : "longer than", slow,
                  async->transfers == 1 ? ": a single transfer waits for no other" : "");
}

static void say_memory(struct text *out, const struct compare_figures *threads, const struct compare_figures *async)
{
    char time[CELL], more[CELL], less[CELL], factor[CELL];
    double times = async->memory ? (double)threads->memory / (double)async->memory : 1;
    write_time(time, CELL, threads->wall_ns);
    write_memory(more, CELL, threads->memory, " ");
    write_memory(less, CELL, async->memory, " ");
    write_factor(factor, CELL, times, "");
    text_addf(out, "threads took %s and ", time);
    if (times >= 1.1)
        text_addf(out, "%s times the memory of async (%s, not %s).\n", factor, more, less);
    else
        text_addf(out, "%s memory as async (%s and %s).\n", times > 0.9 ? "about as much" : "not as much", more, less);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Whether the modes did the same work, more or less: pages of the Web differ a little from time to time. */
static bool alike(const struct compare_figures *a, const struct compare_figures *b)
{
    uint64_t less = least(a->bytes, b->bytes), more = a->bytes + b->bytes - less;
    return a->transfers == b->transfers && a->failed == b->failed && more - less <= more / 10;
}

void compare_say(struct text *out, const struct compare_figures f[ROW_COUNT])
{
    bool failed = false;
    for (int i = 0; i < ROW_COUNT; i++) {
        if (!f[i].told)
            return;
        failed = failed || f[i].failed == f[i].transfers;
    }
    if (!f[ROW_SYNC].transfers) {
        text_adds(out, "There was no URL: the figures are those of starting and ending.\n");
    } else if (failed) {
        text_adds(out, "No transfer succeeded in one mode at least: the figures do not compare.\n");
    } else if (!alike(&f[ROW_SYNC], &f[ROW_ASYNC]) || !alike(&f[ROW_SYNC], &f[ROW_THREADS])) {
        text_adds(out, "The modes did not receive the same: their figures do not compare.\n");
    } else {
        say_speed(out, &f[ROW_SYNC], &f[ROW_ASYNC]);
        say_memory(out, &f[ROW_THREADS], &f[ROW_ASYNC]);
    }
}
