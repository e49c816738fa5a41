/* Lists of statuses, such as "200-299,404". */
#ifndef AFETCH_FETCH_STATUSES_H
#define AFETCH_FETCH_STATUSES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct status_range {
    int low, high;
};

/* All zero is the empty list. */
struct statuses {
    struct status_range *ranges;
    size_t count;
};

/* Reads text into *out, which is empty and is freed by statuses_deinit in any case. ERR_USAGE, ERR_MEMORY. */
int statuses_parse(struct statuses *out, const char *text, struct error *err);
void statuses_deinit(struct statuses *s);

bool statuses_have(const struct statuses *s, int status);

#endif
