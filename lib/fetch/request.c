#include "fetch/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fetch/deliver.h"
#include "fetch/redirect.h"
#include "fetch/retry.h"
#include "fetch/session.h"

enum { DISCARD_MAX = 64 * 1024 }; /* of a failed status's body: dropping it costs less than a new connection */

/* ---- life ------------------------------------------------------------------------------------------------------------- */

static bool has_control(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return true;
    return false;
}

struct afetch_request *afetch_request_new(const char *url, size_t len)
{
    struct afetch_request *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    /* What no URL can be is shown in part. */
    size_t shown_size = len > URL_MAX || has_control(url, len) ? 201 : len + 1;
    r->text = malloc(len + 1);
    r->shown = malloc(shown_size);
    r->method = strdup("GET");
    if (!r->text || !r->shown || !r->method) {
        afetch_request_free(r);
        return NULL;
    }
    memcpy(r->text, url, len);
    r->text[len] = '\0';
    r->text_len = len;
    url_show(r->shown, shown_size, url, len);
    atomic_init(&r->resumed, false);
    wishes_init(&r->wishes);
    return r;
}

void afetch_request_free(struct afetch_request *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->header_count; i++)
        free(r->headers[i]);
    free(r->headers);
    free(r->method);
    deliver_reset(r);
    free(r->content_type);
    free(r->location);
    free(r->referer);
    free(r->etag);
    free(r->origin);
    free(r->shown);
    free(r->text);
    url_deinit(&r->url);
    url_deinit(&r->first_url);
    error_clear(&r->err);
    error_clear(&r->refusal);
    free(r);
}

void afetch_request_set_callbacks(struct afetch_request *r, const struct afetch_callbacks *callbacks, void *arg)
{
    r->callbacks = *callbacks;
    r->arg = arg;
}

/* RFC 9110 section 5.6.2. */
static bool is_token(const char *text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    if (!*text)
        return false;
    for (; *text; text++)
        if (!((*text >= '0' && *text <= '9') || ((*text | 32) >= 'a' && (*text | 32) <= 'z') || strchr(others, *text)))
            return false;
    return true;
}

enum afetch_code afetch_request_set_method(struct afetch_request *r, const char *method)
{
    if (!is_token(method))
        return AFETCH_INTERNAL;
    char *copy = strdup(method);
    if (!copy)
        return AFETCH_MEMORY;
    free(r->method);
    r->method = copy;
    return AFETCH_OK;
}

void afetch_request_set_head_only(struct afetch_request *r)
{
    r->head_only = true;
}

enum afetch_code afetch_request_add_header(struct afetch_request *r, const char *line)
{
    if (strpbrk(line, "\r\n"))
        return AFETCH_INTERNAL;
    char **headers = realloc(r->headers, (r->header_count + 1) * sizeof(char *));
    if (!headers)
        return AFETCH_MEMORY;
    r->headers = headers;
    r->headers[r->header_count] = strdup(line);
    if (!r->headers[r->header_count])
        return AFETCH_MEMORY;
    r->header_count++;
    return AFETCH_OK;
}

void afetch_request_set_timeout(struct afetch_request *r, uint64_t timeout_ms)
{
    r->timeout_ms = timeout_ms;
    r->timeout_set = true;
}

const char *afetch_request_url(const struct afetch_request *r)
{
    return r->shown;
}

uint64_t afetch_request_number(const struct afetch_request *r)
{
    return r->number;
}

void *afetch_request_arg(const struct afetch_request *r)
{
    return r->arg;
}

const char *afetch_request_header(const struct afetch_request *r, const char *name)
{
    return r->response ? http1_find(r->response, name) : NULL;
}

bool afetch_request_header_at(const struct afetch_request *r, size_t index, const char **name, const char **value)
{
    if (!r->response || index >= http1_field_count(r->response))
        return false;
    struct http1_field field = http1_field_at(r->response, index);
    *name = field.name;
    *value = field.value;
    return true;
}

/* ---- what it is ----------------------------------------------------------------------------------------------------------- */

const char *request_method(const struct afetch_request *r)
{
    return r->as_get ? "GET" : r->method;
}

