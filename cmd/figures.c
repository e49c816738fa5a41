#include "figures.h"
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIGURE(name, kind)                                                                                             \
    {                                                                                                                  \
#name, FIGURE_##kind, offsetof(struct figures, name)                                                           \
    }
#define PART(name, member)                                                                                             \
    {                                                                                                                  \
        name, FIGURE_PART, offsetof(struct figures, member)                                                            \
    }

/* In the order of their names; what is secret is told nowhere. */
#define PARTS(name, parts)                                                                                             \
    PART(name ".fragment", parts.fragment), PART(name ".host", parts.host), PART(name ".options", secret),             \
        PART(name ".password", secret), PART(name ".path", parts.path), PART(name ".port", parts.port),                \
        PART(name ".query", parts.query), PART(name ".scheme", parts.scheme), PART(name ".user", secret),              \
        PART(name ".zoneid", parts.zoneid)

const struct figure figure_table[] = {
    FIGURE(certs, TEXT),
    FIGURE(conn_id, NUMBER),
    FIGURE(content_type, TEXT),
    FIGURE(errormsg, TEXT),
    FIGURE(exitcode, NUMBER),
    FIGURE(filename_effective, TEXT),
    FIGURE(ftp_entry_path, TEXT),
    FIGURE(http_code, STATUS),
    FIGURE(http_connect, STATUS),
    FIGURE(http_version, TEXT),
    FIGURE(local_ip, TEXT),
    FIGURE(local_port, NUMBER),
    FIGURE(method, TEXT),
    FIGURE(num_certs, NUMBER),
    FIGURE(num_connects, NUMBER),
    FIGURE(num_headers, NUMBER),
    FIGURE(num_redirects, NUMBER),
    FIGURE(num_retries, NUMBER),
    FIGURE(proxy_ssl_verify_result, NUMBER),
    FIGURE(proxy_used, NUMBER),
    FIGURE(redirect_url, TEXT),
    FIGURE(referer, TEXT),
    FIGURE(remote_ip, TEXT),
    FIGURE(remote_port, NUMBER),
    {"response_code", FIGURE_STATUS, offsetof(struct figures, http_code)},
    FIGURE(scheme, TEXT),
    FIGURE(size_delivered, NUMBER),
    FIGURE(size_download, NUMBER),
    FIGURE(size_header, NUMBER),
    FIGURE(size_request, NUMBER),
    FIGURE(size_upload, NUMBER),
    FIGURE(speed_download, NUMBER),
    FIGURE(speed_upload, NUMBER),
    FIGURE(ssl_verify_result, NUMBER),
    FIGURE(time_appconnect, TIME),
    FIGURE(time_connect, TIME),
    FIGURE(time_namelookup, TIME),
    FIGURE(time_posttransfer, TIME),
    FIGURE(time_pretransfer, TIME),
    FIGURE(time_queue, SPAN),
    FIGURE(time_redirect, TIME),
    FIGURE(time_starttransfer, TIME),
    FIGURE(time_total, TIME),
    FIGURE(tls_earlydata, NUMBER),
    FIGURE(url, TEXT),
    PARTS("url", parts),
    FIGURE(url_effective, TEXT),
    PARTS("urle", effective_parts),
    FIGURE(urlnum, NUMBER),
    FIGURE(xfer_id, NUMBER),
};
const size_t figure_count = sizeof figure_table / sizeof figure_table[0];

const struct figure *figure_find(const char *name, size_t len)
{
    for (size_t i = 0; i < figure_count; i++)
        if (strlen(figure_table[i].name) == len && memcmp(figure_table[i].name, name, len) == 0)
            return &figure_table[i];
    return NULL;
}

static const void *at(const struct figures *f, const struct figure *figure)
{
    return (const char *)f + figure->offset;
}

const char *figure_text(const struct figures *f, const struct figure *figure)
{
    return *(const char *const *)at(f, figure);
}

int64_t figure_number(const struct figures *f, const struct figure *figure)
{
    return *(const int64_t *)at(f, figure);
}

uint64_t figure_time_ns(const struct figures *f, const struct figure *figure)
{
    return *(const uint64_t *)at(f, figure);
}

/* ---- what they are ----------------------------------------------------------------------------------------------------- */

static const char *or_null(const char *text)
{
    return text && *text ? text : NULL;
}

/* Whole, as curl tells it, with the fragment that was asked for. */
static void set_effective(struct figures *f, const struct record *rec, const struct record_hop *last)
{
    const char *shown = rec->result ? rec->result->effective_url : rec->url;
    const char *fragment = last && shown ? strchr(shown, '#') : NULL;
    f->url_effective = last ? last->told.url : shown;
    if (!fragment)
        return;
    size_t size = strlen(last->told.url) + strlen(fragment) + 1;
    f->effective = malloc(size);
    if (!f->effective)
        return;
    snprintf(f->effective, size, "%s%s", last->told.url, fragment);
    f->url_effective = f->effective;
}

