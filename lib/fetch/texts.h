/* Texts that callers give, and what is kept of them: copies, and refusals of what would break a head. Depends on base/
 * alone; any thread. */
#ifndef AFETCH_FETCH_TEXTS_H
#define AFETCH_FETCH_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* *to becomes a copy of from, or NULL where that is NULL. false without memory. */
bool texts_copy(char **to, const char *from);
/* The same for what goes into a head, where a line end would begin another field: ERR_USAGE, with what it is in err;
 * ERR_MEMORY. *to is NULL then. */
int texts_copy_for_head(char **to, const char *from, const char *what, struct error *err);
/* Whether there is a control character in len bytes. */
bool texts_have_control(const char *text, size_t len);

/* Lines for heads. All zero: none. */
struct texts_lines {
    char **line;
    size_t count;
};
/* Copies them; texts_lines_deinit in any case. what: "header". Errors as above. */
int texts_copy_lines(struct texts_lines *to, const char *const *lines, size_t count, const char *what,
                     struct error *err);
void texts_lines_deinit(struct texts_lines *t);

#endif
