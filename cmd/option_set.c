/* What stands with an option. */
#include "parser.h"
#include "bytes.h"
#include "options_auth.h"
#include "options_body.h"
#include "options_check.h"
#include "options_proxy.h"
#include "options_ranges.h"
#include "options_tls.h"
#include "option_value.h"
#include "protos.h"
#include "target.h"
#include "template.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADERS_MAX = 5000, HEADER_FILE_MAX = 1 << 20 };

/* ---- values ----------------------------------------------------------------------------------------------------- */

static void *value_of(struct options *o, const struct option *opt)
{
    return (char *)o + opt->offset;
}

static int set_count(struct parser *p, const struct option *opt, const char *value)
{
    uint64_t n;
    if (!value_digits(value, &n) || n < opt->min || n > opt->max)
        return options_fail(p->o, EXIT_USAGE, "%s: \"%.60s\" is not a number from %llu to %llu", p->shown, value,
                            (unsigned long long)opt->min, (unsigned long long)opt->max);
    *(unsigned *)value_of(p->o, opt) = (unsigned)n;
    return 0;
}

static int set_size(struct parser *p, const struct option *opt, const char *value)
{
    uint64_t bytes;
    if (!value_size(value, &bytes))
        return options_fail(p->o, EXIT_USAGE, "%s: \"%.60s\" is not a number of bytes, such as 5000, 100k or 1.5G",
                            p->shown, value);
    *(uint64_t *)value_of(p->o, opt) = bytes;
    return 0;
}

static int set_limit(struct parser *p, const struct option *opt, const char *value)
{
    uint64_t n = 0;
    bool none = strcmp(value, "-1") == 0;
    if (!none && (!value_digits(value, &n) || n > opt->max))
        return options_fail(p->o, EXIT_USAGE, "%s: \"%.60s\" is not a number from 0 to %llu, or -1 for no limit",
                            p->shown, value, (unsigned long long)opt->max);
    *(int *)value_of(p->o, opt) = none ? -1 : (int)n;
    return 0;
}

static int set_statuses(struct parser *p, const struct option *opt, const char *value)
{
    if (!value_is_statuses(value))
        return options_fail(p->o, EXIT_USAGE,
                            "%s: \"%.60s\" is no list of statuses from 100 to 999, such as 404,500-599", p->shown,
                            value);
    *(const char **)value_of(p->o, opt) = value;
    return 0;
}

static int set_seconds(struct parser *p, const struct option *opt, const char *value)
{
    uint64_t ms;
    if (!value_seconds(value, &ms))
        return options_fail(p->o, EXIT_USAGE,
                            "%s: \"%.60s\" is not a number of seconds (such as 10 or 0.5; 0: no limit)", p->shown,
                            value);
    *(uint64_t *)value_of(p->o, opt) = ms;
    return 0;
}

static int set_rate(struct parser *p, const struct option *opt, const char *value)
{
    uint64_t us;
    if (!value_rate(value, &us))
        return options_fail(p->o, EXIT_USAGE,
                            "%s: \"%.60s\" is not a number of transfers, such as 5/s, 5/15s, 100/h or 100", p->shown,
                            value);
    *(uint64_t *)value_of(p->o, opt) = us;
    return 0;
}

static void warn_proto(void *arg, const char *name, size_t len)
{
    struct parser *p = arg;
    options_warn(p->o, "%s: \"%.*s\" is none of http, https and all", p->shown, len > 20 ? 20 : (int)len, name);
}

static int set_protos(struct parser *p, const struct option *opt, const char *value)
{
    unsigned protos = protos_parse(value, warn_proto, p);
    if (!protos)
        return options_fail(p->o, EXIT_USAGE, "%s: \"%.60s\" leaves neither http nor https", p->shown, value);
    *(unsigned *)value_of(p->o, opt) = protos;
    return 0;
}

static int set_choice(struct parser *p, const struct option *opt, const char *value)
{
    size_t len = strlen(value);
    for (const char *word = opt->choices; *word;) {
        size_t n = strcspn(word, " ");
        if (n == len && strncasecmp(word, value, n) == 0) {
            *(const char **)value_of(p->o, opt) = value;
            return 0;
        }
        word += n + strspn(word + n, " ");
    }
    return options_fail(p->o, EXIT_USAGE, "%s: \"%.60s\" is none of: %s", p->shown, value, opt->choices);
}

static int set_token(struct parser *p, const struct option *opt, const char *value)
{
    size_t len = 0;
    while (value_is_token((unsigned char)value[len]))
        len++;
    if (len == 0 || value[len])
        return options_fail(p->o, EXIT_USAGE, "%s: \"%.60s\" is not a word of letters, digits and !#$%%&'*+-.^_`|~",
                            p->shown, value);
    *(const char **)value_of(p->o, opt) = value;
    return 0;
}

