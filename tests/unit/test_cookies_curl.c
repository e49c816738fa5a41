/* Cookie files between the jar and curl, both ways, with a server that both would talk to. Skipped where there is no
 * curl or no python3. */
#include "unit/cookies_help.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char dir[] = "/tmp/afetch-cookies-XXXXXX";
static char fields_path[64], jar_path[64], out_path[64];
static char tomorrow[64]; /* as a date */
static int64_t now;
static pid_t server;
static unsigned port;

/* What is set by whom; %s: tomorrow. Only what curl reads as 6265bis does. */
static const struct {
    const char *host, *value;
} fields[] = {
    {"www.example.com", "session=1"},
    {"www.example.com", "kept=2; expires=%s"},
    {"www.example.com", "deep=3; path=/deep/er; HttpOnly"},
    {"www.example.com", "wide=4; domain=example.com; path=/; expires=%s; httponly"},
    {"www.example.com", "quoted=\"a b,c\"; path=/"},
    {"www.example.com", "empty=; path=/"},
    {"www.example.com", "utf=\xc3\xa4; path=/"},
    {"www.example.com", "equals=a=b=c; path=/"},
    {"www.example.com", "refused=x; domain=com"},
    {"www.example.com", "refused=x; domain=example.org"},
    {"www.example.com", "refused=x; secure"},
    {"www.example.com", "__Secure-refused=x"},
    {"www.example.com", "gone=x; max-age=0"},
    {"www.example.com", "replaced=1; path=/"},
    {"www.example.com", "replaced=5; path=/"},
#ifdef AFETCH_PSL
    {"me.github.io", "refused=x; domain=github.io"},
#endif
    {"me.github.io", "mine=6; domain=me.github.io; path=/"},
    {"127.0.0.1", "address=7; path=/"},
    {"127.0.0.1", "secure=8; secure; path=/"}, /* this host counts as TLS */
    {"127.0.0.1", "__Host-h=9; secure; path=/"},
};

static const char *const urls[] = {
    "http://www.example.com/set",
    "http://www.example.com/",
    "http://www.example.com/deep/er/x",
    "http://www.example.com/deeper",
    "http://example.com/",
    "http://x.www.example.com/deep/er",
    "http://badexample.com/",
    "http://me.github.io/",
    "http://you.github.io/",
    "http://127.0.0.1/",
};

static const char *value_of(size_t i)
{
    static char value[300];
    const char *date = strstr(fields[i].value, "%s");
    int before = date ? (int)(date - fields[i].value) : (int)strlen(fields[i].value);
    snprintf(value, sizeof value, "%.*s%s%s", before, fields[i].value, date ? tomorrow : "", date ? date + 2 : "");
    return value;
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fputs(text, f) < 0, 0);
    assert_int_equal(fclose(f), 0);
}

static char *slurp(FILE *f)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    char piece[1000];
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        assert_int_equal(buf_add(&b, piece, n), 0);
    assert_int_equal(buf_add(&b, "", 0), 0);
    return buf_take(&b);
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char *text = slurp(f);
    fclose(f);
    return text;
}

/* Runs curl, to whom every host is the server, and returns what it printed. */
static char *curl(const char *options, const char *url)
{
    char command[1000];
    snprintf(command, sizeof command, "curl -q -sS -m 20 --noproxy '*' --connect-to ::127.0.0.1:%u %s %s", port,
             options, url);
    FILE *p = popen(command, "r");
    assert_non_null(p);
    char *text = slurp(p);
    int status = pclose(p);
    if (status != 0)
        fail_msg("%s: %d", command, status);
    return text;
}