bool request_is_head(const struct afetch_request *r)
{
    return strcmp(request_method(r), "HEAD") == 0;
}

bool request_ends_at_head(const struct afetch_request *r)
{
    return r->head_only || request_is_head(r);
}

bool request_is_idempotent(const struct afetch_request *r)
{
    static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(request_method(r), methods[i]) == 0)
            return true;
    return false;
}

/* Scheme, host and port as pool, tickets and holds tell origins apart. NULL without memory. */
static char *make_origin(const struct url *u)
{
    size_t size = strlen(u->host) + (u->zone ? strlen(u->zone) : 0) + sizeof "https://[]%:65535";
    char *origin = malloc(size);
    if (origin)
        snprintf(origin, size, "%s://[%s%s%s]:%u", u->scheme, u->host, u->zone ? "%" : "", u->zone ? u->zone : "",
                 (unsigned)u->port);
    return origin;
}

int request_prepare(struct afetch_request *r)
{
    if (!r->parsed) {
        int rc = url_parse(&r->url, r->text, r->text_len, r->session->default_scheme, r->session->defaults.url_flags,
                           &r->err);
        if (rc < 0)
            return rc;
        r->parsed = true;
    }
    if (!defaults_allow(&r->session->defaults, &r->url))
        return error_set(&r->err, ERR_SCHEME, 0, "%s is not allowed (--proto)", r->url.scheme);
    free(r->origin);
    r->origin = make_origin(&r->url);
    return r->origin ? 0 : error_set(&r->err, ERR_MEMORY, 0, NULL);
}

/* ---- another hop, another try ---------------------------------------------------------------------------------------- */

bool request_read_past(const struct afetch_request *r, int rc)
{
    return r->discard && rc != ERR_CANCELED && rc != ERR_TIMEOUT && rc != ERR_MEMORY;
}

void request_reset(struct afetch_request *r)
{
    error_clear(&r->err);
    error_clear(&r->refusal);
    r->bytes = r->continue_from;
    r->status = 0;
    r->discard = false;
    deliver_reset(r);
    r->then = REQUEST_END;
    r->sent_ns = r->first_byte_ns = 0;
    r->times = (struct dial_times){0};
}

void request_restart(struct afetch_request *r)
{
    r->as_get = false;
    free(r->referer);
    r->referer = NULL;
    r->redirects = 0;
    r->spent_ns = 0;
    if (!r->first_url.storage)
        return;
    url_deinit(&r->url);
    r->url = r->first_url;
    r->first_url = (struct url){0};
}

bool request_is_canceled(struct afetch_request *r)
{
    wishes_grant(r->session, r->worker);
    return r->canceled;
}

/* What was delivered is void. */
static bool undo(struct afetch_request *r)
{
    bool undone = true;
    if (r->callbacks.restart) {
        lock_take(&r->session->lock);
        undone = !request_is_canceled(r) && r->callbacks.restart(r->arg, r) != AFETCH_ABORT;
        lock_drop(&r->session->lock);
    } else if (r->callbacks.body) {
        undone = r->bytes == 0;
    }
    if (undone) {
        r->delivering = false;
        r->continue_from = 0;
        r->bytes = 0;
    }
    return undone;
}

static bool has_field(const struct afetch_request *r, const char *name)
{
    size_t len = strlen(name);
    const struct afetch_session *s = r->session;
    for (size_t i = 0; i < r->header_count; i++)
        if (strncasecmp(r->headers[i], name, len) == 0)
            return true;
    for (size_t i = 0; i < s->header_count; i++)
        if (strncasecmp(s->headers[i], name, len) == 0)
            return true;
    return false;
}

/* A GET goes on where it broke, if a strong validator shows that it is the same representation (RFC 9110 section
 * 13.1.5). */
static bool can_continue(const struct afetch_request *r)
{
    return r->delivering && r->bytes > 0 && r->etag && strcmp(request_method(r), "GET") == 0 && !has_field(r, "Range:");
}

bool request_undo(struct afetch_request *r)
{
    if (!r->delivering)
        return true;
    if (!can_continue(r))
        return undo(r);
    r->continue_from = r->bytes;
    return true;
}

