/* curl's variables of -w, as values of one record: each a member of struct figures, found by its name in a table. Used
 * by jsonl.c and writeout.c. */
#ifndef AFETCH_CMD_FIGURES_H
#define AFETCH_CMD_FIGURES_H

#include "record.h"
#include "urlparts.h"

#include <stddef.h>

enum figure_kind {
    FIGURE_TEXT,   /* const char *, or NULL */
    FIGURE_NUMBER, /* int64_t */
    FIGURE_STATUS, /* int64_t, three digits as text */
    FIGURE_TIME,   /* uint64_t, nanoseconds; 0: it did not happen */
    FIGURE_SPAN,   /* the same, and may be 0 where there was a transfer */
    FIGURE_PART    /* as FIGURE_TEXT, and not in %{json}'s counterpart of ours: a part of a URL */
};

struct figures {
    const char *certs, *content_type, *errormsg, *filename_effective, *ftp_entry_path, *http_version, *local_ip,
        *method, *redirect_url, *referer, *remote_ip, *scheme, *url, *url_effective;
    const char *secret; /* what is never told: a URL's user and password; NULL */
    int64_t conn_id, exitcode, http_code, http_connect, local_port, num_certs, num_connects, num_headers, num_redirects,
        num_retries, proxy_ssl_verify_result, proxy_used, remote_port, size_delivered, size_download, size_header,
        size_request, size_upload, speed_download, speed_upload, ssl_verify_result, tls_earlydata, urlnum, xfer_id;
    uint64_t time_appconnect, time_connect, time_namelookup, time_posttransfer, time_pretransfer, time_queue,
        time_redirect, time_starttransfer, time_total;
    struct urlparts parts, effective_parts;
    char *effective; /* url_effective, where it is made here */
};

struct figure {
    const char *name;
    enum figure_kind kind;
    size_t offset; /* in struct figures */
};

extern const struct figure figure_table[]; /* by name */
extern const size_t figure_count;

/* NULL: there is none of that name. */
const struct figure *figure_find(const char *name, size_t len);

/* default_scheme: of URLs without one. It points into rec. */
void figures_init(struct figures *f, const struct record *rec, const char *default_scheme);
void figures_deinit(struct figures *f);

const char *figure_text(const struct figures *f, const struct figure *figure);
int64_t figure_number(const struct figures *f, const struct figure *figure);
uint64_t figure_time_ns(const struct figures *f, const struct figure *figure);

/* Adds them all to an object, in the table's order. nulls: a time that did not happen is null, and parts of URLs are
 * left out; else all are there, as in curl's %{json}. */
struct json;
struct yyjson_mut_val;
void figures_add(struct json *j, struct yyjson_mut_val *to, const struct figures *f, bool nulls);

#endif
