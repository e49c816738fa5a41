/* Options that stand in files. */
#include "parser.h"
#include "config.h"
#include "options_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONFIG_DEPTH_MAX = 10 };

/* An option that stands in a file as it would on a command line. */
static int parse_line(struct parser *outer, const struct config_option *option)
{
    char *name = option->name;
    if (*name != '-') {
        size_t size = strlen(name) + 3;
        if (!(name = options_own(outer->o, malloc(size))))
            return options_no_memory(outer->o);
        snprintf(name, size, "--%s", option->name);
    }
    char *argv[] = {name, option->value};
    struct parser p = {.o = outer->o, .argc = option->value ? 2 : 1, .argv = argv, .depth = outer->depth + 1};
    int rc = parser_option(&p, name);
    if (rc == 0 && option->value && p.at == 0)
        rc = options_fail(p.o, EXIT_USAGE, "%s takes no argument", p.shown);
    return rc;
}

/* Names the line in o->error, unless that names one already, of a file within. */
static void blame_line(struct options *o, const char *path, unsigned number)
{
    if (o->error_placed)
        return;
    o->error_placed = true;
    char why[sizeof o->error];
    memcpy(why, o->error, sizeof why);
    snprintf(o->error, sizeof o->error, "%.200s, line %u: %.380s", path, number, why);
}

static int parse_config(struct parser *p, const char *path, char *text)
{
    struct config config;
    struct config_option option;
    config_init(&config, text);
    while (config_next(&config, &option)) {
        if (option.extra)
            options_warn(p->o, "%.60s, line %u: what stands behind a blank is passed over; use quotes", path,
                         config.number);
        int rc = parse_line(p, &option);
        if (rc) {
            blame_line(p->o, path, config.number);
            return rc;
        }
    }
    return 0;
}

int parser_config(struct parser *p, const char *path)
{
    char *text = NULL;
    if (p->depth == CONFIG_DEPTH_MAX)
        return options_fail(p->o, EXIT_USAGE, "%s: over %d files that name each other", p->shown, CONFIG_DEPTH_MAX);
    int rc = strcmp(path, "-") == 0 ? options_claim_stdin(p->o, "-K -") : 0;
    if (rc == 0)
        rc = parser_read_file(p, path, &text);
    return rc ? rc : parse_config(p, path, text);
}

static bool asks_for_help(const struct parser *p)
{
    static const char *const asks[] = {"-h", "--help", "-V", "--version"};
    for (int i = 1; i < p->argc && strcmp(p->argv[i], "--") != 0; i++)
        for (size_t j = 0; j < sizeof asks / sizeof asks[0]; j++)
            if (strcmp(p->argv[i], asks[j]) == 0)
                return true;
    return false;
}

/* -q counts as the first argument, as in curl. Who asks for help may do so for a mistake in that very file. */
bool parser_wants_default_config(const struct parser *p)
{
    const char *first = p->argc > 1 ? p->argv[1] : "";
    bool off = strcmp(first, "--disable") == 0 || (first[0] == '-' && first[1] == 'q');
    return p->argc > 1 && !off && !asks_for_help(p);
}

/* $XDG_CONFIG_HOME/afetch/config, by default in ~/.config. NULL: there is none, or no memory. */
static char *default_config(struct options *o)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME"), *below = "";
    if (!base || *base != '/') {
        base = home;
        below = "/.config";
    }
    if (!base || *base != '/')
        return NULL;
    size_t size = strlen(base) + strlen(below) + sizeof "/afetch/config";
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s%s/afetch/config", base, below);
    if (path && access(path, F_OK) == 0)
        return options_own(o, path);
    free(path);
    return NULL;
}

int parser_read_default_config(struct parser *p)
{
    const char *path = default_config(p->o);
    snprintf(p->shown, sizeof p->shown, "config");
    return path ? parser_config(p, path) : 0;
}
