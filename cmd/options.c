#include "parser.h"
#include "options_auth.h"
#include "options_body.h"
#include "options_check.h"
#include "option_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one option ------------------------------------------------------------------------------------------------- */

static bool takes_value(const struct option *opt)
{
    return opt->kind != OPTION_FLAG && opt->kind != OPTION_SET && opt->kind != OPTION_BITS &&
           opt->kind != OPTION_HELP && opt->kind != OPTION_VERSION && opt->kind != OPTION_SOON &&
           opt->kind != OPTION_MAYBE && opt->kind != OPTION_REMOTE && opt->kind != OPTION_VERBOSE;
}

static int set_help(struct parser *p, const char *value)
{
    if (!value && p->at + 1 < p->argc && p->argv[p->at + 1][0] != '-')
        value = p->argv[++p->at];
    if (value && !help_known(value))
        return options_fail(p->o, EXIT_USAGE, "%s: there is no topic \"%.60s\"; \"afetch --help category\" lists them",
                            p->shown, value);
    p->o->action = ACTION_HELP;
    p->o->help_topic = value;
    return 0;
}

/* An option that was found. value: what stood behind "=" or the letter, else NULL. */
static int apply(struct parser *p, const struct option *opt, const char *value)
{
    if (opt->kind == OPTION_SOON)
        return options_fail(p->o, EXIT_USAGE, "%s is not there yet", p->shown);
    if (opt->kind == OPTION_HELP)
        return set_help(p, value);
    if (opt->once)
        p->o->once = opt->name;
    if (opt->kind == OPTION_MAYBE && value)
        return parser_set(p, opt, value);
    if (!takes_value(opt)) {
        if (value)
            return options_fail(p->o, EXIT_USAGE, "%s takes no argument", p->shown);
        return parser_turn_on(p, opt);
    }
    if (!value) {
        if (p->at + 1 >= p->argc)
            return options_fail(p->o, EXIT_USAGE, "%s needs an argument: %s %s", p->shown, p->shown, opt->arg);
        value = p->argv[++p->at];
    }
    return parser_set(p, opt, value);
}

static int unknown(struct parser *p, const char *name, size_t len)
{
    const struct option *near = option_find_near(name, len);
    if (near && near->kind == OPTION_SOON)
        return options_fail(p->o, EXIT_USAGE, "unknown option %s (there is to be --%s)", p->shown, near->name);
    if (near)
        return options_fail(p->o, EXIT_USAGE, "unknown option %s; did you mean --%s?", p->shown, near->name);
    return options_fail(p->o, EXIT_USAGE, "unknown option %s", p->shown);
}

/* --no-NAME, for what is no option by that whole name. */
static int parse_negated(struct parser *p, const char *name, size_t len, bool has_value)
{
    const struct option *opt = option_find_name(name, len);
    if (!opt)
        return unknown(p, name - 3, len + 3);
    if (opt->kind == OPTION_SOON)
        return options_fail(p->o, EXIT_USAGE, "%s is not there yet", p->shown);
    if (opt->kind != OPTION_FLAG && opt->kind != OPTION_BITS && opt->kind != OPTION_VERBOSE &&
        !(opt->kind == OPTION_SET && opt->max))
        return options_fail(p->o, EXIT_USAGE, "there is no %s: --%s is not a switch", p->shown, opt->name);
    if (has_value)
        return options_fail(p->o, EXIT_USAGE, "%s takes no argument", p->shown);
    parser_turn_off(p, opt);
    if (p->o->once == opt->name)
        p->o->once = NULL;
    return 0;
}

static int parse_long(struct parser *p, const char *arg)
{
    const char *name = arg + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] ? name + len + 1 : NULL;
    snprintf(p->shown, sizeof p->shown, "--%.*s", (int)(len < NAME_MAX_SHOWN ? len : NAME_MAX_SHOWN), name);

    const struct option *opt = option_find_name(name, len);
    if (opt)
        return apply(p, opt, value);
    const struct option_lacking *lacking = option_find_lacking(name, len);
    if (lacking)
        return options_fail(p->o, EXIT_USAGE, "curl's %s is not supported: %s", p->shown, lacking->why);
    if (len > 3 && memcmp(name, "no-", 3) == 0)
        return parse_negated(p, name + 3, len - 3, value != NULL);
    return unknown(p, name, len);
}

