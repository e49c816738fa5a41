/* The name of an output file, made from -o and a URL: {n} {host} {path} {name}, and {{ for a brace.
 * Depends on text.h alone. */
#ifndef AFETCH_CMD_TEMPLATE_H
#define AFETCH_CMD_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a template can be filled in; if not, why holds a sentence. */
bool template_check(const char *template, char *why, size_t why_size);

/* Fills it in for the n-th input. NULL with a sentence in why: the URL has an empty or a ".." part where the template
 * wants one, or memory is out. The caller frees the result. */
char *template_fill(const char *template, uint64_t n, const char *url, char *why, size_t why_size);

#endif
