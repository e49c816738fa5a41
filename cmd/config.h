/* A config file in curl's syntax: an option a line, with or without its dashes, and its value behind blanks, "=" or ":".
 * Taken apart in place; depends on nothing. Used by options_config.c. */
#ifndef AFETCH_CMD_CONFIG_H
#define AFETCH_CMD_CONFIG_H

#include <stdbool.h>

struct config {
    char *rest;      /* what was not taken yet; the caller's */
    unsigned number; /* of the line taken last, from 1 */
};

struct config_option {
    char *name;  /* as it stands there: "url", "--url", "-o", "-sS" */
    char *value; /* NULL: none; without its quotes */
    bool extra;  /* more stands behind the value, which is not in quotes; it is passed over */
};

/* text: NUL-terminated; it is written into, and what options point to is in it. */
void config_init(struct config *c, char *text);
/* The next option; false: there is none any more. Blank lines and comments are passed over. */
bool config_next(struct config *c, struct config_option *out);

#endif
