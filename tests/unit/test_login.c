/* Whose name afetch.h lets requests show, in each mode: what the session has, what a request has, what is looked up; and the
 * cookies of a session. */
#include "unit/library.h"

enum { SEEN_MAX = 20, SEEN_SIZE = 100 };

static struct {
    char line[SEEN_MAX][SEEN_SIZE];
    size_t count;
} seen;

/* Keeps what is sent of Authorization, or "-" for a head without it. */
static void watch(void *arg, const struct afetch_request *r, enum afetch_trace kind, const char *text, size_t len)
{
    (void)arg;
    (void)r;
    if (kind != AFETCH_TRACE_HEAD_OUT)
        return;
    if (len > 4 && memcmp(text, "GET ", 4) == 0) {
        assert_true(seen.count < SEEN_MAX);
        memcpy(seen.line[seen.count++], "-", 2);
    }
    if (len > 15 && memcmp(text, "Authorization: ", 15) == 0)
        snprintf(seen.line[seen.count - 1], SEEN_SIZE, "%.*s", (int)len - 15, text + 15);
}

static void watch_cookies(void *arg, const struct afetch_request *r, enum afetch_trace kind, const char *text,
                          size_t len)
{
    (void)arg;
    (void)r;
    if (kind != AFETCH_TRACE_HEAD_OUT || len < 8 || memcmp(text, "Cookie: ", 8) != 0)
        return;
    assert_true(seen.count < SEEN_MAX);
    snprintf(seen.line[seen.count++], SEEN_SIZE, "%.*s", (int)len - 8, text + 8);
}

static void options_of(struct afetch_options *opt)
{
    seen.count = 0;
    afetch_options_init(opt);
    opt->parallel_max = 1;
    opt->trace = watch;
}

static void test_of_the_session(void **state)
{
    static const struct {
        const char *user, *password, *bearer;
        unsigned auth;
        const char *sent;
    } rows[] = {
        {"a", "b", NULL, 0, "Basic YTpi"},
        {"a", NULL, NULL, 0, "Basic YTo="},
        {"a", "b", NULL, AFETCH_AUTH_BASIC, "Basic YTpi"},
        {"a", "b", NULL, AFETCH_AUTH_DIGEST, "-"},
        {"a", "b", NULL, AFETCH_AUTH_BASIC | AFETCH_AUTH_DIGEST, "-"},
        {"a", "b", "t", 0, "Bearer t"},
        {"a", "b", "t", AFETCH_AUTH_BASIC, "Basic YTpi"},
        {NULL, NULL, "t", 0, "Bearer t"},
        {NULL, NULL, NULL, 0, "-"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct afetch_options opt;
        options_of(&opt);
        opt.user = rows[i].user;
        opt.password = rows[i].password;
        opt.bearer = rows[i].bearer;
        opt.auth = rows[i].auth;
        struct run *run = run_new(state, 1, &opt);
        add_item(run, "/bytes/10");
        assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
        assert_all_done(run, AFETCH_OK);
        assert_int_equal(seen.count, 1);
        assert_string_equal(seen.line[0], rows[i].sent);
        run_free(run);
    }
}

static void test_of_a_request(void **state)
{
    struct afetch_options opt;
    options_of(&opt);
    opt.user = "a";
    opt.password = "b";
    struct run *run = run_new(state, 3, &opt);
    add_item(run, "/bytes/10");
    struct item *it = make_item(run, "/bytes/10");
    assert_int_equal(afetch_request_set_user(it->request, "x", "y"), AFETCH_OK);
    assert_int_equal(afetch_request_set_user(it->request, "m", NULL), AFETCH_OK);
    afetch_session_add(run->session, it->request);
    it = make_item(run, "/redirect/302/bytes/10");
    assert_int_equal(afetch_request_set_user(it->request, "me", "pw"), AFETCH_OK);
    afetch_session_add(run->session, it->request);
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_all_done(run, AFETCH_OK);
    static const char *const sent[] = {"Basic YTpi", "Basic bTo=", "Basic bWU6cHc=", "Basic bWU6cHc="};
    assert_int_equal(seen.count, 4);
    for (size_t i = 0; i < seen.count; i++)
        assert_string_equal(seen.line[i], sent[i]);
    run_free(run);
}

struct answer {
    enum afetch_code code;
    const char *user, *password;
    bool found;
    unsigned asked;
};

static enum afetch_code look_up(void *arg, const char *host, struct afetch_login *login)
{
    struct answer *a = arg;
    a->asked++;
    assert_string_equal(host, "127.0.0.1");
    assert_null(login->user);
    assert_null(login->password);
    login->user = a->user;
    login->password = a->password;
    login->found = a->found;
    login->why = "nobody is here";
    return a->code;
}

static void test_of_a_look_up(void **state)
{
    struct answer answers[] = {
        {AFETCH_OK, "l", "p", true, 0}, {AFETCH_OK, NULL, NULL, false, 0}, {AFETCH_READ, "l", "p", true, 0}};
    static const char *const sent[] = {"Basic bDpw", "-"};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct afetch_options opt;
        options_of(&opt);
        opt.login = look_up;
        opt.login_arg = &answers[i];
        struct run *run = run_new(state, 1, &opt);
        add_item(run, "/redirect/302/bytes/10");
        assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
        assert_all_done(run, answers[i].code);
        bool ok = answers[i].code == AFETCH_OK;
        assert_int_equal(answers[i].asked, ok ? 2 : 1); /* where the redirect leads, too */
        assert_int_equal(seen.count, ok ? 2 : 0);
        for (size_t n = 0; n < seen.count; n++)
            assert_string_equal(seen.line[n], sent[i]);
        if (!ok)
            assert_string_equal(run->items[0].error, "could not read: nobody is here");
        run_free(run);
    }
}

