/* --har FILE: HTTP Archive 1.2, an entry for each hop (softwareishard.com/blog/har-12-spec; what a reader insists on is in
 * Chromium's front_end/models/har/HARFormat.ts). Entries are kept as text until the end, as they are sorted by their
 * start. */
#include "json.h"
#include "phases.h"
#include "reports.h"
#include "secret.h"
#include "urlparts.h"
#include "walltime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct har_entry {
    uint64_t start_ns; /* CLOCK_MONOTONIC */
    uint64_t order;    /* of those that start together */
    char *text;
};

struct har {
    struct sink sink; /* first */
    struct har_entry *entries;
    size_t count, size;
    bool failed; /* out of memory */
};

static struct yyjson_mut_val *add_object(struct json *j, struct yyjson_mut_val *to, const char *key)
{
    struct yyjson_mut_val *object = json_object(j);
    json_add(j, to, key, object);
    return object;
}

static struct yyjson_mut_val *add_array(struct json *j, struct yyjson_mut_val *to, const char *key)
{
    struct yyjson_mut_val *array = json_array(j);
    json_add(j, to, key, array);
    return array;
}

/* ---- heads -------------------------------------------------------------------------------------------------------------- */

static void add_field(struct json *j, struct yyjson_mut_val *fields, const char *name, size_t name_len,
                      const char *value, size_t len)
{
    struct yyjson_mut_val *field = add_object(j, fields, NULL);
    json_add_bytes(j, field, "name", name, name_len);
    if (secret_is_field(name, name_len) || secret_has_user(name, name_len, value, len))
        json_add_text(j, field, "value", SECRET_MASK);
    else
        json_add_bytes(j, field, "value", value, len);
}

/* The lines behind the first. */
static void add_sent_fields(struct json *j, struct yyjson_mut_val *fields, const char *head)
{
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        size_t len = strcspn(line, "\r");
        const char *colon = memchr(line, ':', len);
        if (!colon)
            return;
        const char *value = colon + 1 + strspn(colon + 1, " ");
        add_field(j, fields, line, (size_t)(colon - line), value, len - (size_t)(value - line));
    }
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void add_decoded(struct json *j, struct yyjson_mut_val *to, const char *key, const char *s, size_t len)
{
    struct text text = {0};
    text_adds(&text, "");
    for (size_t i = 0; i < len; i++) {
        char c = s[i] == '+' ? ' ' : s[i];
        if (c == '%' && i + 2 < len && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0) {
            c = (char)(hex(s[i + 1]) * 16 + hex(s[i + 2]));
            i += 2;
        }
        text_add(&text, &c, 1);
    }
    json_add_bytes(j, to, key, text.failed ? "" : text.data, text.failed ? 0 : text.len);
    text_deinit(&text);
}

static void add_query(struct json *j, struct yyjson_mut_val *list, const char *query)
{
    while (query && *query) {
        size_t len = strcspn(query, "&"), name = strcspn(query, "=&");
        struct yyjson_mut_val *pair = add_object(j, list, NULL);
        add_decoded(j, pair, "name", query, name);
        add_decoded(j, pair, "value", query + name + (name < len), len - name - (name < len));
        query += len + (query[len] == '&');
    }
}

/* ---- request and response -------------------------------------------------------------------------------------------------- */

/* What was sent is not kept. */
static void add_post_data(struct json *j, struct yyjson_mut_val *request, const char *head)
{
    struct yyjson_mut_val *data = add_object(j, request, "postData");
    size_t len = 0;
    const char *type = record_find_sent(head, strlen(head), "Content-Type", &len);
    json_add_bytes(j, data, "mimeType", type ? type : "", type ? len : 0);
    json_add_text(j, data, "text", "");
    json_add_text(j, data, "comment", "not recorded");
}

