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
    opt->headers = o->headers.item;
    opt->header_count = o->headers.count;
    opt->default_scheme = o->proto_default;
    opt->tls = o->tls;
    opt->dns_servers = o->dns_servers;
    opt->fail_on_status = o->fail != FAIL_NEVER;
    opt->fail_with_body = o->fail == FAIL_WITH_BODY;
    opt->accept_statuses = o->accept_statuses;
    opt->compressed = o->compressed;
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
