/* Globs in a URL of the command line, as curl reads them: {a,b} [1-100] [001-100:2] [a-z:3], each with a name if it
 * begins with one, as {<name>a,b}. What they come to is made one by one, so that its number costs nothing.
 * Depends on text.h alone; used by input.c, which goes through them, and template.c, which puts values into names. */
#ifndef AFETCH_CMD_GLOB_H
#define AFETCH_CMD_GLOB_H

#include "text.h"

struct glob;
struct glob_part;

struct glob_error {
    const char *what; /* a constant, in curl's words */
    size_t position;  /* in the text, from 1; 0: out of memory */
};

/* Reads text, which must outlive the glob. NULL, with why in *error. */
struct glob *glob_new(const char *text, struct glob_error *error);
void glob_free(struct glob *g);

/* The next URL, valid until the next call; the last glob changes fastest. A text without any gives one. NULL at the
 * end. Memory may run out: look at its failed. */
const struct text *glob_next(struct glob *g);

/* The n-th glob, from 1, or that of a name; NULL: there is none. */
const struct glob_part *glob_find(const struct glob *g, size_t n);
const struct glob_part *glob_find_name(const struct glob *g, const char *name, size_t len);
/* Adds what a glob stands for in the URL given last. */
void glob_add_value(const struct glob *g, const struct glob_part *part, struct text *out);

/* The length of a name in angle brackets at s, "<name>", less the brackets; 0 if there is none. */
size_t glob_name_at(const char *s);

#endif