static void test_tokens_that_are_none(void **state)
{
    struct afetch_options opt;
    struct afetch_session *session = NULL;
    char *error = NULL;
    afetch_options_init(&opt);
    opt.mode = *(const enum afetch_mode *)*state;
    opt.bearer = "secret\r\nX: y";
    assert_int_equal(afetch_session_new(&session, &opt, &error), AFETCH_INTERNAL);
    assert_non_null(strstr(error, "bearer token"));
    assert_null(strstr(error, "secret"));
    free(error);
}

/* What was read is sent, what is set is kept, and both are written. */
static void test_cookies(void **state)
{
    static const char file[] = "127.0.0.1\tFALSE\t/\tFALSE\t0\tb\t2\n127.0.0.1\tFALSE\t/\tFALSE\t4000000000\tc\t3\n";
    struct afetch_options opt;
    char *text = NULL;
    size_t len = 0;
    afetch_options_init(&opt);
    opt.cookies = true;
    opt.cookie = "m=1; n=2";
    opt.trace = watch_cookies;
    seen.count = 0;
    struct run *run = run_new(state, 2, &opt);
    assert_int_equal(afetch_session_read_cookies(run->session, file, sizeof file - 1, true), AFETCH_OK);
    add_item(run, "/bytes/10");
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_int_equal(afetch_session_read_cookies(run->session, file, sizeof file - 1, false), AFETCH_OK);
    add_item(run, "/bytes/10");
    assert_int_equal(afetch_session_run(run->session), AFETCH_OK);
    assert_all_done(run, AFETCH_OK);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.line[0], "c=3; m=1; n=2");
    assert_true(strcmp(seen.line[1], "c=3; b=2; m=1; n=2") == 0 || strcmp(seen.line[1], "b=2; c=3; m=1; n=2") == 0);
    assert_int_equal(afetch_session_write_cookies(run->session, &text, &len), AFETCH_OK);
    assert_int_equal(len, strlen(text));
    assert_non_null(strstr(text, file));
    free(text);
    run_free(run);
}

static void test_no_cookies(void **state)
{
    struct run *run = run_new(state, 1, NULL);
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(afetch_session_read_cookies(run->session, "", 0, false), AFETCH_INTERNAL);
    assert_int_equal(afetch_session_write_cookies(run->session, &text, &len), AFETCH_INTERNAL);
    assert_null(text);
    run_free(run);
    struct afetch_options opt;
    struct afetch_session *session = NULL;
    afetch_options_init(&opt);
    opt.cookie = "a=1\r\nX: y";
    assert_int_equal(afetch_session_new(&session, &opt, NULL), AFETCH_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_EACH_MODE(test_of_the_session),       IN_EACH_MODE(test_of_a_request), IN_EACH_MODE(test_of_a_look_up),
        IN_EACH_MODE(test_tokens_that_are_none), IN_EACH_MODE(test_cookies),      IN_EACH_MODE(test_no_cookies),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
