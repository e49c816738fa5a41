/* A waterfall as text. Computes and formats alone. */
#include "waterfall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LABEL_MIN = 10,
    FIGURES = 16, /* columns behind the bars: the time, and the status or the exit code */
    TICK = 8      /* columns between the marks of the axis, at least */
};

#define RESET "\033[0m"
#define FAILED "\033[31m"

/* How a phase looks; each glyph is told from the others without colour, too. What is sent counts as waiting. */
struct look {
    enum phase phase;
    const char *utf8, *ascii, *colour;
};

static const struct look looks[] = {
    {PHASE_QUEUE, "\xe2\x94\x84", ".", "\033[90m"},   {PHASE_LOOKUP, "\xe2\x96\x91", "?", "\033[36m"},
    {PHASE_CONNECT, "\xe2\x96\x92", "+", "\033[33m"}, {PHASE_TLS, "\xe2\x96\x93", "=", "\033[35m"},
    {PHASE_WAIT, "\xe2\x94\x80", "-", "\033[34m"},    {PHASE_RECEIVE, "\xe2\x96\x88", "#", "\033[32m"},
};
enum { LOOKS = sizeof looks / sizeof looks[0] };

struct drawing {
    struct text *out;
    struct waterfall_style style;
    size_t label_width, n_width, bar_width;
    uint64_t axis_ns; /* that the bars are wide */
};

static const struct look *look_of(enum phase phase)
{
    phase = phase == PHASE_SEND ? PHASE_WAIT : phase;
    for (size_t i = 0; i < LOOKS; i++)
        if (looks[i].phase == phase)
            return &looks[i];
    return NULL;
}

static void blanks(const struct drawing *d, size_t n)
{
    text_addf(d->out, "%*s", (int)n, "");
}

/* ---- labels --------------------------------------------------------------------------------------------------------------- */