static int unknown_letter(struct parser *p, const char *arg, char c)
{
    const struct option_lacking *lacking = option_find_lacking_letter(c);
    if (lacking)
        return options_fail(p->o, EXIT_USAGE, "curl's -%c (--%s) is not supported: %s", c, lacking->name, lacking->why);
    bool shown = (unsigned char)c > 0x20 && (unsigned char)c < 0x7f;
    if (arg[2])
        return shown ? options_fail(p->o, EXIT_USAGE, "unknown option -%c in %.60s", c, arg)
                     : options_fail(p->o, EXIT_USAGE, "unknown option in %.60s", arg);
    return options_fail(p->o, EXIT_USAGE, "unknown option %.60s", arg);
}

/* -s, -sSk, -P8, -sP 8 */
static int parse_bundle(struct parser *p, const char *arg)
{
    for (const char *c = arg + 1; *c; c++) {
        const struct option *opt = option_find_letter(*c);
        if (!opt)
            return unknown_letter(p, arg, *c);
        if (opt->kind == OPTION_SOON)
            snprintf(p->shown, sizeof p->shown, "-%c (--%s)", *c, opt->name);
        else
            snprintf(p->shown, sizeof p->shown, "-%c", *c);
        bool rest = takes_value(opt) && c[1];
        int rc = apply(p, opt, rest ? c + 1 : NULL);
        if (rc || rest)
            return rc;
        if (opt->kind == OPTION_HELP && p->o->help_topic)
            return 0;
    }
    return 0;
}

static int parse_letters(struct parser *p, const char *arg)
{
    int rc = parse_bundle(p, arg);
    const struct option *meant = rc && arg[2] ? option_find_name(arg + 1, strlen(arg + 1)) : NULL;
    return meant ? options_fail(p->o, EXIT_USAGE, "unknown option %.60s; did you mean --%s?", arg, meant->name) : rc;
}

int parser_option(struct parser *p, const char *arg)
{
    return arg[1] == '-' ? parse_long(p, arg) : parse_letters(p, arg);
}

/* ---- a command line ---------------------------------------------------------------------------------------------- */

static int parse_all(struct parser *p)
{
    bool operands = false;
    int rc = 0;
    for (; rc == 0 && p->at < p->argc; p->at++) {
        const char *arg = p->argv[p->at];
        if (operands || arg[0] != '-' || !arg[1])
            rc = parser_operand(p, arg);
        else if (strcmp(arg, "--") == 0)
            operands = true;
        else
            rc = parser_option(p, arg);
    }
    return rc;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

int options_parse(struct options *o, int argc, char **argv)
{
    *o = (struct options){.fail = FAIL_DROP,
                          .location = true,
                          .max_redirs = 10,
                          .parallel = true,
                          .parallel_max = 64,
                          .http_minor = 1,
                          .connect_timeout_ms = 30000,
                          .repeat = 1,
                          .happy_eyeballs_ms = 250,
                          .keepalive = true,
                          .expect100_timeout_ms = 1000,
                          .proto_default = "http"};
    struct parser p = {.o = o, .argc = argc, .at = 1, .argv = argv};
    int rc = parser_wants_default_config(&p) ? parser_read_default_config(&p) : 0;
    if (rc == 0)
        rc = parse_all(&p);
    return rc ? rc : options_check(o);
}

char *options_own(struct options *o, char *text)
{
    char **owned = text ? realloc(o->owned, (o->owned_count + 1) * sizeof *owned) : NULL;
    if (!owned) {
        free(text);
        return NULL;
    }
    o->owned = owned;
    return owned[o->owned_count++] = text;
}

void options_deinit(struct options *o)
{
    for (size_t i = 0; i < o->owned_count; i++)
        free(o->owned[i]);
    free(o->owned);
    options_deinit_body(o);
    options_deinit_auth(o);
    free(o->headers.item);
    free(o->resolve.item);
    free(o->connect_to.item);
    free(o->proxy_headers.item);
    free(o->outputs.item);
    free(o->uploads.item);
    free(o->inputs);
}
