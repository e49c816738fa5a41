#include "netrc.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- tokens ------------------------------------------------------------------------------------------------------ */

struct lexer {
    const char *p;
    const char *bad;
    char token[NETRC_TOKEN_MAX + 1];
    bool quoted;
};

/* Skips to the next token, and says whether there is one. */
static bool skip_space(struct lexer *lx)
{
    lx->p += strspn(lx->p, " \t\r\n");
    return *lx->p != '\0';
}

static bool put(struct lexer *lx, size_t *len, char c)
{
    if (*len == NETRC_TOKEN_MAX) {
        lx->bad = "a word is too long";
        return false;
    }
    lx->token[(*len)++] = c;
    lx->token[*len] = '\0';
    return true;
}

static char unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    }
    return c;
}

static bool lex_quoted(struct lexer *lx)
{
    size_t len = 0;
    for (lx->p++; *lx->p && *lx->p != '"'; lx->p++) {
        char c = *lx->p;
        if (c == '\\' && lx->p[1])
            c = unescape(*++lx->p);
        if (!put(lx, &len, c))
            return false;
    }
    if (!*lx->p) {
        lx->bad = "a quote is not closed";
        return false;
    }
    lx->p++;
    return true;
}

/* The next word, in token. False at the end, and where the file is bad. */
static bool lex(struct lexer *lx)
{
    size_t len = 0;
    lx->token[0] = '\0';
    if (!skip_space(lx))
        return false;
    lx->quoted = *lx->p == '"';
    if (lx->quoted)
        return lex_quoted(lx);
    for (; *lx->p && !strchr(" \t\r\n", *lx->p); lx->p++)
        if (!put(lx, &len, *lx->p))
            return false;
    return true;
}

static bool is_word(const struct lexer *lx, const char *word)
{
    return !lx->quoted && strcasecmp(lx->token, word) == 0;
}

/* A macro ends with an empty line. */
static void skip_macro(struct lexer *lx)
{
    while ((lx->p = strchr(lx->p, '\n'))) {
        lx->p++;
        lx->p += strspn(lx->p, "\r");
        if (*lx->p == '\n')
            return;
    }
    lx->p = "";
}

/* ---- entries ----------------------------------------------------------------------------------------------------- */

struct parser {
    struct lexer lx;
    struct netrc *n;
    struct netrc_entry entry; /* being read */
    bool within;              /* an entry has begun */
    bool memory;              /* is out */
};

static void entry_deinit(struct netrc_entry *e)
{
    free(e->host);
    free(e->login);
    free(e->password);
    *e = (struct netrc_entry){0};
}

static void keep(struct parser *ps)
{
    struct netrc *n = ps->n;
    if (n->count == n->size) {
        size_t size = n->size ? 2 * n->size : 8;
        struct netrc_entry *grown = realloc(n->entries, size * sizeof *grown);
        if (!grown) {
            ps->memory = true;
            return;
        }
        n->entries = grown;
        n->size = size;
    }
    n->entries[n->count++] = ps->entry;
    ps->entry = (struct netrc_entry){0};
}

static void end_entry(struct parser *ps)
{
    if (ps->within && (ps->entry.login || ps->entry.password))
        keep(ps);
    entry_deinit(&ps->entry);
    ps->within = false;
}

/* The word behind a keyword, whatever it is. */
static void value(struct parser *ps, char **field)
{
    if (!lex(&ps->lx) || !field)
        return;
    free(*field);
    *field = strdup(ps->lx.token);
    ps->memory = ps->memory || !*field;
}

static void word(struct parser *ps)
{
    bool machine = is_word(&ps->lx, "machine"), fallback = is_word(&ps->lx, "default");
    if (machine || fallback || is_word(&ps->lx, "macdef")) {
        end_entry(ps);
        ps->within = fallback;
    }
    if (machine) {
        value(ps, &ps->entry.host);
        ps->within = ps->entry.host != NULL;
    } else if (is_word(&ps->lx, "login")) {
        value(ps, &ps->entry.login);
    } else if (is_word(&ps->lx, "password")) {
        value(ps, &ps->entry.password);
    } else if (is_word(&ps->lx, "account")) {
        value(ps, NULL);
    } else if (is_word(&ps->lx, "macdef")) {
        skip_macro(&ps->lx);
    }
}

