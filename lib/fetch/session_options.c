/* What a session keeps of its options. */
#include <string.h>

#include "fetch/session.h"

#define SPEED_TIME_NS ((uint64_t)30 * 1000000000) /* as curl's */

void afetch_options_init(struct afetch_options *opt)
{
    *opt = (struct afetch_options){.mode = AFETCH_ASYNC,
                                   .parallel_max = 64,
                                   .connect_timeout_ms = 30000,
                                   .happy_eyeballs_ms = 250,
                                   .keepalive_s = 60,
                                   .expect_timeout_ms = 1000,
                                   .default_scheme = "http",
                                   .fail_on_status = true,
                                   .follow = true,
                                   .redirects_max = 10};
}

static void copy_redirects_and_retries(struct afetch_session *s, const struct afetch_options *opt)
{
    s->follow = opt->follow;
    s->redirects_max = opt->redirects_max;
    s->post_keep = opt->post_keep;
    s->proto_redir = opt->proto_redir;
    s->location_trusted = opt->location_trusted;
    s->retry_max = opt->retry_max;
    s->retry_delay_ns = timer_ns_of_ms(opt->retry_delay_ms);
    s->retry_max_time_ns = timer_ns_of_ms(opt->retry_max_time_ms);
    s->retry_connrefused = opt->retry_connrefused;
    s->retry_all_errors = opt->retry_all_errors;
}

static int copy_overrides(struct afetch_session *s, const struct afetch_options *opt, uint64_t now_ns,
                          struct error *err)
{
    struct overrides *o = &s->overrides;
    int rc = 0;
    o->family = opt->ip == AFETCH_IP_V4 ? AF_INET : opt->ip == AFETCH_IP_V6 ? AF_INET6 : 0;
    o->attempt_delay_ns = opt->happy_eyeballs_ms ? timer_ns_of_ms(opt->happy_eyeballs_ms) : 1; /* 0 is the default's */
    for (size_t i = 0; rc == 0 && i < opt->resolve_count; i++)
        rc = overrides_add_addrs(o, opt->resolve[i], now_ns, err);
    for (size_t i = 0; rc == 0 && i < opt->connect_to_count; i++)
        rc = overrides_add_detour(o, opt->connect_to[i], err);
    return rc == 0 && opt->unix_socket ? overrides_set_unix_socket(o, opt->unix_socket, err) : rc;
}

int session_copy_options(struct afetch_session *s, const struct afetch_options *opt, uint64_t now_ns, struct error *err)
{
    s->connect_timeout_ns = timer_ns_of_ms(opt->connect_timeout_ms);
    s->timeout_ms = opt->timeout_ms;
    s->deadline_ns = timer_ns_of_ms(opt->deadline_ms);
    s->speed_limit = opt->speed_limit;
    s->speed_time_ns = opt->speed_time_ms ? timer_ns_of_ms(opt->speed_time_ms) : SPEED_TIME_NS;
    s->keep_alive_s = opt->keepalive_s;
    s->keep_alive_count = opt->keepalive_count;
    s->expect_timeout_ns = timer_ns_of_ms(opt->expect_timeout_ms);
    s->compressed = opt->compressed;
    s->filesize_max = opt->filesize_max;
    s->trace = opt->trace;
    s->trace_arg = opt->trace_arg;
    s->default_scheme = strdup(opt->default_scheme ? opt->default_scheme : "http");
    if (!s->default_scheme)
        return error_set(err, ERR_MEMORY, 0, NULL);
    copy_redirects_and_retries(s, opt);
    const char *agent = opt->user_agent ? opt->user_agent : "afetch/" AFETCH_VERSION;
    int rc = texts_copy_for_head(&s->user_agent, agent, "user agent", err);
    if (rc == 0)
        rc = texts_copy_lines(&s->headers, opt->headers, opt->header_count, "header", err);
    if (rc == 0)
        rc = copy_overrides(s, opt, now_ns, err);
    if (rc == 0)
        rc = defaults_init(&s->defaults, opt, err);
    if (rc == 0)
        rc = login_init(&s->login, opt, err);
    if (rc == 0)
        rc = jar_init(&s->jar, opt, err);
    if (rc == 0 && opt->retry_on_statuses)
        rc = statuses_parse(&s->retry_statuses, opt->retry_on_statuses, err);
    if (rc == 0)
        rc = security_init(&s->security, &opt->tls, err);
    return rc == 0 ? routes_init(&s->routes, opt, &s->overrides, err) : rc;
}