static void set_last_hop(struct figures *f, const struct record_hop *last)
{
    const struct afetch_hop *hop = &last->told;
    f->method = hop->method;
    f->redirect_url = or_null(hop->redirect_url);
    f->referer = last->referer;
    f->num_headers = (int64_t)last->field_count;
    f->size_download = (int64_t)hop->body_bytes;
    f->size_upload = (int64_t)hop->bytes_sent;
    f->conn_id = hop->conn_id ? (int64_t)hop->conn_id : -1;
    f->local_ip = hop->local_ip;
    f->local_port = hop->local_port;
    f->remote_ip = hop->remote_ip;
    f->remote_port = hop->remote_port;
    if (hop->status)
        f->http_version = hop->http_minor ? "1.1" : "1";
    f->time_redirect = hop->redirects ? hop->begun_ns : 0;
}

static void take_time(uint64_t *to, uint64_t ns)
{
    if (ns)
        *to = ns;
}

/* What adds up over redirects; another try begins anew. */
static void add_hop(struct figures *f, const struct afetch_hop *hop, unsigned retries, uint64_t *free_ns)
{
    f->time_queue += hop->begun_ns > *free_ns ? hop->begun_ns - *free_ns : 0;
    *free_ns = hop->done_ns;
    if (hop->retries != retries)
        return;
    f->proxy_used = f->proxy_used || hop->proxied;
    if (hop->connect_status)
        f->http_connect = hop->connect_status;
    f->size_header += (int64_t)hop->header_bytes;
    f->size_request += (int64_t)hop->request_head_len;
    take_time(&f->time_namelookup, hop->resolved_ns);
    take_time(&f->time_connect, hop->connected_ns);
    take_time(&f->time_appconnect, hop->secured_ns);
    if (hop->sent_ns)
        f->time_pretransfer = hop->secured_ns ? hop->secured_ns : hop->connected_ns ? hop->connected_ns : hop->begun_ns;
    take_time(&f->time_posttransfer, hop->sent_ns);
    take_time(&f->time_starttransfer, hop->first_byte_ns);
}

static int64_t per_second(int64_t bytes, uint64_t ns)
{
    return ns >= 1000 ? (int64_t)((double)bytes * 1e9 / (double)ns) : 0;
}

static void set_result(struct figures *f, const struct afetch_result *result)
{
    f->content_type = or_null(result->content_type);
    f->http_code = result->status;
    f->num_connects = result->connects;
    f->num_redirects = result->redirects;
    f->num_retries = result->retries;
    f->ssl_verify_result = result->code == AFETCH_CERT;
    f->time_total = result->done_ns;
    f->speed_download = per_second(f->size_download, result->done_ns);
    f->speed_upload = per_second(f->size_upload, result->done_ns);
}

void figures_init(struct figures *f, const struct record *rec, const char *default_scheme)
{
    const struct record_hop *last = record_last_hop(rec);
    *f = (struct figures){
        .certs = "",
        .errormsg = or_null(rec->error),
        .filename_effective = rec->path,
        .http_version = "0",
        .local_ip = "",
        .remote_ip = "",
        .url = rec->url,
        .conn_id = -1,
        .exitcode = rec->code,
        .size_delivered = (int64_t)rec->bytes,
        .urlnum = (int64_t)rec->urlnum,
        .xfer_id = rec->number ? (int64_t)rec->number : -1,
    };
    uint64_t free_ns = 0;
    for (const struct record_hop *hop = rec->hops; hop; hop = hop->next)
        add_hop(f, &hop->told, last->told.retries, &free_ns);
    if (last)
        set_last_hop(f, last);
    if (rec->result)
        set_result(f, rec->result);
    set_effective(f, rec, last);
    if (f->url)
        urlparts_init(&f->parts, f->url, default_scheme);
    if (f->url_effective)
        urlparts_init(&f->effective_parts, f->url_effective, default_scheme);
    if (last)
        f->scheme = f->effective_parts.scheme;
}

void figures_deinit(struct figures *f)
{
    urlparts_deinit(&f->parts);
    urlparts_deinit(&f->effective_parts);
    free(f->effective);
}

/* ---- as JSON ----------------------------------------------------------------------------------------------------------- */

/* In microseconds, as curl has them. */
static double seconds(uint64_t ns)
{
    uint64_t us = ns / 1000;
    return (double)us / 1e6;
}

static void add_time(struct json *j, struct yyjson_mut_val *to, const char *name, uint64_t ns, bool nulls)
{
    if (nulls && ns == 0)
        json_add_null(j, to, name);
    else
        json_add_real(j, to, name, seconds(ns));
}

void figures_add(struct json *j, struct yyjson_mut_val *to, const struct figures *f, bool nulls)
{
    for (const struct figure *figure = figure_table; figure < figure_table + figure_count; figure++) {
        switch (figure->kind) {
        case FIGURE_PART:
            if (nulls)
                continue;
            /* fall through */
        case FIGURE_TEXT:
            json_add_text(j, to, figure->name, figure_text(f, figure));
            break;
        case FIGURE_NUMBER:
        case FIGURE_STATUS:
            json_add_number(j, to, figure->name, figure_number(f, figure));
            break;
        case FIGURE_TIME:
        case FIGURE_SPAN:
            add_time(j, to, figure->name, figure_time_ns(f, figure),
                     nulls && (figure->kind == FIGURE_TIME || f->time_total == 0));
        }
    }
}
