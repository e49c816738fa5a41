/* The file that a body goes to: its path, made of -o or -O, --output-dir, the URL and what the server calls it (-J). No part
 * of it that comes from a URL, a list or a server leads out of the folder. Used by run.c and transfer.c. */
#ifndef AFETCH_CMD_TARGET_H
#define AFETCH_CMD_TARGET_H

#include "glob.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TARGET_REMOTE "" /* in place of a template: -O */

struct target {
    const char *folder;      /* --output-dir; NULL: none */
    const char *output;      /* a template (template.h), or TARGET_REMOTE */
    const char *out;         /* of the input itself, in its place; NULL: none */
    const char *url;         /* fit to be shown */
    const struct glob *glob; /* or NULL */
    uint64_t n;              /* which input, from 1 */
};

bool target_is_remote(const struct target *t);

/* NULL with a sentence in why: the URL has no name that is one, or memory is out. The caller frees it. */
char *target_path(const struct target *t, char *why, size_t why_size);

/* The same of -J: by the Content-Disposition field, else by the URL that was redirected to, else by the one asked for.
 * NULL for what there is not. */
char *target_named(const struct target *t, const char *disposition, const char *redirect, char *why, size_t why_size);

#endif
