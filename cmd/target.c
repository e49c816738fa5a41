#include "target.h"
#include "disposition.h"
#include "template.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNNAMED "curl_response" /* curl's name for what has none */

/* ---- names ------------------------------------------------------------------------------------------------------ */

static bool is_part(const char *part, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(part, name, len) == 0;
}

static size_t part_before(const char *path, size_t len)
{
    size_t n = 0;
    while (n < len && path[len - n - 1] != '/' && path[len - n - 1] != '\\')
        n++;
    return n;
}

/* The last part of a URL's path that is not empty, ".." taken for what it means. */
static bool remote_name(const char *url, struct text *name)
{
    const char *path = strstr(url, "://");
    path = path && strcspn(url, "/?#") > (size_t)(path - url) ? path + 3 : url;
    path += strcspn(path, "/?#");
    size_t len = strcspn(path, "?#"), up = 0;
    while (len) {
        size_t n = part_before(path, len);
        const char *part = path + len - n;
        if (is_part(part, n, ".."))
            up++;
        else if (n == 0 || is_part(part, n, "."))
            ;
        else if (up)
            up--;
        else
            break;
        len -= n;
        len -= len > 0; /* the slash */
    }
    size_t n = part_before(path, len);
    text_add(name, n ? path + len - n : UNNAMED, n ? n : strlen(UNNAMED));
    return !name->failed;
}

/* What a server calls a file, made a plain name that hides nowhere. false: nothing is left of it. */
static bool plain_name(const char *said, struct text *name)
{
    for (const char *c = said; *c; c++)
        if (*c == '/' || *c == '\\')
            said = c + 1;
    said += strspn(said, " \t");
    size_t len = strlen(said);
    while (len && (said[len - 1] == ' ' || said[len - 1] == '\t'))
        len--;
    for (size_t i = 0, n; i < len; i += n) {
        n = text_utf8(said + i, len - i);
        unsigned char c = (unsigned char)said[i];
        bool c1 = n == 2 && c == 0xc2 && (unsigned char)said[i + 1] < 0xa0;
        bool leading_dot = c == '.' && strspn(said, ".") > i;
        bool plain = n && c >= 0x20 && c != 0x7f && !c1 && !leading_dot;
        text_add(name, plain ? said + i : "_", plain ? n : 1);
        n = n ? n : 1;
    }
    return name->len > 0 && !name->failed;
}

/* ---- paths ------------------------------------------------------------------------------------------------------ */

/* Whether a path stays below where it begins. */
static bool stays(const char *path)
{
    for (;;) {
        size_t n = strcspn(path, "/");
        if (n == 0 || is_part(path, n, ".") || is_part(path, n, ".."))
            return false;
        if (!path[n])
            return true;
        path += n + 1;
    }
}

static char *place(const struct target *t, struct text *name, char *why, size_t why_size)
{
    struct text path = {0};
    bool ok = !name->failed && name->data;
    if (ok && t->folder) {
        text_addf(&path, "%s/%s", t->folder, name->data);
        ok = !path.failed;
        text_deinit(name);
    } else {
        path = *name;
        *name = (struct text){0};
    }
    if (ok)
        return path.data;
    snprintf(why, why_size, "out of memory");
    text_deinit(&path);
    return NULL;
}

bool target_is_remote(const struct target *t)
{
    return !t->out && t->output && !*t->output;
}

char *target_path(const struct target *t, char *why, size_t why_size)
{
    struct text name = {0};
    if (t->out) {
        if (t->folder && !stays(t->out)) {
            snprintf(why, why_size, "\"%.100s\" leads out of --output-dir", t->out);
            return NULL;
        }
        text_adds(&name, t->out);
    } else if (target_is_remote(t)) {
        remote_name(t->url, &name);
    } else {
        char *filled = template_fill(t->output, t->n, t->url, t->glob, why, why_size);
        if (!filled)
            return NULL;
        /* What is written in -o itself is its writer's wish; what a URL makes of it is not. */
        if (t->folder && stays(t->output) && !stays(filled)) {
            snprintf(why, why_size, "\"%.100s\" leads out of --output-dir", filled);
            free(filled);
            return NULL;
        }
        text_adds(&name, filled);
        free(filled);
    }
    return place(t, &name, why, why_size);
}

char *target_named(const struct target *t, const char *disposition, const char *redirect, char *why, size_t why_size)
{
    struct text name = {0};
    bool failed = false;
    char *said = disposition ? disposition_name(disposition, &failed) : NULL;
    bool named = said && plain_name(said, &name);
    failed = failed || name.failed;
    free(said);
    if (!named && !failed) {
        struct text remote = {0};
        if (remote_name(redirect ? redirect : t->url, &remote))
            redirect ? (void)plain_name(remote.data, &name) : (void)text_adds(&name, remote.data);
        failed = remote.failed;
        text_deinit(&remote);
    }
    name.failed = name.failed || failed;
    return place(t, &name, why, why_size);
}
