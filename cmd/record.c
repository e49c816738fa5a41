#include "record.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct record_log {
    unsigned want;
    uint64_t n, urlnum;
    char *path;
    char *text;
    size_t text_len;
    struct record_hop *first, **end;
    bool done;
    struct afetch_result result; /* its texts are in result_text */
    char *result_text;
};

const struct record_hop *record_last_hop(const struct record *rec)
{
    const struct record_hop *hop = rec->hops;
    while (hop && hop->next)
        hop = hop->next;
    return hop;
}

const char *record_field(const struct record_hop *hop, const char *name)
{
    for (size_t i = 0; i < hop->field_count; i++)
        if (strcasecmp(hop->fields[i].name, name) == 0)
            return hop->fields[i].value;
    return NULL;
}

/* ---- texts behind a struct ------------------------------------------------------------------------------------------ */

/* Where copies go; without at, they are only counted. */
struct copier {
    char *at;
    size_t size;
};

static void copy_bytes(struct copier *c, const char **text, size_t len)
{
    if (c->at) {
        memcpy(c->at, *text, len);
        c->at[len] = '\0';
        *text = c->at;
        c->at += len + 1;
    }
    c->size += len + 1;
}

static void copy(struct copier *c, const char **text)
{
    copy_bytes(c, text, strlen(*text));
}

/* ---- hops ------------------------------------------------------------------------------------------------------------ */

const char *record_find_sent(const char *head, size_t head_len, const char *name, size_t *len)
{
    const char *end = head + head_len;
    size_t name_len = strlen(name);
    while (head < end) {
        const char *eol = memchr(head, '\r', (size_t)(end - head));
        if (!eol)
            return NULL;
        if ((size_t)(eol - head) > name_len && head[name_len] == ':' && strncasecmp(head, name, name_len) == 0) {
            head += name_len + 1;
            while (head < eol && *head == ' ')
                head++;
            *len = (size_t)(eol - head);
            return head;
        }
        head = eol + 2;
    }
    return NULL;
}

static void copy_hop(struct copier *c, struct record_hop *to, const struct afetch_request *r, unsigned want)
{
    struct afetch_hop *hop = &to->told;
    size_t referer_len = 0;
    const char **texts[] = {&hop->url,       &hop->method,   &hop->error,       &hop->reason,    &hop->redirect_url,
                            &hop->remote_ip, &hop->local_ip, &hop->tls_version, &hop->tls_cipher};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        copy(c, texts[i]);
    to->referer = record_find_sent(hop->request_head, hop->request_head_len, "Referer", &referer_len);
    if (to->referer)
        copy_bytes(c, &to->referer, referer_len);
    if (!(want & RECORD_HEADS)) {
        hop->request_head = "";
        return;
    }
    copy_bytes(c, &hop->request_head, hop->request_head_len);
    for (size_t i = 0; i < to->field_count; i++) {
        struct record_field f = {"", ""};
        afetch_request_header_at(r, i, &f.name, &f.value);
        copy(c, &f.name);
        copy(c, &f.value);
        if (c->at)
            to->fields[i] = f;
    }
}

void record_log_hop(struct record_log *log, const struct afetch_request *r, const struct afetch_hop *hop)
{
    const char *name, *value;
    if (!log || !(log->want & (RECORD_HOPS | RECORD_HEADS)))
        return;
    struct record_hop like = {.told = *hop};
    while (afetch_request_header_at(r, like.field_count, &name, &value))
        like.field_count++;
    struct copier c = {0};
    struct record_hop counted = like;
    copy_hop(&c, &counted, r, log->want);
    size_t fields = log->want & RECORD_HEADS ? like.field_count * sizeof(struct record_field) : 0;
    struct record_hop *to = malloc(sizeof *to + fields + c.size);
    if (!to)
        return; /* that hop is missing in the reports */
    *to = like;
    c.at = (char *)to + sizeof *to + fields;
    copy_hop(&c, to, r, log->want);
    *log->end = to;
    log->end = &to->next;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

struct record_log *record_log_new(unsigned want, uint64_t n, uint64_t urlnum)
{
    struct record_log *log = calloc(1, sizeof *log);
    if (!log)
        return NULL;
    log->want = want;
    log->n = n;
    log->urlnum = urlnum;
    log->end = &log->first;
    return log;
}

void record_log_free(struct record_log *log)
{
    if (!log)
        return;
    for (struct record_hop *hop = log->first, *next; hop; hop = next) {
        next = hop->next;
        free(hop);
    }
    free(log->result_text);
    free(log->path);
    free(log->text);
    free(log);
}

void record_log_path(struct record_log *log, const char *path)
{
    if (!log)
        return;
    free(log->path);
    log->path = strdup(path);
}

void record_log_text(struct record_log *log, const char *text, size_t len)
{
    if (!log || !text || !(log->want & RECORD_TEXT))
        return;
    log->text = malloc(len + 1);
    if (!log->text)
        return;
    memcpy(log->text, text, len);
    log->text[len] = '\0';
    log->text_len = len;
}

static void copy_result(struct copier *c, struct afetch_result *result)
{
    const char **texts[] = {&result->error,        &result->remote_ip,    &result->tls_version,
                            &result->http_version, &result->content_type, &result->effective_url};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        copy(c, texts[i]);
}

void record_log_result(struct record_log *log, const struct afetch_result *result)
{
    if (!log)
        return;
    struct copier c = {0};
    struct afetch_result to = *result;
    copy_result(&c, &to);
    c.at = log->result_text = malloc(c.size);
    if (!c.at)
        return;
    copy_result(&c, &to);
    log->result = to;
    log->done = true;
}

void record_log_fill(const struct record_log *log, struct record *rec)
{
    if (!log)
        return;
    rec->n = log->n;
    rec->urlnum = log->urlnum;
    rec->path = log->path;
    rec->text = log->text;
    rec->text_len = log->text_len;
    rec->result = log->done ? &log->result : NULL;
    rec->hops = log->first;
}