/* ---- the response ------------------------------------------------------------------------------------------------------------ */

int request_stop(struct afetch_request *r)
{
    return error_set(&r->err, ERR_WRITE, 0, "the receiver refused the body");
}

static int drop_body(struct afetch_request *r, const struct http1 *response)
{
    r->discard = true;
    r->discarded = 0;
    return http1_content_length(response) > DISCARD_MAX && !request_ends_at_head(r) ? ERR_STATUS : 0;
}

static void set_refusal(struct error *err, const struct http1 *response)
{
    const char *reason = http1_reason(response);
    int status = http1_status(response);
    error_set(err, ERR_STATUS, 0, "%d%s%.100s%s", status, *reason ? " " : "", reason,
              status < 400 ? ", which is not to be accepted" : "");
}

/* Whether the response is followed by another hop or attempt, and is only read past: 1, 0, or an error. */
static int leads_on(struct afetch_request *r, const struct http1 *response)
{
    int rc = redirect_wanted(r, response);
    if (rc < 0)
        return rc;
    if (rc > 0)
        r->then = REQUEST_REDIRECT;
    else if (retry_status(r, response))
        r->then = REQUEST_RETRY;
    return r->then != REQUEST_END;
}

static int copy_field(char **to, const char *value)
{
    free(*to);
    *to = value ? strdup(value) : NULL;
    return value && !*to ? ERR_MEMORY : 0;
}

/* The validator that a later try can go on by: weak ones do not tell bytes apart. */
static int note_validator(struct afetch_request *r, const struct http1 *response)
{
    const char *etag =
        r->status == 200 && !http1_find(response, "Content-Encoding") ? http1_find(response, "ETag") : NULL;
    return copy_field(&r->etag, etag && *etag == '"' ? etag : NULL);
}

/* To a request that goes on: 1 if this is the rest of what was delivered, 0 if it is something else, which begins from
 * the start, or an error where that can't be. */
static int continues(struct afetch_request *r, const struct http1 *response)
{
    uint64_t from = r->continue_from, first;
    if (from == 0)
        return 0;
    const char *range = http1_find(response, "Content-Range");
    const char *etag = http1_find(response, "ETag");
    if (r->status == 206 && range && sscanf(range, "bytes %" SCNu64 "-", &first) == 1 && first == from &&
        (!etag || strcmp(etag, r->etag) == 0))
        return 1;
    r->bytes = from;
    if (undo(r))
        return 0;
    return error_set(&r->err, ERR_PARTIAL, 0,
                     "after %llu bytes, which cannot be taken back, as the server does not go on there",
                     (unsigned long long)from);
}

static int tell_head(struct afetch_request *r, const struct http1 *response)
{
    struct afetch_head head = {.status = r->status,
                               .reason = http1_reason(response),
                               .http_minor = r->http_minor,
                               .content_length = http1_content_length(response)};
    int rc = note_validator(r, response);
    if (rc == 0)
        rc = deliver_begin(r, response);
    if (rc < 0)
        return error_set(&r->err, rc, 0, NULL);
    r->delivering = true;
    if (!r->callbacks.head)
        return 0;
    r->response = response;
    lock_take(&r->session->lock);
    bool canceled = request_is_canceled(r);
    enum afetch_flow flow = canceled ? AFETCH_GO : r->callbacks.head(r->arg, r, &head);
    lock_drop(&r->session->lock);
    r->response = NULL;
    if (canceled)
        return ERR_CANCELED;
    return flow == AFETCH_ABORT ? request_stop(r) : 0;
}

int request_head(struct afetch_request *r, const struct http1 *response)
{
    r->status = http1_status(response);
    r->http_minor = http1_minor_version(response);
    if (copy_field(&r->content_type, http1_find(response, "Content-Type")) < 0)
        return error_set(&r->err, ERR_MEMORY, 0, NULL);
    session_trace_response(r->session, r, response);
    int rc = leads_on(r, response);
    if (rc != 0)
        return rc < 0 ? rc : drop_body(r, response);
    bool rest = r->continue_from && r->status == 206; /* the range was our idea */
    bool accepted = rest || defaults_accept(&r->session->defaults, r->status);
    if (!accepted && !r->session->defaults.fail_with_body) {
        set_refusal(&r->err, response);
        return drop_body(r, response);
    }
    if (!accepted)
        set_refusal(&r->refusal, response);
    rc = continues(r, response);
    return rc != 0 ? (rc < 0 ? rc : 0) : tell_head(r, response);
}

