/* The name of an output file, made from -o and a URL: {n} {host} {path} {name}, {{ for a brace, and the values of the
 * URL's globs: #1 #2 ..., #<name>. Depends on text.h and glob.h alone. */
#ifndef AFETCH_CMD_TEMPLATE_H
#define AFETCH_CMD_TEMPLATE_H

#include "glob.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a template can be filled in; if not, why holds a sentence. */
bool template_check(const char *template, char *why, size_t why_size);

/* Whether each #<name> in it is a glob's. */
bool template_check_names(const char *template, const struct glob *glob, char *why, size_t why_size);

/* Fills it in for the n-th input. What stands for no glob's value stays as it is, as in curl; glob may be NULL. NULL with a sentence in why: the URL has an empty or a ".." part where the template
 * wants one, or memory is out. The caller frees the result. */
char *template_fill(const char *template, uint64_t n, const char *url, const struct glob *glob, char *why,
                    size_t why_size);

#endif