static void add_request(struct json *j, struct yyjson_mut_val *entry, const struct afetch_hop *hop)
{
    struct urlparts parts;
    struct yyjson_mut_val *request = add_object(j, entry, "request");
    bool old = strstr(hop->request_head, " HTTP/1.0\r\n") != NULL;
    urlparts_init(&parts, hop->url, "http");
    json_add_text(j, request, "method", hop->method);
    json_add_text(j, request, "url", hop->url);
    json_add_text(j, request, "httpVersion", old ? "HTTP/1.0" : "HTTP/1.1");
    add_array(j, request, "cookies");
    add_sent_fields(j, add_array(j, request, "headers"), hop->request_head);
    add_query(j, add_array(j, request, "queryString"), parts.query);
    json_add_number(j, request, "headersSize", hop->request_head_len ? (int64_t)hop->request_head_len : -1);
    json_add_number(j, request, "bodySize", hop->request_head_len ? (int64_t)hop->bytes_sent : -1);
    if (hop->bytes_sent)
        add_post_data(j, request, hop->request_head);
    urlparts_deinit(&parts);
}

static void add_content(struct json *j, struct yyjson_mut_val *response, const struct record_hop *rh, int64_t decoded)
{
    const struct afetch_hop *hop = &rh->told;
    struct yyjson_mut_val *content = add_object(j, response, "content");
    const char *type = record_field(rh, "Content-Type");
    json_add_number(j, content, "size", decoded);
    if (record_field(rh, "Content-Encoding") && decoded != (int64_t)hop->body_bytes)
        json_add_number(j, content, "compression", decoded - (int64_t)hop->body_bytes);
    json_add_text(j, content, "mimeType", type && *type ? type : "x-unknown");
}

/* Before a reply all is there, too, and says that there was none. */
static void add_response(struct json *j, struct yyjson_mut_val *entry, const struct record_hop *rh, int64_t decoded)
{
    const struct afetch_hop *hop = &rh->told;
    struct yyjson_mut_val *response = add_object(j, entry, "response");
    json_add_number(j, response, "status", hop->status);
    json_add_text(j, response, "statusText", hop->reason);
    json_add_text(j, response, "httpVersion", !hop->status ? "unknown" : hop->http_minor ? "HTTP/1.1" : "HTTP/1.0");
    add_array(j, response, "cookies");
    struct yyjson_mut_val *fields = add_array(j, response, "headers");
    for (size_t i = 0; i < rh->field_count; i++)
        add_field(j, fields, rh->fields[i].name, strlen(rh->fields[i].name), rh->fields[i].value,
                  strlen(rh->fields[i].value));
    add_content(j, response, rh, decoded);
    json_add_text(j, response, "redirectURL", hop->redirect_url);
    json_add_number(j, response, "headersSize", hop->status ? (int64_t)hop->header_bytes : -1);
    json_add_number(j, response, "bodySize", hop->status ? (int64_t)hop->body_bytes : -1);
    if (hop->code)
        json_add_text(j, response, "_error", hop->error);
}

/* ---- timings ------------------------------------------------------------------------------------------------------------------ */

/* In milliseconds, to the microsecond; -1: it did not happen. */
static void add_timing(struct json *j, struct yyjson_mut_val *timings, const char *key, uint64_t us, bool happened)
{
    if (us || happened)
        json_add_real(j, timings, key, (double)us / 1e3);
    else
        json_add_number(j, timings, key, -1);
}

/* connect is TCP with TLS, and ssl a part of it; time is the sum of the others. */
static void add_timings(struct json *j, struct yyjson_mut_val *entry, const struct afetch_hop *hop, uint64_t free_ns)
{
    struct phase_span spans[HOP_SPANS];
    uint64_t took_us[PHASES] = {0}, sum_us = 0;
    size_t count = phases_of_hop(hop, free_ns, spans);
    for (size_t i = 0; i < count; i++) {
        uint64_t us = (spans[i].end_ns - spans[i].begin_ns) / 1000;
        took_us[spans[i].phase] += us;
        sum_us += us;
    }
    json_add_real(j, entry, "time", (double)sum_us / 1e3);
    struct yyjson_mut_val *timings = add_object(j, entry, "timings");
    add_timing(j, timings, "blocked", took_us[PHASE_QUEUE], false);
    add_timing(j, timings, "dns", took_us[PHASE_LOOKUP], hop->resolved_ns != 0);
    add_timing(j, timings, "connect", took_us[PHASE_CONNECT] + took_us[PHASE_TLS], hop->connected_ns != 0);
    add_timing(j, timings, "ssl", took_us[PHASE_TLS], hop->secured_ns != 0);
    add_timing(j, timings, "send", took_us[PHASE_SEND], true);
    add_timing(j, timings, "wait", took_us[PHASE_WAIT], true);
    add_timing(j, timings, "receive", took_us[PHASE_RECEIVE], true);
}