static int add_header(struct parser *p, struct options_list *list, const char *line)
{
    if (!*line)
        return 0;
    if (!value_is_field(line))
        return options_fail(p->o, EXIT_USAGE, "%s: a header may not hold a line end or another control character",
                            p->shown);
    size_t name = 0;
    while (value_is_token((unsigned char)line[name]))
        name++;
    if (name == 0 || (line[name] != ':' && line[name] != ';'))
        return options_fail(p->o, EXIT_USAGE,
                            "%s: a header is \"Name: value\" (\"Name:\" leaves it out, \"Name;\" sends it empty)",
                            p->shown);
    if (list->count == HEADERS_MAX)
        return options_fail(p->o, EXIT_USAGE, "%s: over %d headers", p->shown, HEADERS_MAX);
    return options_list_add(p->o, list, line);
}

/* ---- standard input and files ----------------------------------------------------------------------------------- */

/* The whole of a small file, NUL-terminated, owned by the options. */
int parser_read_file(struct parser *p, const char *path, char **out)
{
    struct bytes bytes = {0};
    char **owned = realloc(p->o->owned, (p->o->owned_count + 1) * sizeof *owned);
    int error = owned ? bytes_add_file(&bytes, path, HEADER_FILE_MAX - 1) : ENOMEM;
    int rc = 0;
    if (owned)
        p->o->owned = owned;
    if (error == ENOMEM)
        rc = options_no_memory(p->o);
    else if (error == EFBIG)
        rc = options_fail(p->o, EXIT_READ, "%s: %.200s is over %d bytes", p->shown, path, HEADER_FILE_MAX - 1);
    else if (error)
        rc = options_fail(p->o, EXIT_READ, "%s: %.200s cannot be read: %s", p->shown, path, strerror(error));
    else if (memchr(bytes.data, '\0', bytes.len))
        rc = options_fail(p->o, EXIT_USAGE, "%s: %.200s holds a NUL character", p->shown, path);
    if (rc)
        bytes_deinit(&bytes);
    else
        *out = owned[p->o->owned_count++] = bytes.data;
    return rc;
}

static int set_header(struct parser *p, const struct option *opt, const char *value)
{
    struct options_list *list = value_of(p->o, opt);
    if (value[0] != '@')
        return add_header(p, list, value);
    int rc = strcmp(value, "@-") == 0 ? options_claim_stdin(p->o, opt->letter ? "-H @-" : "--proxy-header @-") : 0;
    char *text = NULL;
    if (rc == 0)
        rc = parser_read_file(p, value + 1, &text);
    while (rc == 0 && text && *text) {
        char *end = text + strcspn(text, "\n");
        char *next = *end ? end + 1 : end;
        *end = '\0';
        if (end > text && end[-1] == '\r')
            end[-1] = '\0';
        rc = add_header(p, list, text);
        text = next;
    }
    return rc;
}

static int set_format(struct parser *p, const struct option *opt, const char *value)
{
    const char **to = value_of(p->o, opt);
    *to = value;
    if (value[0] != '@')
        return 0;
    int rc = strcmp(value, "@-") == 0 ? options_claim_stdin(p->o, "-w @-") : 0;
    char *text = NULL;
    if (rc == 0)
        rc = parser_read_file(p, value + 1, &text);
    if (rc)
        return rc;
    char *end = text;
    for (const char *c = text ? text : ""; *c; c++)
        if (*c != '\r' && *c != '\n')
            *end++ = *c;
    if (text)
        *end = '\0';
    *to = text ? text : "";
    return 0;
}

static int add_input(struct parser *p, enum options_input_kind kind, const char *text)
{
    struct options *o = p->o;
    struct options_input *inputs = realloc(o->inputs, (o->input_count + 1) * sizeof *inputs);
    if (!inputs)
        return options_no_memory(o);
    o->inputs = inputs;
    inputs[o->input_count++] = (struct options_input){.kind = kind, .text = text};
    return 0;
}