static size_t characters(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static const char *skip(const char *s, size_t n)
{
    while (n-- && *s)
        do
            s++;
        while (((unsigned char)*s & 0xc0) == 0x80);
    return s;
}

static void add_plain(const struct drawing *d, const char *s, const char *end)
{
    for (; s < end; s = skip(s, 1))
        if (d->style.utf8 || (unsigned char)*s < 0x80)
            text_add(d->out, s, (size_t)(skip(s, 1) - s));
        else
            text_adds(d->out, "?");
}

static void add_label(const struct drawing *d, const char *label)
{
    size_t len = characters(label);
    if (len <= d->label_width) {
        add_plain(d, label, label + strlen(label));
        blanks(d, d->label_width - len);
        return;
    }
    const char *ellipsis = d->style.utf8 ? "\xe2\x80\xa6" : "~";
    size_t head = (d->label_width - 1) / 3, tail = d->label_width - 1 - head;
    add_plain(d, label, skip(label, head));
    text_adds(d->out, ellipsis);
    const char *end = skip(label, len - tail);
    add_plain(d, end, end + strlen(end));
}

/* ---- bars ------------------------------------------------------------------------------------------------------------------ */

/* The phase that has most of a cell, or NULL. */
static const struct look *look_of_cell(const struct waterfall_row *row, uint64_t begin_ns, uint64_t end_ns)
{
    uint64_t share[PHASES] = {0}, most = 0;
    const struct look *found = NULL;
    for (size_t i = 0; i < row->span_count; i++) {
        const struct phase_span *s = &row->spans[i];
        uint64_t from = s->begin_ns > begin_ns ? s->begin_ns : begin_ns;
        uint64_t to = s->end_ns < end_ns ? s->end_ns : end_ns;
        const struct look *look = look_of(s->phase);
        if (from >= to)
            continue;
        share[look->phase] += to - from;
        if (share[look->phase] >= most) {
            most = share[look->phase];
            found = look;
        }
    }
    return found;
}

/* Where a column begins. */
static uint64_t at_column(const struct drawing *d, size_t column)
{
    return (uint64_t)((double)d->axis_ns / (double)d->bar_width * (double)column);
}

static void add_cell(const struct drawing *d, const struct look *look, const struct look **before)
{
    if (d->style.colour && look != *before)
        text_adds(d->out, look ? look->colour : RESET);
    *before = look;
    text_adds(d->out, !look ? " " : d->style.utf8 ? look->utf8 : look->ascii);
}

/* Its last cell shows what it ended with, however short that was. */
static void add_bar(const struct drawing *d, const struct waterfall *w, const struct waterfall_row *row)
{
    uint64_t offset_ns = row->start_ns - w->begin_ns;
    const struct look *before = NULL;
    bool ended = false;
    for (size_t c = 0; c < d->bar_width; c++) {
        uint64_t begin_ns = at_column(d, c), end_ns = at_column(d, c + 1);
        bool last = !ended && (offset_ns + row->took_ns <= end_ns || c + 1 == d->bar_width);
        const struct look *look = NULL;
        if (!ended && end_ns > offset_ns)
            look = look_of_cell(row, begin_ns > offset_ns ? begin_ns - offset_ns : 0, end_ns - offset_ns);
        if (last && row->span_count)
            look = look_of(row->spans[row->span_count - 1].phase);
        ended = ended || last;
        add_cell(d, look, &before);
    }
    if (d->style.colour && before)
        text_adds(d->out, RESET);
}

static void add_row(const struct drawing *d, const struct waterfall *w, const struct waterfall_row *row)
{
    char took[32], how[16];
    text_addf(d->out, "%*llu ", (int)d->n_width, (unsigned long long)row->n);
    add_label(d, row->label);
    text_adds(d->out, " ");
    add_bar(d, w, row);
    snprintf(took, sizeof took, "%.3f s", (double)row->took_ns / 1e9);
    if (row->code && !row->status)
        snprintf(how, sizeof how, "e%d", row->code);
    else
        snprintf(how, sizeof how, "%d", row->status);
    text_addf(d->out, " %9s ", took);
    if (d->style.colour && row->code)
        text_addf(d->out, FAILED "%s" RESET, how);
    else
        text_addf(d->out, "%s%s", how, row->code && row->status ? "!" : "");
    text_adds(d->out, "\n");
}

/* ---- axis and legend -------------------------------------------------------------------------------------------------------- */

/* 1, 2 or 5 times a power of ten: the least that is not below. */
static double round_up(double value)
{
    double power = 1e-9;
    while (power * 10 <= value)
        power *= 10;
    return value <= power ? power : value <= 2 * power ? 2 * power : value <= 5 * power ? 5 * power : 10 * power;
}

static void add_axis(const struct drawing *d)
{
    double axis = (double)d->axis_ns / 1e9, cell = axis / (double)d->bar_width;
    double step = round_up(cell * TICK);
    size_t column = 0;
    blanks(d, d->n_width + 1 + d->label_width + 1);
    for (unsigned i = 0;; i++) {
        char mark[32];
        size_t at = (size_t)((double)i * step / cell + 0.5);
        size_t len = (size_t)snprintf(mark, sizeof mark, "|%.6g s", (double)i * step);
        if (at + len > d->bar_width + 10 || at >= d->bar_width)
            break;
        blanks(d, at - column);
        text_adds(d->out, mark);
        column = at + len;
    }
    text_adds(d->out, "\n");
}

static void add_legend(const struct drawing *d)
{
    for (size_t i = 0; i < LOOKS; i++) {
        const struct look *look = &looks[i];
        const char *glyph = d->style.utf8 ? look->utf8 : look->ascii;
        text_addf(d->out, "%s%s%s%s%s %s", i ? "  " : "", d->style.colour ? look->colour : "", glyph, glyph,
                  d->style.colour ? RESET : "", phase_names[look->phase]);
    }
    text_adds(d->out, "\n");
}

/* ---- the whole --------------------------------------------------------------------------------------------------------------- */

struct row_order {
    const struct waterfall_row *row;
};

static int by_start(const void *a, const void *b)
{
    const struct waterfall_row *x = ((const struct row_order *)a)->row, *y = ((const struct row_order *)b)->row;
    if (x->start_ns != y->start_ns)
        return x->start_ns < y->start_ns ? -1 : 1;
    return x->n < y->n ? -1 : x->n > y->n;
}

static void add_rows(const struct drawing *d, const struct waterfall *w)
{
    struct row_order order[WATERFALL_ROWS];
    unsigned long long all = w->others;
    all += w->count;
    for (size_t i = 0; i < w->count; i++)
        order[i].row = &w->rows[i];
    qsort(order, w->count, sizeof(struct row_order), by_start);
    for (size_t i = 0; i < w->count; i++)
        add_row(d, w, order[i].row);
    if (w->others)
        text_addf(d->out, "These are the %zu slowest of %llu; the others took %.3f s at most, %.3f s on average.\n",
                  w->count, all, (double)w->others_max_ns / 1e9, (double)w->others_ns / (double)w->others / 1e9);
}

static void measure(struct drawing *d, const struct waterfall *w)
{
    if (w->end_ns - w->begin_ns > d->axis_ns)
        d->axis_ns = w->end_ns - w->begin_ns;
    for (size_t i = 0; i < w->count; i++) {
        char n[24];
        size_t n_width = (size_t)snprintf(n, sizeof n, "%llu", (unsigned long long)w->rows[i].n);
        size_t label = characters(w->rows[i].label);
        d->n_width = n_width > d->n_width ? n_width : d->n_width;
        d->label_width = label > d->label_width ? label : d->label_width;
    }
}

void waterfall_draw(struct text *out, const struct waterfall *const *w, const char *const *names, size_t count,
                    struct waterfall_style style)
{
    struct drawing d = {.out = out, .style = style, .label_width = LABEL_MIN, .axis_ns = 1};
    size_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        measure(&d, w[i]);
        rows += w[i]->count;
    }
    if (!rows)
        return;
    if (d.label_width > style.width / 3)
        d.label_width = style.width / 3;
    d.bar_width = style.width - d.n_width - d.label_width - 2 - FIGURES;
    for (size_t i = 0; i < count; i++) {
        if (names[i])
            text_addf(out, "%s%s, %.3f s:\n", i ? "\n" : "", names[i], (double)(w[i]->end_ns - w[i]->begin_ns) / 1e9);
        add_rows(&d, w[i]);
    }
    add_axis(&d);
    add_legend(&d);
}