/* The text without the blanks that lines begin with, and without lines that are comments; NULL without memory. */
static char *clean(const char *text, size_t len, const char **bad)
{
    char *out = malloc(len + 1), *to = out;
    const char *end = text + len;
    while (out && text < end && !*bad) {
        const char *next = memchr(text, '\n', (size_t)(end - text));
        next = next ? next + 1 : end;
        if (next - text >= NETRC_LINE_MAX)
            *bad = "a line is too long";
        else if (memchr(text, '\0', (size_t)(next - text)))
            *bad = "there is a NUL byte in it";
        while (text < next && (*text == ' ' || *text == '\t'))
            text++;
        size_t n = text < next && *text == '#' ? 0 : (size_t)(next - text);
        if ((size_t)(to - out) + n >= NETRC_FILE_MAX)
            *bad = "it is too long";
        if (!*bad) {
            memcpy(to, text, n);
            to += n;
        }
        text = next;
    }
    if (out)
        *to = '\0';
    return out;
}

int netrc_parse(struct netrc *n, const char *text, size_t len)
{
    struct parser *ps = calloc(1, sizeof *ps);
    char *cleaned = ps ? clean(text, len, &n->bad) : NULL;
    if (!cleaned) {
        free(ps);
        return -1;
    }
    ps->n = n;
    ps->lx.p = n->bad ? "" : cleaned;
    while (!ps->memory && lex(&ps->lx))
        word(ps);
    /* an entry that is bad itself says nothing; after a file's last word it is whole */
    if (!ps->lx.bad)
        end_entry(ps);
    entry_deinit(&ps->entry);
    if (ps->lx.bad)
        n->bad = ps->lx.bad;
    int rc = ps->memory ? -1 : 0;
    free(cleaned);
    free(ps);
    return rc;
}

void netrc_deinit(struct netrc *n)
{
    for (size_t i = 0; i < n->count; i++)
        entry_deinit(&n->entries[i]);
    free(n->entries);
    *n = (struct netrc){0};
}

static bool fits(const struct netrc_entry *e, const char *host, const char *user)
{
    if (e->host && strcasecmp(e->host, host) != 0)
        return false;
    if (user && e->login)
        return strcmp(user, e->login) == 0 && e->password;
    return true; /* a password without a login is any user's */
}

enum netrc_answer netrc_find(const struct netrc *n, const char *host, const char *user, const char **login,
                             const char **password)
{
    user = user && *user ? user : NULL;
    for (size_t i = 0; i < n->count; i++) {
        const struct netrc_entry *e = &n->entries[i];
        if (!fits(e, host, user))
            continue;
        *login = user ? user : e->login;
        *password = e->password;
        return NETRC_FOUND;
    }
    return n->bad ? NETRC_BAD : NETRC_NONE;
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

/* A file's first bytes, of which a .netrc can have no more; comments not counted. */
static char *read_file(FILE *f, size_t *len)
{
    size_t size = 4096;
    char *text = malloc(size);
    *len = 0;
    while (text) {
        *len += fread(text + *len, 1, size - *len, f);
        if (*len < size)
            return text;
        char *grown = size < 16 * (size_t)NETRC_FILE_MAX ? realloc(text, 2 * size) : NULL;
        if (!grown) {
            errno = size < 16 * (size_t)NETRC_FILE_MAX ? ENOMEM : EFBIG;
            free(text);
        }
        text = grown;
        size *= 2;
    }
    return NULL;
}

int netrc_load(struct netrc *n, const char *path, char why[NETRC_WHY])
{
    size_t len = 0;
    FILE *f = fopen(path, "re");
    char *text = f ? read_file(f, &len) : NULL;
    int rc = -1;
    if (!text || ferror(f))
        snprintf(why, NETRC_WHY, "%.200s cannot be read: %s", path, strerror(errno));
    else if (netrc_parse(n, text, len) != 0)
        snprintf(why, NETRC_WHY, "out of memory");
    else
        rc = 0;
    free(text);
    if (f)
        fclose(f);
    return rc;
}

char *netrc_path(char *(*env)(const char *name))
{
    const char *path = env("NETRC"), *home = env("HOME");
    if (path && *path)
        return strdup(path);
    if (!home || !*home) {
        const struct passwd *pw = getpwuid(geteuid());
        home = pw ? pw->pw_dir : NULL;
    }
    if (!home)
        return NULL;
    size_t size = strlen(home) + sizeof "/.netrc";
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%s/.netrc", home);
    return text;
}