static bool start_server(void)
{
    int out[2];
    assert_int_equal(pipe(out), 0);
    server = fork();
    assert_true(server >= 0);
    if (server == 0) {
        dup2(out[1], 1);
        close(out[0]);
        close(out[1]);
        alarm(100);
        execlp("python3", "python3", "unit/cookie_server.py", fields_path, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    assert_non_null(f);
    char line[20] = "";
    port = fgets(line, sizeof line, f) ? (unsigned)strtoul(line, NULL, 10) : 0;
    fclose(f);
    return port != 0;
}

static int group_setup(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(fields_path, sizeof fields_path, "%s/fields", dir);
    snprintf(jar_path, sizeof jar_path, "%s/jar", dir);
    snprintf(out_path, sizeof out_path, "%s/out", dir);
    now = time(NULL);
    time_t then = (time_t)now + 86400;
    struct tm tm;
    strftime(tomorrow, sizeof tomorrow, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&then, &tm));
    struct buf b;
    buf_init(&b, 1 << 16);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (buf_addf(&b, "%s\t%s\n", fields[i].host, value_of(i)) < 0)
            return -1;
    write_file(fields_path, b.data);
    buf_deinit(&b);
    if (system("curl --version >/dev/null 2>&1") != 0 || !start_server())
        port = 0;
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    if (server > 0) {
        kill(server, SIGTERM);
        waitpid(server, NULL, 0);
    }
    unlink(fields_path);
    unlink(jar_path);
    unlink(out_path);
    return rmdir(dir);
}

/* What the server would have set. */
static struct cookies *received(void)
{
    struct cookies *c = new_jar();
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct cookies_request r = {fields[i].host, "/set", false};
        assert_true(cookies_receive(c, &r, value_of(i), strlen(value_of(i)), now, NULL) >= 0);
    }
    return c;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The cookies of a field in an order of their own: curl's differs. */
static void sort_field(char *field, char *sorted, size_t size)
{
    char *pairs[64], *rest = field;
    size_t n = 0, at = 0;
    for (char *end; *rest && n < 64; rest = end) {
        pairs[n++] = rest;
        end = strstr(rest, "; ");
        if (!end)
            break;
        *end = '\0';
        end += 2;
    }
    qsort(pairs, n, sizeof(char *), by_text);
    *sorted = '\0';
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(sorted + at, size - at, "%s\n", pairs[i]);
}

static void assert_curl_sends(struct cookies *c, const char *url)
{
    static char my_field[sizeof sent], mine[sizeof sent], its[sizeof sent];
    char options[100];
    snprintf(options, sizeof options, "-b %s", jar_path);
    char *its_field = curl(options, url);
    snprintf(my_field, sizeof my_field, "%s", field_at(c, url, now));
    sort_field(my_field, mine, sizeof mine);
    sort_field(its_field, its, sizeof its);
    if (strcmp(mine, its) != 0)
        fail_msg("%s:\nthe jar sends\n%scurl sends\n%s", url, mine, its);
    free(its_field);
}

/* curl reads the jar's file, and sends what the jar would. */
static void test_ours_to_curl(void **state)
{
    (void)state;
    if (!port)
        skip();
    struct cookies *c = received();
    char *text = write_jar(c, now);
    write_file(jar_path, text);
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        assert_curl_sends(c, urls[i]);
    assert_true(strlen(field_at(c, urls[0], now)) > 50);
    /* And writes it again, and it is the same jar. */
    char options[200];
    snprintf(options, sizeof options, "-b %s -c %s", jar_path, out_path);
    free(curl(options, "http://unrelated.example/"));
    char *its = read_file(out_path);
    struct cookies *again = new_jar();
    cookies_read(again, its, strlen(its), false, now);
    char *same = write_jar(again, now);
    assert_string_equal(same, text);
    free(same);
    free(its);
    free(text);
    cookies_free(again);
    cookies_free(c);
}

/* What a server sets is in the file that curl writes as it is in the jar. */
static void test_curl_to_ours(void **state)
{
    (void)state;
    if (!port)
        skip();
    char options[200];
    snprintf(options, sizeof options, "-c %s", out_path);
    free(curl(options, "http://www.example.com/set http://me.github.io/set http://127.0.0.1/set"));
    char *its = read_file(out_path);
    struct cookies *c = new_jar(), *mine = received();
    cookies_read(c, its, strlen(its), false, now);
    char *text = write_jar(c, now), *my_text = write_jar(mine, now);
    assert_string_equal(text, my_text);
    free(my_text);
    free(text);
    free(its);
    cookies_free(mine);
    cookies_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ours_to_curl),
        cmocka_unit_test(test_curl_to_ours),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
