#include "fetch/request.h"

#include <stdio.h>
#include <string.h>

#include "fetch/body.h"
#include "fetch/deliver.h"
#include "fetch/proxying.h"
#include "fetch/session.h"

/* ---- life ------------------------------------------------------------------------------------------------------------- */

struct afetch_request *afetch_request_new(const char *url, size_t len)
{
    struct afetch_request *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    /* What no URL can be is shown in part. */
    size_t shown_size = len > URL_MAX || texts_have_control(url, len) ? 201 : len + 1;
    r->text = malloc(len + 1);
    r->shown = malloc(shown_size);
    if (!r->text || !r->shown) {
        afetch_request_free(r);
        return NULL;
    }
    memcpy(r->text, url, len);
    r->text[len] = '\0';
    r->text_len = len;
    url_show(r->shown, shown_size, url, len);
    atomic_init(&r->resume.over, false);
    atomic_init(&r->feed.over, false);
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
    free(r->user);
    free(r->password);
    credentials_free(r->credentials);
    credentials_free(r->proxy_credentials);
    afetch_body_free(r->body);
    deliver_reset(r);
    free(r->content_type);
    free(r->location);
    free(r->referer);
    ranges_deinit(&r->ranges);
    free(r->origin);
    free(r->shown);
    free(r->text);
    url_deinit(&r->url);
    if (r->first_url)
        url_deinit(r->first_url);
    free(r->first_url);
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

enum afetch_code afetch_request_set_user(struct afetch_request *r, const char *user, const char *password)
{
    char *user_copy = strdup(user), *password_copy = password ? strdup(password) : NULL;
    if (!user_copy || (password && !password_copy)) {
        free(user_copy);
        free(password_copy);
        return AFETCH_MEMORY;
    }
    free(r->user);
    free(r->password);
    r->user = user_copy;
    r->password = password_copy;
    return AFETCH_OK;
}

void afetch_request_set_body(struct afetch_request *r, struct afetch_body *body)
{
    body_hold(body);
    afetch_body_free(r->body);
    r->body = body;
}

void afetch_request_set_feeder(struct afetch_request *r, const struct afetch_feeder *feeder, void *arg)
{
    r->feeder = *feeder;
    r->feeder_arg = arg;
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

uint64_t afetch_request_connection(const struct afetch_request *r)
{
    return r->conn_id;
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
    if (r->as_get)
        return "GET";
    return r->method ? r->method : r->body ? "POST" : "GET";
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
    if (!r->origin)
        return error_set(&r->err, ERR_MEMORY, 0, NULL);
    int rc = login_prepare(r);
    if (rc == 0)
        rc = routes_find(&r->session->routes, &r->url, &r->route, &r->err);
    return rc == 0 ? proxying_prepare(r) : rc;
}

int request_copy_field(char **to, const char *value)
{
    free(*to);
    *to = value ? strdup(value) : NULL;
    return value && !*to ? ERR_MEMORY : 0;
}

/* ---- what callbacks say ----------------------------------------------------------------------------------------------- */

bool request_is_canceled(struct afetch_request *r)
{
    wishes_grant(r->session, r->worker);
    return r->canceled;
}

int request_stop(struct afetch_request *r)
{
    return error_set(&r->err, ERR_WRITE, 0, "the receiver refused the body");
}

struct co_op *request_pause(struct afetch_request *r)
{
    return worker_pause(r->worker, &r->resume);
}

void afetch_request_resume(struct afetch_request *r)
{
    wish_make(r, WISH_RESUME);
}

void afetch_request_feed(struct afetch_request *r)
{
    wish_make(r, WISH_FEED);
}

void afetch_request_cancel(struct afetch_request *r)
{
    wish_make(r, WISH_CANCEL);
}

int request_code_of(enum afetch_code public_code)
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
    error_set(&r->err, request_code_of(code), 0, "%s", why);
}

/* ---- the end --------------------------------------------------------------------------------------------------------------------- */

uint64_t request_since_start(const struct afetch_request *r, uint64_t at_ns)
{
    return at_ns > r->start_ns ? at_ns - r->start_ns : at_ns != 0;
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
        .start_ns = r->start_ns,
        .code = rc < 0 ? (enum afetch_code)error_exit_code(r->err.code) : AFETCH_OK,
        .error = rc < 0 ? error_text(&r->err) : "",
        .status = r->status,
        .bytes = r->discard && !r->satisfied ? 0 : r->bytes - r->ranges.had,
        .bytes_sent = r->bytes_sent,
        .queued_ns = request_since_start(r, r->queued_ns),
        .resolved_ns = request_since_start(r, r->times.resolved_ns),
        .connected_ns = request_since_start(r, r->times.connected_ns),
        .secured_ns = request_since_start(r, r->times.secured_ns),
        .sent_ns = request_since_start(r, r->sent_ns),
        .first_byte_ns = request_since_start(r, r->first_byte_ns),
        .done_ns = request_since_start(r, engine_now_ns(r->worker->engine)),
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
        .effective_url = r->first_url ? r->url.shown : r->shown,
    };
    if (r->callbacks.done)
        r->callbacks.done(r->arg, r, &result);
    wishes_grant(r->session, r->worker); /* only now can nobody make a further one of r */
    lock_drop(&r->session->lock);
}