static int add_list(struct parser *p, const char *path, const char *who)
{
    if (strcmp(path, "-") == 0) {
        int rc = options_claim_stdin(p->o, who);
        return rc ? rc : add_input(p, INPUT_LIST, path);
    }
    struct stat st;
    int bad = stat(path, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? EISDIR : access(path, R_OK) < 0 ? errno : 0;
    if (bad)
        return options_fail(p->o, EXIT_READ, "%s: %.200s cannot be read: %s", p->shown, path, strerror(bad));
    return add_input(p, INPUT_LIST, path);
}

static int set_url(struct parser *p, const char *value)
{
    if (strcmp(value, "-") == 0)
        return options_fail(p->o, EXIT_USAGE, "%s: standard input is \"@-\" here", p->shown);
    if (!*value)
        return options_fail(p->o, EXIT_USAGE, "%s: an empty URL", p->shown);
    return value[0] == '@' ? add_list(p, value + 1, "--url @-") : add_input(p, INPUT_URL, value);
}

/* What stands where a URL stands. */
int parser_operand(struct parser *p, const char *arg)
{
    if (strcmp(arg, "-") == 0)
        return add_list(p, arg, "-");
    uint64_t n;
    if (!*arg)
        return options_fail(p->o, EXIT_USAGE, "an empty argument where a URL should be");
    if (value_digits(arg, &n))
        return options_fail(p->o, EXIT_USAGE, "%.20s is not a URL; did you mean -P %.20s?", arg, arg);
    return add_input(p, INPUT_URL, arg);
}

static int set_output(struct parser *p, const char *value)
{
    if (!*value)
        return options_fail(p->o, EXIT_USAGE, "%s: an empty file name", p->shown);
    char why[120];
    if (!template_check(value, why, sizeof why))
        return options_fail(p->o, EXIT_USAGE, "%s: %s", p->shown, why);
    return options_list_add(p->o, &p->o->outputs, value);
}

static int set_octal(struct parser *p, const struct option *opt, const char *value)
{
    size_t len = strspn(value, "01234567");
    unsigned long mode = len && !value[len] && len < 8 ? strtoul(value, NULL, 8) : 0;
    if (mode == 0 || mode > 0777)
        return options_fail(p->o, EXIT_USAGE, "%s: \"%.60s\" is not a mode from 1 to 777, in octal", p->shown, value);
    *(unsigned *)value_of(p->o, opt) = (unsigned)mode;
    return 0;
}

static int set_cert(struct parser *p, const struct option *opt, const char *value)
{
    struct afetch_tls *tls = value_of(p->o, opt);
    char *file = options_own(p->o, malloc(strlen(value) + 1));
    if (!file)
        return options_no_memory(p->o);
    const char *password = NULL, *why = options_split_cert(value, file, &password);
    if (why)
        return options_fail(p->o, EXIT_USAGE, "%s: %s", p->shown, why);
    tls->cert_file = file;
    if (password)
        tls->key_password = password;
    return 0;
}

static int set_proxy(struct parser *p, const struct option *opt, const char *value)
{
    if (!value_is_field(value) || (opt->choices && !*value))
        return options_fail(p->o, EXIT_USAGE, "%s: no proxy is named", p->shown);
    char *url = opt->choices ? options_own(p->o, options_proxy_url(opt->choices, value)) : NULL;
    if (opt->choices && !url)
        return options_no_memory(p->o);
    *(const char **)value_of(p->o, opt) = url ? url : value;
    return 0;
}

/* ---- one option ------------------------------------------------------------------------------------------------- */

/* why: what is wrong with a value, or NULL. */
static int said(struct parser *p, const char *why)
{
    return why ? options_fail(p->o, EXIT_USAGE, "%s: %s", p->shown, why) : 0;
}

static void stop_tracing(struct options *o)
{
    o->trace = TRACE_NONE;
    o->verbose = 0;
    o->trace_file = NULL;
}

/* As in curl: -v -v is -v, but -vv is more. */
static void be_verbose(struct parser *p)
{
    struct options *o = p->o;
    if (o->trace_file)
        options_warn(o, "-v takes the place of --trace and --trace-ascii");
    o->verbose = p->verbose_at == p->at + 1 ? o->verbose + 1 : 1;
    p->verbose_at = p->at + 1;
    o->trace = o->verbose > 2 ? TRACE_ASCII : TRACE_PLAIN;
    o->trace_file = NULL;
}

static int set_trace(struct parser *p, const struct option *opt, const char *value)
{
    struct options *o = p->o;
    if (!*value)
        return options_fail(o, EXIT_USAGE, "%s: an empty argument", p->shown);
    if (o->trace && o->trace != (enum options_trace)opt->min)
        options_warn(o, "%s takes the place of what was asked for before it, such as -v", p->shown);
    stop_tracing(o);
    o->trace = (enum options_trace)opt->min;
    o->trace_file = value;
    return 0;
}

int parser_set(struct parser *p, const struct option *opt, const char *value)
{
    switch (opt->kind) {
    case OPTION_COUNT:
        return set_count(p, opt, value);
    case OPTION_SIZE:
        return set_size(p, opt, value);
    case OPTION_LIMIT:
        return set_limit(p, opt, value);
    case OPTION_STATUSES:
        return set_statuses(p, opt, value);
    case OPTION_SECONDS:
        return set_seconds(p, opt, value);
    case OPTION_RATE:
        return set_rate(p, opt, value);
    case OPTION_PROTOS:
        return set_protos(p, opt, value);
    case OPTION_CHOICE:
        return set_choice(p, opt, value);
    case OPTION_TOKEN:
        return set_token(p, opt, value);
    case OPTION_FIELD:
        if (strlen(value) < opt->min)
            return options_fail(p->o, EXIT_USAGE, "%s: an empty argument", p->shown);
        if (!value_is_field(value))
            return options_fail(p->o, EXIT_USAGE,
                                "%s: its argument may not hold a line end or another control character", p->shown);
        *(const char **)value_of(p->o, opt) = value;
        return 0;
    case OPTION_TEXT:
    case OPTION_MAYBE:
        if (!*value)
            return options_fail(p->o, EXIT_USAGE, "%s: an empty argument", p->shown);
        *(const char **)value_of(p->o, opt) = value;
        return 0;
    case OPTION_LIST:
        return options_list_add(p->o, value_of(p->o, opt), value);
    case OPTION_HEADER:
        return set_header(p, opt, value);
    case OPTION_FORMAT:
        return set_format(p, opt, value);
    case OPTION_OUTPUT:
        return set_output(p, value);
    case OPTION_URL:
        return set_url(p, value);
    case OPTION_CERT:
        return set_cert(p, opt, value);
    case OPTION_CONFIG:
        return parser_config(p, value);
    case OPTION_OCTAL:
        return set_octal(p, opt, value);
    case OPTION_SHARD:
        if (!shard_parse(value_of(p->o, opt), value))
            return options_fail(p->o, EXIT_USAGE,
                                "%s: \"%.60s\" is not K/N, such as 2/5, with N from 1 to %d and K from 1 to N",
                                p->shown, value, SHARDS_MAX);
        return 0;
    case OPTION_PROXY:
        return set_proxy(p, opt, value);
    case OPTION_COOKIE:
        return options_add_cookie(p->o, p->shown, value);
    case OPTION_USER:
        return options_set_user(p->o, value) ? 0 : options_no_memory(p->o);
    case OPTION_UPLOAD:
        return options_add_upload(p->o, p->shown, value);
    case OPTION_FORM:
        return options_add_form(p->o, p->shown, opt->min != 0, value);
    case OPTION_DATA:
        return options_add_data(p->o, p->shown, (unsigned)opt->min, value);
    case OPTION_RANGE:
        return said(p, options_set_range(p->o, value));
    case OPTION_CONTINUE:
        return said(p, options_set_continue(p->o, value));
    case OPTION_TIME:
        options_set_condition(p->o, value);
        return 0;
    case OPTION_TRACE:
        return set_trace(p, opt, value);
    case OPTION_FLAG:
    case OPTION_VERBOSE:
    case OPTION_SET:
    case OPTION_BITS:
    case OPTION_REMOTE:
    case OPTION_HELP:
    case OPTION_VERSION:
    case OPTION_SOON:
        break;
    }
    return 0;
}

/* ---- what takes no value ------------------------------------------------------------------------------------------ */

int parser_turn_on(struct parser *p, const struct option *opt)
{
    struct options *o = p->o;
    void *value = value_of(o, opt);
    switch (opt->kind) {
    case OPTION_VERSION:
        o->action = o->action == ACTION_HELP ? ACTION_HELP : ACTION_VERSION;
        return 0;
    case OPTION_REMOTE:
        return options_list_add(o, &o->outputs, TARGET_REMOTE);
    case OPTION_SET:
        *(unsigned *)value = (unsigned)opt->min;
        return 0;
    case OPTION_BITS:
        *(unsigned *)value |= (unsigned)opt->min;
        return 0;
    case OPTION_MAYBE:
        *(const char **)value = "";
        return 0;
    case OPTION_VERBOSE:
        be_verbose(p);
        return 0;
    default:
        *(bool *)value = true;
        return 0;
    }
}

void parser_turn_off(struct parser *p, const struct option *opt)
{
    void *value = value_of(p->o, opt);
    if (opt->kind == OPTION_SET)
        *(unsigned *)value = (unsigned)opt->max;
    else if (opt->kind == OPTION_BITS)
        *(unsigned *)value &= ~(unsigned)opt->min;
    else if (opt->kind == OPTION_VERBOSE)
        stop_tracing(p->o);
    else
        *(bool *)value = false;
}
