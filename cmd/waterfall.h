/* --waterfall: the transfers of a run as lines on a common time axis. A waterfall is gathered as they end, and keeps no
 * more than those that are shown; plain data, so that the runs of --compare can hand theirs to their parent. */
#ifndef AFETCH_CMD_WATERFALL_H
#define AFETCH_CMD_WATERFALL_H

#include "phases.h"
#include "text.h"

#include <stdbool.h>

enum {
    WATERFALL_ROWS = 50,
    WATERFALL_LABEL = 120, /* bytes */
    WATERFALL_SPANS = 64
};

struct waterfall_row {
    char label[WATERFALL_LABEL]; /* UTF-8, its middle left out where it is too long */
    uint64_t n;
    uint64_t start_ns; /* CLOCK_MONOTONIC */
    uint64_t took_ns;
    int code, status;
    size_t span_count;
    struct phase_span spans[WATERFALL_SPANS];
};

struct waterfall {
    struct waterfall_row rows[WATERFALL_ROWS]; /* the slowest */
    size_t count;
    uint64_t others, others_ns, others_max_ns; /* that are not shown: how many, how long together, and at most */
    uint64_t begin_ns, end_ns;                 /* of all; CLOCK_MONOTONIC */
};

void waterfall_add(struct waterfall *w, const struct record *rec);

struct waterfall_style {
    size_t width; /* columns */
    bool colour;
    bool utf8;
};

/* What standard error, a terminal or not, takes. */
struct waterfall_style waterfall_style(void);

/* Draws several, one under the other, on one axis that begins with each; a name may be NULL. */
void waterfall_draw(struct text *out, const struct waterfall *const *w, const char *const *names, size_t count,
                    struct waterfall_style style);

#endif