static void cancel_pause(struct co_op *op, int reason)
{
    struct afetch_request *r = (struct afetch_request *)(void *)((char *)op - offsetof(struct afetch_request, resume));
    worker_forget_paused(r->worker, r);
    co_complete(op, reason);
}

struct co_op *request_pause(struct afetch_request *r)
{
    co_op_begin(&r->resume, cancel_pause);
    worker_add_paused(r->worker, r);
    return &r->resume;
}

void afetch_request_resume(struct afetch_request *r)
{
    wish_make(r, WISH_RESUME);
}

void afetch_request_cancel(struct afetch_request *r)
{
    wish_make(r, WISH_CANCEL);
}

int request_body(struct afetch_request *r, const void *data, size_t len)
{
    if (!r->discard)
        return deliver(r, data, len);
    r->discarded += len;
    return r->discarded > DISCARD_MAX ? ERR_STATUS : 0;
}

int request_end(struct afetch_request *r)
{
    if (r->discard)
        return ERR_STATUS;
    int rc = deliver_end(r);
    return rc == 0 && r->refusal.code ? error_copy(&r->err, &r->refusal) : rc;
}

static int code_of(enum afetch_code public_code)
{
#define CODE_OF(code, exit, text)                                                                                      \
    if ((int)public_code == (exit))                                                                                    \
        return code;
    ERROR_TABLE(CODE_OF)
#undef CODE_OF
    return ERR_INTERNAL;
}

void afetch_request_fail(struct afetch_request *r, enum afetch_code code, const char *why)
{
    error_set(&r->err, code_of(code), 0, "%s", why);
}

/* ---- the end --------------------------------------------------------------------------------------------------------------------- */

static uint64_t since_start(const struct afetch_request *r, uint64_t at_ns)
{
    return at_ns ? at_ns - r->start_ns : 0;
}

void request_done(struct afetch_request *r, int rc)
{
    char ip[ADDR_TEXT_MAX] = "";
    lock_take(&r->session->lock);
    if (request_is_canceled(r) && rc >= 0)
        rc = ERR_CANCELED;
    if (rc < 0)
        error_set(&r->err, rc, 0, NULL);
    struct afetch_result result = {
        .code = rc < 0 ? (enum afetch_code)error_exit_code(r->err.code) : AFETCH_OK,
        .error = rc < 0 ? error_text(&r->err) : "",
        .status = r->status,
        .bytes = r->discard ? 0 : r->bytes,
        .queued_ns = since_start(r, r->queued_ns),
        .resolved_ns = since_start(r, r->times.resolved_ns),
        .connected_ns = since_start(r, r->times.connected_ns),
        .secured_ns = since_start(r, r->times.secured_ns),
        .sent_ns = since_start(r, r->sent_ns),
        .first_byte_ns = since_start(r, r->first_byte_ns),
        .done_ns = since_start(r, engine_now_ns(r->worker->engine)),
        .remote_ip = r->have_peer ? addr_text(&r->peer, ip) : "",
        .remote_port = r->have_peer ? addr_port(&r->peer) : 0,
        .tls_version = r->tls_version ? r->tls_version : "",
        .http_version = r->status == 0  ? ""
                        : r->http_minor ? "1.1"
                                        : "1.0",
        .content_type = r->content_type ? r->content_type : "",
        .connects = r->connects,
        .reused = r->reused,
        .redirects = r->redirects,
        .retries = r->retries,
        .effective_url = r->first_url.storage ? r->url.shown : r->shown,
    };
    if (r->callbacks.done)
        r->callbacks.done(r->arg, r, &result);
    wishes_grant(r->session, r->worker); /* only now can nobody make a further one of r */
    lock_drop(&r->session->lock);
}
