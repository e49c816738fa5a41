#include "library_options.h"

void library_options(struct afetch_options *opt, const struct options *o)
{
    afetch_options_init(opt);
    opt->mode = o->mode;
    opt->parallel_max_host = o->parallel_max_host;
    opt->connect_timeout_ms = o->connect_timeout_ms;
    opt->timeout_ms = o->timeout_ms;
    opt->expect_timeout_ms = o->expect100_timeout_ms;
    opt->user_agent = o->user_agent;
    opt->referer = o->referer;
    opt->referer_auto = o->referer_auto;
    opt->request_target = o->request_target;
    opt->http10 = o->http_minor == 0;
    opt->path_as_is = o->path_as_is;
    opt->disallow_user = o->disallow_username_in_url;
    opt->proto = o->proto;
    opt->proto_redir = o->proto_redir;
    opt->user = o->user;
    opt->password = o->password;
    opt->bearer = o->bearer;
    opt->auth = o->auth;
    opt->cookies = o->cookies;
    opt->cookie = o->cookie.len ? o->cookie.data : NULL;
    opt->headers = o->headers.item;
    opt->header_count = o->headers.count;
    opt->default_scheme = o->proto_default;
    opt->tls = o->tls;
    opt->dns_servers = o->dns_servers;
    opt->resolve = o->resolve.item;
    opt->resolve_count = o->resolve.count;
    opt->connect_to = o->connect_to.item;
    opt->connect_to_count = o->connect_to.count;
    opt->unix_socket = o->unix_socket;
    opt->ip = (enum afetch_ip)o->ip;
    opt->happy_eyeballs_ms = o->happy_eyeballs_ms;
    opt->keepalive_s = !o->keepalive ? 0 : o->keepalive_time ? o->keepalive_time : 60;
    opt->keepalive_count = o->keepalive_count;
    opt->proxy = o->proxy;
    opt->noproxy = o->noproxy;
    opt->proxy_user = o->proxy_user;
    opt->proxy_password = o->proxy_password;
    opt->proxy_auth = o->proxy_auth;
    opt->proxy_tunnel = o->proxytunnel;
    opt->proxy_headers = o->proxy_headers.item;
    opt->proxy_header_count = o->proxy_headers.count;
    opt->proxy_tls = o->proxy_tls;
    opt->fail_on_status = o->fail != FAIL_NEVER;
    opt->fail_with_body = o->fail == FAIL_WITH_BODY;
    opt->accept_statuses = o->accept_statuses;
    opt->compressed = o->compressed;
    opt->raw = o->raw;
    opt->ignore_content_length = o->ignore_content_length;
    opt->filesize_max = o->max_filesize;
    opt->follow = o->location;
    opt->redirects_max = o->max_redirs;
    opt->location_trusted = o->location_trusted;
    opt->post_keep =
        (o->post301 ? AFETCH_POST301 : 0) | (o->post302 ? AFETCH_POST302 : 0) | (o->post303 ? AFETCH_POST303 : 0);
    opt->retry_max = o->retry;
    opt->retry_delay_ms = o->retry_delay_ms;
    opt->retry_max_time_ms = o->retry_max_time_ms;
    opt->retry_connrefused = o->retry_connrefused;
    opt->retry_all_errors = o->retry_all_errors;
    opt->retry_on_statuses = o->retry_on_statuses;
}
