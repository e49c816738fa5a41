/* The reading of a command line, as its parts see it: options.c goes from argument to argument, option_set.c takes what
 * stands with an option, options_config.c reads files of them. Used by these alone. */
#ifndef AFETCH_CMD_PARSER_H
#define AFETCH_CMD_PARSER_H

#include "options.h"

enum { EXIT_USAGE = 2, EXIT_READ = 26, NAME_MAX_SHOWN = 60 };

struct parser {
    struct options *o;
    int argc, at; /* at: the argument in hand */
    char **argv;
    char shown[NAME_MAX_SHOWN + 4]; /* the option in hand as it was written: "-P" or "--parallel-max" */
    int depth;                      /* of config files that this stands in */
    int verbose_at;                 /* 1 + the argument that the last -v stood in */
};

/* All of these return 0, or an exit status with p->o->error. */

/* "-x" or "--name", with its value behind it or in the next argument. */
int parser_option(struct parser *p, const char *arg);
/* What stands where a URL stands. */
int parser_operand(struct parser *p, const char *arg);
/* An option's value, of whatever kind it is. */
int parser_set(struct parser *p, const struct option *opt, const char *value);
/* One that takes no value, and its --no-NAME. */
int parser_turn_on(struct parser *p, const struct option *opt);
void parser_turn_off(struct parser *p, const struct option *opt);
/* The whole of a small file ("-": standard input), NUL-terminated, owned by the options. */
int parser_read_file(struct parser *p, const char *path, char **out);

/* The options that stand in a file ("-": standard input). */
int parser_config(struct parser *p, const char *path);
/* Those of every run, unless the command line says otherwise. */
bool parser_wants_default_config(const struct parser *p);
int parser_read_default_config(struct parser *p);

#endif