/* ---- an entry ------------------------------------------------------------------------------------------------------------------- */

static char *make_entry(struct json *j, const struct record *rec, const struct record_hop *rh, uint64_t free_ns)
{
    const struct afetch_hop *hop = &rh->told;
    struct yyjson_mut_val *entry = json_object(j);
    char started[WALLTIME_SIZE], connection[24];
    json_add_text(j, entry, "startedDateTime",
                  walltime_text((int64_t)(rec->result->start_ns + free_ns) + rec->wall_ns, started));
    add_timings(j, entry, hop, free_ns);
    add_request(j, entry, hop);
    add_response(j, entry, rh, rh->next ? (int64_t)hop->body_bytes : (int64_t)rec->bytes);
    add_object(j, entry, "cache");
    if (*hop->remote_ip)
        json_add_text(j, entry, "serverIPAddress", hop->remote_ip);
    if (hop->conn_id) {
        snprintf(connection, sizeof connection, "%llu", (unsigned long long)hop->conn_id);
        json_add_text(j, entry, "connection", connection);
    }
    json_add_number(j, entry, "_n", (int64_t)rec->n);
    size_t len;
    char *text = json_write(j, entry, &len);
    char *fitted = text ? realloc(text, len + 1) : NULL; /* many are kept, and it is larger than need be */
    return fitted ? fitted : text;
}

static struct har_entry *room(struct har *h)
{
    if (h->count == h->size) {
        size_t size = h->size ? h->size * 2 : 64;
        struct har_entry *entries = realloc(h->entries, size * sizeof *entries);
        if (!entries)
            return NULL;
        h->entries = entries;
        h->size = size;
    }
    return &h->entries[h->count];
}

static void add_hop(struct har *h, const struct record *rec, const struct record_hop *hop, uint64_t free_ns)
{
    struct json *j = json_new();
    struct har_entry *entry = room(h);
    char *text = j && entry ? make_entry(j, rec, hop, free_ns) : NULL;
    json_free(j);
    if (!text) {
        h->failed = true;
        return;
    }
    *entry = (struct har_entry){rec->result->start_ns + free_ns, h->count, text};
    h->count++;
}

static void tell(struct sink *s, const struct record *rec)
{
    uint64_t free_ns = 0;
    for (const struct record_hop *hop = rec->result ? rec->hops : NULL; hop; hop = hop->next) {
        add_hop((struct har *)s, rec, hop, free_ns);
        free_ns = hop->told.done_ns;
    }
}

/* ---- the file -------------------------------------------------------------------------------------------------------------------- */

static int by_start(const void *a, const void *b)
{
    const struct har_entry *x = a, *y = b;
    if (x->start_ns != y->start_ns)
        return x->start_ns < y->start_ns ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void write_text(struct sink *s, const char *text)
{
    report_file_write(&s->file, s->report, text, strlen(text));
}

static void end(struct sink *s)
{
    struct har *h = (struct har *)s;
    char start[200];
    if (h->count)
        qsort(h->entries, h->count, sizeof *h->entries, by_start);
    snprintf(start, sizeof start,
             "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"afetch\",\"version\":\"%s\"},\"entries\":[",
             afetch_version());
    write_text(s, start);
    for (size_t i = 0; i < h->count; i++) {
        write_text(s, i ? ",\n" : "\n");
        write_text(s, h->entries[i].text);
        free(h->entries[i].text);
        h->entries[i].text = NULL;
    }
    write_text(s, "\n]}}\n");
    if (h->failed)
        report_run_failure(s->report, AFETCH_MEMORY, "--har: out of memory, some entries are missing");
}

static void har_free(struct sink *s)
{
    struct har *h = (struct har *)s;
    for (size_t i = 0; i < h->count; i++)
        free(h->entries[i].text);
    free(h->entries);
    free(h);
}

struct sink *har_new(void)
{
    struct har *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->sink = (struct sink){.want = RECORD_HOPS | RECORD_HEADS, .tell = tell, .end = end, .free = har_free};
    return &h->sink;
}
