#include "fetch/account.h"

#include "fetch/proxying.h"
#include "fetch/request.h"
#include "fetch/response.h"
#include "fetch/session.h"

/* The texts that are made for the call. */
struct texts {
    struct buf url, redirect;
    char remote_ip[ADDR_TEXT_MAX], local_ip[ADDR_TEXT_MAX];
};

/* Whole, whatever was left out where it was given; without user info and fragment. */
static const char *whole_url(const struct url *url, struct buf *out)
{
    char authority[300];
    if (url_authority(url, authority, sizeof authority) < 0 ||
        buf_addf(out, "%s://%s%s", url->scheme, authority, url->target) < 0)
        return url->shown;
    return out->data;
}

/* Where Location leads, without its user info. */
static const char *redirect_url(const struct afetch_request *r, const struct http1 *response, struct buf *out)
{
    const char *location = response && r->status / 100 == 3 ? http1_find(response, "Location") : NULL;
    struct buf whole;
    const char *shown = "";
    if (!location || !*location)
        return shown;
    buf_init(&whole, URL_MAX * 4);
    size_t size = 0;
    if (url_resolve(&whole, &r->url, location) >= 0)
        size = whole.len * 4 + 1; /* a byte may be shown as \xNN */
    char *room = size ? buf_room(out, size) : NULL;
    if (room) {
        url_show(room, size, whole.data, whole.len);
        shown = room;
    }
    buf_deinit(&whole);
    return shown;
}

static void add_conn(struct afetch_hop *hop, const struct afetch_request *r, const struct conn *conn, struct texts *t)
{
    struct addr local;
    struct tls *tls = proxying_server_tls(r, conn->stream);
    hop->conn_id = conn->id;
    hop->reused = conn->used;
    hop->remote_ip = addr_text(&conn->peer, t->remote_ip);
    hop->remote_port = addr_port(&conn->peer);
    hop->tls_version = tls ? tls_version(tls) : "";
    hop->tls_cipher = tls ? tls_cipher(tls) : "";
    if (stream_local(conn->stream, &local) < 0)
        return;
    hop->local_ip = addr_text(&local, t->local_ip);
    hop->local_port = addr_port(&local);
}

static void add_response(struct afetch_hop *hop, const struct afetch_request *r, const struct http1 *response)
{
    hop->status = r->status;
    hop->reason = http1_reason(response);
    hop->http_minor = r->http_minor;
    hop->content_length = http1_content_length(response);
    hop->header_bytes = r->header_bytes;
    hop->body_bytes = r->wire_bytes;
}

static void add_times(struct afetch_hop *hop, const struct afetch_request *r, uint64_t begun_ns)
{
    hop->begun_ns = request_since_start(r, begun_ns);
    hop->resolved_ns = request_since_start(r, r->times.resolved_ns);
    hop->connected_ns = request_since_start(r, r->times.connected_ns);
    hop->secured_ns = request_since_start(r, r->times.secured_ns);
    hop->sent_ns = request_since_start(r, r->sent_ns);
    hop->first_byte_ns = request_since_start(r, r->first_byte_ns);
    hop->done_ns = request_since_start(r, engine_now_ns(r->worker->engine));
}

static void call(struct afetch_request *r, const struct afetch_hop *hop, const struct http1 *response)
{
    r->response = response;
    lock_take(&r->session->lock);
    r->callbacks.hop(r->arg, r, hop);
    lock_drop(&r->session->lock);
    r->response = NULL;
}

void account_hop(struct afetch_request *r, const struct account *a)
{
    if (!r->callbacks.hop)
        return;
    const struct http1 *response = a->conn && r->status ? a->conn->http1 : NULL;
    bool goes_on = r->then == REQUEST_REDIRECT || r->then == REQUEST_AGAIN;
    bool followed = goes_on && response_read_past(r, a->rc);
    bool failed = a->rc < 0 && !followed;
    struct texts t;
    buf_init(&t.url, URL_MAX * 4);
    buf_init(&t.redirect, URL_MAX * 16); /* what is shown may be longer */
    struct afetch_hop hop = {
        .url = whole_url(&r->url, &t.url),
        .method = request_method(r),
        .code = failed ? (enum afetch_code)error_exit_code(r->err.code ? r->err.code : a->rc) : AFETCH_OK,
        .error = !failed       ? ""
                 : r->err.code ? error_text(&r->err)
                               : error_name(a->rc),
        .redirects = r->redirects,
        .retries = r->retries,
        .request_head = a->head->len ? a->head->data : "",
        .request_head_len = a->head->len,
        .bytes_sent = r->bytes_sent,
        .reason = "",
        .content_length = -1,
        .redirect_url = redirect_url(r, response, &t.redirect),
        .remote_ip = "",
        .local_ip = "",
        .proxied = r->route.proxy != NULL,
        .tls_version = "",
        .tls_cipher = "",
    };
    if (!a->conn && r->times.connected_ns) { /* it went no further */
        hop.remote_ip = addr_text(&r->peer, t.remote_ip);
        hop.remote_port = addr_port(&r->peer);
    }
    if (a->conn)
        add_conn(&hop, r, a->conn, &t);
    if (response)
        add_response(&hop, r, response);
    hop.connect_status = r->connect_status;
    add_times(&hop, r, a->begun_ns);
    call(r, &hop, response);
    buf_deinit(&t.url);
    buf_deinit(&t.redirect);
}
