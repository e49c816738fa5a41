/* The command line's parser, its tables, and the help made from them. */
#include "../../cmd/bytes.c"
#include "../../cmd/glob.c"
#include "../../cmd/help.c"
#include "../../cmd/option_find.c"
#include "../../cmd/option_lacking.c"
#include "../../cmd/option_table.c"
#include "../../cmd/option_value.c"
#include "../../cmd/option_set.c"
#include "../../cmd/options_config.c"
#include "../../cmd/options.c"
#include "../../cmd/options_auth.c"
#include "../../cmd/options_body.c"
#include "../../cmd/options_proxy.c"
#include "../../cmd/options_tls.c"
#include "../../cmd/config.c"
#include "../../cmd/shard.c"
#include "../../cmd/options_check.c"
#include "../../cmd/protos.c"
#include "../../cmd/template.c"
#include "../../cmd/text.c"

/* Behind the sources: it has a macro fail(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ARGS = 24 };

static int parse(struct options *o, const char *const *args)
{
    int argc = 1;
    char *argv[ARGS + 2] = {(char *)"afetch"};
    while (args[argc - 1]) {
        argv[argc] = (char *)args[argc - 1];
        argc++;
    }
    return options_parse(o, argc, argv);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *args[ARGS];
        int status;
        const char *says;
    } cases[] = {
        {{NULL}, 2, "no URL given"},
        {{"--slient", "u"}, 2, "did you mean --silent?"},
        {{"--parallel-mx", "u"}, 2, "did you mean --parallel-max?"},
        {{"--zzzzzzzz", "u"}, 2, "unknown option --zzzzzzzz"},
        {{"-parallel", "u"}, 2, "did you mean --parallel?"},
        {{"-~", "u"}, 2, "unknown option -~"},
        {{"--rate", "0", "u"}, 2, "--rate: \"0\" is not a number of transfers"},
        {{"--rate=3/", "u"}, 2, "--rate: \"3/\" is not a number of transfers"},
        {{"--limit-rate", "fast", "u"}, 2, "--limit-rate: \"fast\" is not a number of bytes"},
        {{"-Y", "-1", "u"}, 2, "-Y: \"-1\" is not a number of bytes"},
        {{"--speed-time", "x", "u"}, 2, "--speed-time: \"x\" is not a number of seconds"},
        {{"--deadline", "soon", "u"}, 2, "--deadline: \"soon\" is not a number of seconds"},
        {{"--happy-eyeballs-timeout-ms", "x", "u"}, 2, "is not a number from 0 to"},
        {{"--keepalive-time", "32768", "u"}, 2, "is not a number from 0 to 32767"},
        {{"--unix-socket", "", "u"}, 2, "--unix-socket: an empty argument"},
        {{"--no-anyauth=1", "u"}, 2, "takes no argument"},
        {{"--max-filesize", "1x", "u"}, 2, "is not a number of bytes"},
        {{"--max-filesize", "-1", "u"}, 2, "is not a number of bytes"},
        {{"--max-filesize", "9999999999999999999", "u"}, 2, "is not a number of bytes"},
        {{"--max-redirs", "-2", "u"}, 2, "or -1 for no limit"},
        {{"--retry-on-http-error", "404,", "u"}, 2, "is no list of statuses"},
        {{"--retry-on-http-error", "500-400", "u"}, 2, "is no list of statuses"},
        {{"--create-file-mode", "8", "u"}, 2, "--create-file-mode: \"8\" is not a mode"},
        {{"-O", "-o", "x", "u", "v", "w"}, 2, "2 -o for 3 URLs"},
        {{"-O", "-C", "-", "--no-clobber", "u"}, 2, "-C and --no-clobber contradict each other"},
        {{"-OJ", "-C", "-", "u"}, 2, "-C and -J contradict each other"},
        {{"--next", "u"}, 2, "curl's --next is not supported: "},
        {{"-:", "u"}, 2, "curl's -: (--next) is not supported: "},
        {{"--expand-url", "u"}, 2, "curl's --expand-url is not supported: "},
        {{"-sQx", "u"}, 2, "curl's -Q (--quote) is not supported: "},
        {{"-P"}, 2, "-P needs an argument: -P N"},
        {{"-P", "0", "u"}, 2, "-P: \"0\" is not a number from 1 to 65535"},
        {{"-P65536", "u"}, 2, "is not a number from 1 to 65535"},
        {{"-P", "-1", "u"}, 2, "is not a number"},
        {{"--parallel-max=", "u"}, 2, "is not a number"},
        {{"--parallel-max=99999999999999999999", "u"}, 2, "is not a number"},
        {{"-m", "1s", "u"}, 2, "is not a number of seconds"},
        {{"-m", "-1", "u"}, 2, "is not a number of seconds"},
        {{"-m", ".", "u"}, 2, "is not a number of seconds"},
        {{"-m", "1e3", "u"}, 2, "is not a number of seconds"},
        {{"-m", "99999999999", "u"}, 2, "is not a number of seconds"},
        {{"--silent=1", "u"}, 2, "--silent takes no argument"},
        {{"--no-silent=1", "u"}, 2, "takes no argument"},
        {{"--no-max-time", "u"}, 2, "is not a switch"},
        {{"--proto-default", "ftp", "u"}, 2, "is none of: http https"},
        {{"--proto-default", "htt", "u"}, 2, "is none of: http https"},
        {{"--proto-default", "", "u"}, 2, "is none of: http https"},
        {{"8", "u"}, 2, "did you mean -P 8?"},
        {{"--json", "http://h/"}, 2, "did you mean --jsonl?"},
        {{"--json", "{}"}, 2, "no URL given"},
        {{"-d", "@/nonexistent", "u"}, 26, "-d: /nonexistent cannot be read"},
        {{"-F", "a", "u"}, 2, "-F: \"a\" is no name=content"},
        {{"-F", "a=b", "-d", "x", "u"}, 2, "-F and -d contradict each other"},
        {{"-F", "a=@-", "-F", "b=<-", "u"}, 2, "-F reads standard input, but -F does so already"},
        {{"-T", "a", "-d", "x", "u"}, 2, "-T and -d contradict each other"},
        {{"-T", "a", "-T", "b", "u"}, 2, "2 -T for 1 URL; give one for each, in their order"},
        {{"-T", "-", "-T", ".", "u", "v"}, 2, "-T reads standard input, but -T does so already"},
        {{"-I", "-d", "x", "u"}, 2, "-I asks for a head alone"},
        {{"--compare", "-d", "x", "u"}, 2, "--data does not go with --compare"},
        {{"-", "--json", "@-"}, 2, "--json reads standard input, but - does so already"},
        {{"-H", "A: b\r\nC: d", "u"}, 2, "line end"},
        {{"-H", "A: b\nC: d", "u"}, 2, "line end"},
        {{"-H", "no colon", "u"}, 2, "Name: value"},
        {{"-H", ": v", "u"}, 2, "Name: value"},
        {{"-A", "a\nb", "u"}, 2, "line end"},
        {{"-H", "@/nonexistent", "u"}, 26, "cannot be read"},
        {{"--url", "@/nonexistent"}, 26, "cannot be read"},
        {{"--url", "@/"}, 26, "directory"},
        {{"--url", "-"}, 2, "@-"},
        {{"--url="}, 2, "empty URL"},
        {{"-", "--url", "@-"}, 2, "reads standard input"},
        {{"-", "-H", "@-"}, 2, "reads standard input"},
        {{"-o", "a", "-o", "b", "u", "v", "w"}, 2, "2 -o for 3 URLs"},
        {{"-o", "a", "-o", "b", "-"}, 2, "2 -o for a list"},
        {{"-o", "-", "--jsonl", "u"}, 2, "--jsonl=FILE"},
        {{"-o", "{foo}", "u"}, 2, "\"{foo}\" is none of"},
        {{"-o", "a{", "u"}, 2, "is none of"},
        {{"-o", "", "u"}, 2, "empty file name"},
        {{"--accept-status", "20", "u"}, 2, "--accept-status: "},
        {{"--accept-status", "200-", "u"}, 2, "--accept-status: "},
        {{"--accept-status", "299-200", "u"}, 2, "--accept-status: "},
        {{"--accept-status", "200,", "u"}, 2, "--accept-status: "},
        {{"--accept-status", "", "u"}, 2, "--accept-status: "},
        {{"--accept-status", "099", "u"}, 2, "--accept-status: "},
        {{"--accept-status", "2xx", "u"}, 2, "--accept-status: "},
        {{"--accept-status", "200 ,404", "u"}, 2, "--accept-status: "},
        {{"--accept-status", "200", "--no-fail", "u"}, 2, "--no-fail and --accept-status contradict each other"},
        {{"--no-accept-status", "u"}, 2, "is not a switch"},
        {{"--proto", "-all", "u"}, 2, "--proto: \"-all\" leaves neither http nor https"},
        {{"--proto", "=ftp,sftp", "u"}, 2, "leaves neither http nor https"},
        {{"--proto-redir=-http,-https", "u"}, 2, "--proto-redir: \"-http,-https\" leaves neither"},
        {{"-X", "", "u"}, 2, "-X: \"\" is not a word"},
        {{"-X", "GET /", "u"}, 2, "-X: \"GET /\" is not a word"},
        {{"--request", "A\r\nB", "u"}, 2, "is not a word"},
        {{"--request-target", "", "u"}, 2, "--request-target: an empty argument"},
        {{"--request-target", "/\n", "u"}, 2, "line end"},
        {{"-e", "a\nb", "u"}, 2, "line end"},
        {{"-i", "-OJ", "u"}, 2, "-i and -J contradict each other"},
        {{"-i", "-C", "-", "-o", "x", "u"}, 2, "-i and -C contradict each other"},
        {{"--http2", "u"}, 2, "--http2 is not there yet"},
        {{"--socks5", "", "u"}, 2, "no proxy is named"},
        {{"-x", "a\nb", "u"}, 2, "no proxy is named"},
        {{"--no-proxy", "u"}, 2, "--proxy is not a switch"},
        {{"--proxy-header", "x", "u"}, 2, "a header is"},
        {{"--proxy-header", "@-", "-H", "@-", "u"}, 2, "-H @- reads standard input, but --proxy-header @- does so"},
        {{"--preproxy", "p", "u"}, 2, "--preproxy is not there yet"},
        {{"--no-http1.0", "u"}, 2, "is not a switch"},
        {{"--http1.1=1", "u"}, 2, "takes no argument"},
        {{"-o", "somewhere/#<foo>", "h/{<test>A,B}{<moo>C,D}"},
         2,
         "no glob exists with this name in position 16: #<foo>"},
        {{"-o#<x>", "{<x>a}", "{<X>a}"}, 2, "no glob exists with this name in position 4"},
        {{"--cacert", "", "u"}, 2, "empty argument"},
        {{"-E", "", "u"}, 2, "-E: no file is named"},
        {{"-E", ":secret", "u"}, 2, "-E: no file is named"},
        {{"--cert", "PKCS11:x", "u"}, 2, "PKCS#11 devices are not supported"},
        {{"--cert-type", "p12", "u"}, 2, "openssl pkcs12"},
        {{"--cert-type", "ENG", "u"}, 2, "is none of: PEM DER P12"},
        {{"--key-type", "P12", "u"}, 2, "is none of: PEM DER"},
        {{"--tls-max", "1.1", "u"}, 2, "TLS 1.2 and 1.3 alone are spoken"},
        {{"--tls-max", "2", "u"}, 2, "is none of: default 1.0 1.1 1.2 1.3"},
        {{"--tlsv1.3", "--tls-max", "1.2", "u"}, 2, "contradict each other"},
        {{"--tlsv1.2=1", "u"}, 2, "--tlsv1.2 takes no argument"},
        {{"--no-tlsv1.2", "u"}, 2, "is not a switch"},
        {{"-3", "u"}, 2, "curl's -3 (--sslv3) is not supported"},
        {{"--ssl-sessions", "f", "u"}, 2, "--ssl-sessions is not there yet"},
        {{"--sync", "--threads", "u"}, 2, "--sync and --threads contradict each other"},
        {{"--threads", "u", "--sync"}, 2, "--sync and --threads contradict each other"},
        {{"--threads=8", "u"}, 2, "--threads takes no argument"},
        {{"--compare", "--sync", "u"}, 2, "--compare and --sync contradict each other"},
        {{"--threads", "u", "--compare"}, 2, "--compare and --threads contradict each other"},
        {{"--compare", "-o", "x", "u"}, 2, "--output does not go with --compare"},
        {{"-ox", "u", "--compare"}, 2, "--output does not go with --compare"},
        {{"--compare", "-O", "u"}, 2, "--remote-name does not go with --compare"},
        {{"--compare", "--jsonl", "u"}, 2, "--jsonl does not go with --compare"},
        {{"--compare"}, 2, "no URL given"},
        {{"--oauth2-bearer", "a\nb", "u"}, 2, "line end"},
        {{"-b", "a=b\r\nc: d", "u"}, 2, "cookies may not hold a line end"},
        {{"-b", "-", "-"}, 2, "reads standard input"},
        {{"-c", "", "u"}, 2, "empty argument"},
        {{"--compare", "-c", "x", "u"}, 2, "--cookie-jar does not go with --compare"},
        {{"--netrc-file", "", "u"}, 2, "empty argument"},
        {{"--no-user", "u"}, 2, "is not a switch"},
        {{"--help", "nope"}, 2, "there is no topic \"nope\""},
        {{""}, 2, "empty argument"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct options o;
        int status = parse(&o, cases[i].args);
        if (status != cases[i].status || !strstr(o.error, cases[i].says))
            fail_msg("case %zu: %d, \"%s\" instead of %d, \"%s\"", i, status, o.error, cases[i].status, cases[i].says);
        options_deinit(&o);
    }
}

/* No error repeats a header's value: it may be a secret. */
static void no_secret_in_errors(void **state)
{
    (void)state;
    struct options o;
    const char *args[] = {"-H", "Authorization: hunter2\n", "u", NULL};
    assert_int_equal(parse(&o, args), 2);
    assert_null(strstr(o.error, "hunter2"));
    options_deinit(&o);
}

/* -E, as curl takes it apart, and the versions. */
static void tls(void **state)
{
    (void)state;
    static const struct {
        const char *given, *file, *password;
    } cases[] = {
        {"c.pem", "c.pem", NULL},  {"c.pem:", "c.pem", NULL},   {"c.pem:a:b\\:c", "c.pem", "a:b\\:c"},
        {"a\\:b:pw", "a:b", "pw"}, {"a\\\\b:pw", "a\\b", "pw"}, {"a\\b:pw", "a\\b", "pw"},
        {"a\\", "a\\", NULL},      {"a\\\\:pw", "a\\", "pw"},
    };
    struct options o;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *args[] = {"-E", cases[i].given, "u", NULL};
        assert_int_equal(parse(&o, args), 0);
        assert_string_equal(o.tls.cert_file, cases[i].file);
        if (cases[i].password)
            assert_string_equal(o.tls.key_password, cases[i].password);
        else
            assert_null(o.tls.key_password);
        options_deinit(&o);
    }
    const char *args[] = {"--pass", "x",           "-Ec:y", "--tlsv1.3", "-1", "--tls-max",
                          "1.2",    "--cert-type", "pem",   "u",         NULL};
    assert_int_equal(parse(&o, args), 0);
    assert_string_equal(o.tls.key_password, "y");
    assert_int_equal(o.tls.min, AFETCH_TLS_1_2);
    assert_int_equal(o.tls.max, AFETCH_TLS_1_2);
    assert_false(o.tls.cert_is_der || o.tls.key_is_der);
    options_deinit(&o);
    const char *der[] = {"--cert-type", "der", "--key-type=DER", "--tlsv1.3", "--tls-max", "default", "u", NULL};
    assert_int_equal(parse(&o, der), 0);
    assert_int_equal(o.tls.min, AFETCH_TLS_1_3);
    assert_int_equal(o.tls.max, AFETCH_TLS_DEFAULT);
    assert_true(o.tls.cert_is_der && o.tls.key_is_der);
    options_deinit(&o);
}

static void defaults(void **state)
{
    (void)state;
    struct options o;
    const char *args[] = {"http://a/", NULL};
    assert_int_equal(parse(&o, args), 0);
    assert_int_equal(o.action, ACTION_FETCH);
    assert_int_equal(o.parallel_max, 64);
    assert_int_equal(o.parallel_max_host, 0);
    assert_int_equal(o.connect_timeout_ms, 30000);
    assert_int_equal(o.timeout_ms, 0);
    assert_int_equal(o.fail, FAIL_DROP);
    assert_false(o.silent || o.show_error || o.verbose || o.tls.insecure);
    assert_int_equal(o.mode, AFETCH_ASYNC);
    assert_null(o.user_agent);
    assert_string_equal(o.proto_default, "http");
    assert_int_equal(o.input_count, 1);
    assert_string_equal(o.inputs[0].text, "http://a/");
    options_deinit(&o);
}

static void values(void **state)
{
    (void)state;
    struct options o;
    const char *args[] = {"u1",     "-sSkP",       "8",         "-m0.5", "--connect-timeout=2",
                          "-HA: b", "--header=B;", "--no-fail", "u2",    NULL};
    assert_int_equal(parse(&o, args), 0);
    assert_true(o.silent && o.show_error && o.tls.insecure);
    assert_int_equal(o.parallel_max, 8);
    assert_int_equal(o.timeout_ms, 500);
    assert_int_equal(o.connect_timeout_ms, 2000);
    assert_int_equal(o.fail, FAIL_NEVER);
    assert_int_equal(o.headers.count, 2);
    assert_string_equal(o.headers.item[0], "A: b");
    assert_string_equal(o.headers.item[1], "B;");
    assert_int_equal(o.input_count, 2);
    assert_string_equal(o.inputs[1].text, "u2");
    options_deinit(&o);
}

static void seconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t ms;
    } cases[] = {{"0", 0},        {"1", 1000},   {"1.", 1000}, {".5", 500},   {"0.25", 250},
                 {"1.999", 1999}, {"0.0001", 1}, {"0.000", 0}, {"007", 7000}, {"2.5009", 2500}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t ms = 77;
        assert_true(value_seconds(cases[i].text, &ms));
        assert_int_equal(ms, cases[i].ms);
    }
}

static void rates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t us;
    } cases[] = {
        {"1", 3600000000},   {"3600", 1000000},    {"5/15s", 3000000},           {"2/s", 500000}, {"10/m", 6000000},
        {"1/h", 3600000000}, {"3/4h", 4800000000}, {"1/d", 86400000000},         {"3/s", 333333}, {"1000000/s", 1},
        {"2000000/s", 0},    {"007/7s", 1000000},  {"1/11574d", 999993600000000}};
    static const char *const none[] = {"",
                                       "0",
                                       "0/s",
                                       "-1/s",
                                       "1.5/s",
                                       "x",
                                       "/s",
                                       "1/",
                                       "1/0s",
                                       "1/x",
                                       "1/sec",
                                       "1/2",
                                       "1/S",
                                       "1 /s",
                                       "1/ s",
                                       "1/s ",
                                       "1//s",
                                       "1/-1s",
                                       "1/11575d",
                                       "99999999999999999999",
                                       "1/99999999999999999999s",
                                       "+1"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t us = 77;
        assert_true(value_rate(cases[i].text, &us));
        assert_int_equal(us, cases[i].us);
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        uint64_t us;
        if (value_rate(none[i], &us))
            fail_msg("\"%s\" is taken for a rate", none[i]);
    }
}

static void limits(void **state)
{
    (void)state;
    struct options o;
    const char *args[] = {"u",
                          "-Y100k",
                          "-y",
                          "0.5",
                          "--limit-rate",
                          "1.5M",
                          "--rate",
                          "5/15s",
                          "--deadline",
                          "60",
                          "-46",
                          "-4",
                          "--no-keepalive",
                          "--unix-socket",
                          "s",
                          "--resolve",
                          "a:1:127.0.0.1",
                          "--resolve=b:1:::1",
                          "--connect-to",
                          "::c:",
                          NULL};
    assert_int_equal(parse(&o, args), 0);
    assert_int_equal(o.speed_limit, 102400);
    assert_int_equal(o.speed_time_ms, 500);
    assert_int_equal(o.limit_rate, 1572861); /* as curl has a fraction: tenths of the unit */
    assert_int_equal(o.start_interval_us, 3000000);
    assert_int_equal(o.deadline_ms, 60000);
    assert_int_equal(o.ip, AFETCH_IP_V4);
    assert_true(!o.keepalive && o.happy_eyeballs_ms == 250);
    assert_true(o.resolve.count == 2 && o.connect_to.count == 1);
    assert_string_equal(o.resolve.item[1], "b:1:::1");
    assert_string_equal(o.unix_socket, "s");
    options_deinit(&o);
}

static void last_wins_and_dashes(void **state)
{
    (void)state;
    struct options o;
    const char *args[] = {"-s", "--no-silent", "--no-verbose", "-v", "--", "--foo", "-", NULL};
    assert_int_equal(parse(&o, args), 0);
    assert_false(o.silent);
    assert_true(o.verbose);
    assert_int_equal(o.input_count, 2);
    assert_int_equal(o.inputs[0].kind, INPUT_URL);
    assert_string_equal(o.inputs[0].text, "--foo");
    assert_int_equal(o.inputs[1].kind, INPUT_LIST);
    assert_string_equal(o.stdin_reader, "-");
    options_deinit(&o);
}

static void outputs(void **state)
{
    (void)state;
    struct options o;
    const char *many[] = {"-o", "a", "u", "-o", "b", NULL};
    assert_int_equal(parse(&o, many), 0);
    assert_non_null(strstr(o.warning, "2 -o for 1 URL;"));
    options_deinit(&o);
    const char *one[] = {"-o{n}", "u", "v", NULL};
    assert_int_equal(parse(&o, one), 0);
    assert_string_equal(o.warning, "");
    assert_int_equal(o.outputs.count, 1);
    options_deinit(&o);
}

static void modes(void **state)
{
    (void)state;
    static const struct {
        const char *args[ARGS];
        enum afetch_mode mode;
        unsigned parallel_max;
        const char *warning;
    } cases[] = {
        {{"--sync", "u"}, AFETCH_SYNC, 64, ""},
        {{"--threads", "u"}, AFETCH_THREADS, 64, ""},
        {{"--threads", "--no-threads", "u"}, AFETCH_ASYNC, 64, ""},
        {{"--sync", "--no-sync", "--threads", "u"}, AFETCH_THREADS, 64, ""},
        {{"--threads", "-P1024", "u"}, AFETCH_THREADS, 1024, ""},
        {{"--threads", "-P1025", "u"}, AFETCH_THREADS, 1024, "--threads: at most 1024 transfers at once, not 1025"},
        {{"--threads", "-P65535", "-oa", "-ob", "u"},
         AFETCH_THREADS,
         1024,
         "--threads: at most 1024 transfers at once, not 65535; 2 -o for 1 URL; the last one is not used"},
        {{"-P65535", "u"}, AFETCH_ASYNC, 65535, ""},
        {{"--compare", "-P9", "u"}, AFETCH_ASYNC, 9, ""},
        {{"--compare", "-P2000", "u"}, AFETCH_ASYNC, 1024, "--compare: at most 1024 transfers at once, not 2000"},
        {{"--compare", "--no-compare", "-P2000", "-ox", "u"}, AFETCH_ASYNC, 2000, ""},
        {{"--sync", "-P65535", "u"}, AFETCH_SYNC, 65535, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct options o;
        assert_int_equal(parse(&o, cases[i].args), 0);
        if (o.mode != cases[i].mode || o.parallel_max != cases[i].parallel_max)
            fail_msg("case %zu: mode %d, -P %u", i, (int)o.mode, o.parallel_max);
        assert_string_equal(o.warning, cases[i].warning);
        options_deinit(&o);
    }
}

static void requests(void **state)
{
    (void)state;
    static const struct {
        const char *args[ARGS];
        const char *method, *referer, *target;
        unsigned http_minor;
        bool head, referer_auto, path_as_is;
    } cases[] = {
        {{"u"}, NULL, NULL, NULL, 1, false, false, false},
        {{"-XPUT", "-I", "u"}, "PUT", NULL, NULL, 1, true, false, false},
        {{"-X", "a", "-X", "b!", "--head", "--no-head", "u"}, "b!", NULL, NULL, 1, false, false, false},
        {{"-0", "u"}, NULL, NULL, NULL, 0, false, false, false},
        {{"--http1.0", "--http1.1", "u"}, NULL, NULL, NULL, 1, false, false, false},
        {{"--path-as-is", "--request-target", "*", "u"}, NULL, NULL, "*", 1, false, false, true},
        {{"-e", "http://r/", "u"}, NULL, "http://r/", NULL, 1, false, false, false},
        {{"-e", "http://r/;auto", "u"}, NULL, "http://r/", NULL, 1, false, true, false},
        {{"-e;auto", "u"}, NULL, "", NULL, 1, false, true, false},
        {{"-e", "x;auto", "-e", "auto", "u"}, NULL, "auto", NULL, 1, false, false, false},
        {{"-e", "", "u"}, NULL, "", NULL, 1, false, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct options o;
        assert_int_equal(parse(&o, cases[i].args), 0);
        const char *got[] = {o.method, o.referer, o.request_target};
        const char *want[] = {cases[i].method, cases[i].referer, cases[i].target};
        for (int j = 0; j < 3; j++)
            if ((got[j] != NULL) != (want[j] != NULL) || (got[j] && strcmp(got[j], want[j]) != 0))
                fail_msg("case %zu, %d: %s, not %s", i, j, got[j] ? got[j] : "none", want[j] ? want[j] : "none");
        assert_int_equal(o.http_minor, cases[i].http_minor);
        assert_int_equal(o.head, cases[i].head);
        assert_int_equal(o.referer_auto, cases[i].referer_auto);
        assert_int_equal(o.path_as_is, cases[i].path_as_is);
        options_deinit(&o);
    }
}

static void fails(void **state)
{
    (void)state;
    static const struct {
        const char *args[ARGS];
        enum options_fail fail;
    } cases[] = {
        {{"u"}, FAIL_DROP},
        {{"-f", "u"}, FAIL_DROP},
        {{"--no-fail", "u"}, FAIL_NEVER},
        {{"--no-fail", "--fail", "u"}, FAIL_DROP},
        {{"--fail-with-body", "u"}, FAIL_WITH_BODY},
        {{"--fail-with-body", "-f", "u"}, FAIL_DROP},
        {{"-f", "--fail-with-body", "u"}, FAIL_WITH_BODY},
        {{"--fail-with-body", "--no-fail", "u"}, FAIL_NEVER},
        {{"--no-fail", "--fail-with-body", "u"}, FAIL_WITH_BODY},
        {{"--fail-with-body", "--no-fail-with-body", "u"}, FAIL_DROP},
        {{"--accept-status", "200-299,404", "--fail-with-body", "u"}, FAIL_WITH_BODY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct options o;
        assert_int_equal(parse(&o, cases[i].args), 0);
        if (o.fail != cases[i].fail)
            fail_msg("case %zu: %u", i, o.fail);
        options_deinit(&o);
    }
}

static void protos(void **state)
{
    (void)state;
    enum { HTTP = AFETCH_SCHEME_HTTP, HTTPS = AFETCH_SCHEME_HTTPS, BOTH = HTTP | HTTPS };
    static const struct {
        const char *list;
        unsigned protos;
        const char *warning;
    } cases[] = {
        {"http", BOTH, ""},
        {"=http", HTTP, ""},
        {"=HTTPS", HTTPS, ""},
        {"-http", HTTPS, ""},
        {"-all,https,+http", BOTH, ""},
        {"-all,,https,", HTTPS, ""},
        {"=http,=https", HTTPS, ""},
        {"=http,https", BOTH, ""},
        {"=https,-ftp", HTTPS, "--proto: \"ftp\" is none of http, https and all"},
        {"=https,sftp,=all", BOTH, "--proto: \"sftp\" is none of http, https and all"},
        {"=ftp,https", HTTPS, "--proto: \"ftp\" is none of http, https and all"},
        {"-all,ftp,http,gopher", HTTP,
         "--proto: \"ftp\" is none of http, https and all; --proto: \"gopher\" is none of http, https and all"},
        {"", BOTH, ""},
        {"+all", BOTH, ""},
        {"http ", BOTH, "--proto: \"http \" is none of http, https and all"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct options o;
        const char *args[] = {"--proto", "=http", "--proto", cases[i].list, "--proto-redir", "=http", "u", NULL};
        assert_int_equal(parse(&o, args), 0);
        if (o.proto != cases[i].protos || strcmp(o.warning, cases[i].warning) != 0)
            fail_msg("%s: %u, \"%s\"", cases[i].list, o.proto, o.warning);
        assert_int_equal(o.proto_redir, HTTP);
        options_deinit(&o);
    }
}

static void who_asks(void **state)
{
    (void)state;
    enum { BASIC = AFETCH_AUTH_BASIC, DIGEST = AFETCH_AUTH_DIGEST, BEARER = AFETCH_AUTH_BEARER };
    static const struct {
        const char *args[ARGS];
        const char *user, *password;
        unsigned auth;
        bool asks;
    } cases[] = {
        {{"u"}, NULL, NULL, 0, false},
        {{"-u", "a:b:c", "u"}, "a", "b:c", 0, false},
        {{"-ua:", "u"}, "a", "", 0, false},
        {{"-u", ":", "u"}, "", "", 0, false},
        {{"-u", "a", "u"}, "a", NULL, 0, true},
        {{"-u", "", "u"}, "", NULL, 0, true},
        {{"-u", "a", "--user", "b:c", "u"}, "b", "c", 0, false},
        {{"--digest", "u"}, NULL, NULL, DIGEST, false},
        {{"--digest", "--basic", "--no-digest", "u"}, NULL, NULL, BASIC, false},
        {{"--anyauth", "--no-basic", "u"}, NULL, NULL, DIGEST | BEARER, false},
        {{"--oauth2-bearer", "t", "--digest", "u"}, NULL, NULL, DIGEST | BEARER, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct options o;
        assert_int_equal(parse(&o, cases[i].args), 0);
        assert_true(cases[i].user ? strcmp(cases[i].user, o.user) == 0 : !o.user);
        assert_true(cases[i].password ? strcmp(cases[i].password, o.password) == 0 : !o.password);
        assert_int_equal(o.auth, cases[i].auth);
        assert_int_equal(o.ask_password, cases[i].asks);
        options_deinit(&o);
    }
    struct options o;
    const char *file[] = {"--netrc-file", "f", "u", NULL};
    assert_int_equal(parse(&o, file), 0);
    assert_true(o.netrc && !o.netrc_optional);
    options_deinit(&o);
    const char *optional[] = {"--netrc-file", "f", "--netrc-optional", "u", NULL};
    assert_int_equal(parse(&o, optional), 0);
    assert_true(!o.netrc && o.netrc_optional);
    options_deinit(&o);
}

static void cookies(void **state)
{
    (void)state;
    char path[] = "/tmp/afetch-test-XXXXXX", arg[64];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    snprintf(arg, sizeof arg, "@%s", path);
    struct options o;
    const char *args[] = {"-b", "a=1", "-b", path, "-b", "b=2", "-b", arg, "-b", "/nonexistent", "u", NULL};
    assert_int_equal(parse(&o, args), 0);
    assert_string_equal(o.cookie.data, "a=1;b=2");
    assert_string_equal(o.cookie_files.data, "x\nx\n");
    assert_string_equal(o.warning, "");
    assert_true(o.cookies && !o.cookie_jar && !o.junk_session_cookies);
    options_deinit(&o);
    const char *given[] = {"-b", "a=1", "-j", "u", NULL};
    assert_int_equal(parse(&o, given), 0);
    assert_true(!o.cookies && o.junk_session_cookies);
    options_deinit(&o);
    const char *jar[] = {"-c", "x", "-c", "y", "u", NULL};
    assert_int_equal(parse(&o, jar), 0);
    assert_true(o.cookies);
    assert_string_equal(o.cookie_jar, "y");
    options_deinit(&o);
    close(fd);
    unlink(path);
}

static void proxies(void **state)
{
    (void)state;
    static const struct {
        const char *args[ARGS];
        const char *proxy, *user, *password;
        unsigned auth;
    } cases[] = {
        {{"u"}, NULL, NULL, NULL, 0},
        {{"-x", "", "u"}, "", NULL, NULL, 0},
        {{"-xp:3128", "u"}, "p:3128", NULL, NULL, 0},
        {{"--proxy", "https://p", "u"}, "https://p", NULL, NULL, 0},
        {{"--socks4", "p", "u"}, "socks4://p", NULL, NULL, 0},
        {{"--socks4a", "p:1", "u"}, "socks4a://p:1", NULL, NULL, 0},
        {{"--socks5", "a:b@p", "u"}, "socks5://a:b@p", NULL, NULL, 0},
        {{"--socks5-hostname", "[::1]:9", "u"}, "socks5h://[::1]:9", NULL, NULL, 0},
        {{"--socks5", "socks4a://p", "u"}, "socks4a://p", NULL, NULL, 0}, /* as curl */
        {{"--socks5", "p", "-x", "q", "u"}, "q", NULL, NULL, 0},
        {{"-x", "q", "--socks4", "p", "u"}, "socks4://p", NULL, NULL, 0},
        {{"-U", "a", "u"}, NULL, "a", NULL, 0},
        {{"-U", "a:", "u"}, NULL, "a", "", 0},
        {{"--proxy-user", "a:b:c", "u"}, NULL, "a", "b:c", 0},
        {{"-U", ":b", "u"}, NULL, "", "b", 0},
        {{"--proxy-digest", "u"}, NULL, NULL, NULL, AFETCH_AUTH_DIGEST},
        {{"--proxy-basic", "--proxy-digest", "u"}, NULL, NULL, NULL, AFETCH_AUTH_DIGEST},
        {{"--proxy-digest", "--no-proxy-digest", "--proxy-basic", "u"}, NULL, NULL, NULL, AFETCH_AUTH_BASIC},
        {{"--proxy-anyauth", "--proxy-basic", "u"}, NULL, NULL, NULL, AFETCH_AUTH_BASIC | AFETCH_AUTH_DIGEST},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct options o;
        assert_int_equal(parse(&o, cases[i].args), 0);
        if (!same_text(o.proxy, cases[i].proxy) || !same_text(o.proxy_user, cases[i].user) ||
            !same_text(o.proxy_password, cases[i].password) || o.proxy_auth != cases[i].auth ||
            o.ask_proxy_password != (o.proxy_user && !o.proxy_password))
            fail_msg("case %zu: %s, %s, %s", i, o.proxy, o.proxy_user, o.proxy_password);
        options_deinit(&o);
    }
    struct options o;
    const char *args[] = {
        "--proxy-header", "A: b", "-H", "C: d", "--proxy-cert", "f:w", "--proxy-key", "k", "--proxy-insecure",
        "--noproxy",      "n,m",  "u",  NULL};
    assert_int_equal(parse(&o, args), 0);
    assert_int_equal(o.headers.count, 1);
    assert_int_equal(o.proxy_headers.count, 1);
    assert_string_equal(o.proxy_headers.item[0], "A: b");
    assert_string_equal(o.proxy_tls.cert_file, "f");
    assert_string_equal(o.proxy_tls.key_password, "w");
    assert_string_equal(o.proxy_tls.key_file, "k");
    assert_null(o.tls.cert_file);
    assert_true(o.proxy_tls.insecure && !o.tls.insecure);
    assert_string_equal(o.noproxy, "n,m");
    options_deinit(&o);
}

static void header_file(void **state)
{
    (void)state;
    char path[] = "/tmp/afetch-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    static const char text[] = "A: 1\r\n\nB: 2";
    assert_int_equal(write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
    char arg[64];
    snprintf(arg, sizeof arg, "@%s", path);
    struct options o;
    const char *args[] = {"-H", arg, "u", NULL};
    assert_int_equal(parse(&o, args), 0);
    assert_int_equal(o.headers.count, 2);
    assert_string_equal(o.headers.item[0], "A: 1");
    assert_string_equal(o.headers.item[1], "B: 2");
    options_deinit(&o);
    close(fd);
    unlink(path);
}

/* Every name and letter once; what exists has a help text that fits 80 columns. */
static void tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_table_count; i++) {
        const struct option *a = &option_table[i];
        assert_ptr_equal(option_find_name(a->name, strlen(a->name)), a);
        assert_null(option_find_lacking(a->name, strlen(a->name)));
        if (a->letter) {
            assert_ptr_equal(option_find_letter(a->letter), a);
            assert_null(option_find_lacking_letter(a->letter));
        }
        assert_true(a->kind == OPTION_SOON || a->help);
    }
    for (size_t i = 0; i < option_lacking_count; i++) {
        const struct option_lacking *a = &option_lacking_table[i];
        assert_ptr_equal(option_find_lacking(a->name, strlen(a->name)), a);
        assert_true(!a->letter || option_find_lacking_letter(a->letter) == a);
    }
    struct text out = {0};
    help_write(&out, "all");
    help_write(&out, NULL);
    help_write(&out, "category");
    assert_false(out.failed);
    for (const char *line = out.data; *line; line += strcspn(line, "\n") + 1)
        if (strcspn(line, "\n") > 80)
            fail_msg("over 80 columns: %.*s", (int)strcspn(line, "\n"), line);
    text_deinit(&out);
}

static void templates(void **state)
{
    (void)state;
    static const struct {
        const char *template, *url, *path; /* path NULL: refused */
    } cases[] = {
        {"plain", "http://h/", "plain"},
        {"{n}-{host}-{name}", "http://H.Example:80/a/b.txt?q#f", "7-h.example-b.txt"},
        {"{name}", "http://h", "index"},
        {"{name}", "http://h/a/", "index"},
        {"{name}", "http://h/%2e%2e%2Fx", "_._x"},
        {"{name}", "http://h/..", "_."},
        {"{name}", "http://h/a%00b%0a", "a_b_"},
        {"{name}", "http://h/a%zz", "a%zz"},
        {"{name}", "http://h/a%4", "a%4"},
        {"{name}", "http://h/%41", "A"},
        {"{name}", "h?x/y", "index"},
        {"{host}", "http://u:p@h/", "h"},
        {"{host}", "example.com/x", "example.com"},
        {"{host}", "http://[::1]:8/x", "[::1]"},
        {"{host}", "http:///x", NULL},
        {"{host}", "http://../x", NULL},
        {"{host}", "", NULL},
        {"d/{path}", "http://h/a/b?c", "d/a/b"},
        {"{path}", "http://h/a/../b", NULL},
        {"{path}", "http://h//etc/passwd", NULL},
        {"{path}", "http://h/./b", NULL},
        {"{path}", "http://h/", NULL},
        {"{path}", "http://h/a/", NULL},
        {"{{n}", "http://h/", "{n}"},
        {"a}b", "http://h/", "a}b"},
        {"#1#<x>", "http://h/", "#1#<x>"}, /* it was not globbed */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char why[200] = "";
        assert_true(template_check(cases[i].template, why, sizeof why));
        char *path = template_fill(cases[i].template, 7, cases[i].url, NULL, why, sizeof why);
        if ((path != NULL) != (cases[i].path != NULL) || (path && strcmp(path, cases[i].path) != 0))
            fail_msg("%s of %s: \"%s\"", cases[i].template, cases[i].url, path ? path : why);
        assert_true(path || why[0]);
        free(path);
    }
}

/* The third of what a URL comes to. */
static void values_of_globs(void **state)
{
    (void)state;
    static const char url[] = "http://h[08-9]/{<x>a,b/c}/[<long>p-q]";
    static const struct {
        const char *template, *path;
    } cases[] = {
        {"#1-#2-#3", "08-b/c-p"},
        {"#<x>.#<long>", "b/c.p"},
        {"#02#0#4#12#", "b/c#0#4#12#"},
        {"#18446744073709551617", "#18446744073709551617"}, /* 1 + 2^64 */
        {"#<>#<x#1", "#<>#<x08"},
        {"#<X>", "#<X>"},
        {"{n}#1{{#2}{host}", "708{b/c}h08"},
        {"##1#", "#08#"},
    };
    struct glob_error error;
    char why[200];
    struct glob *glob = glob_new(url, &error);
    assert_non_null(glob);
    const struct text *third = NULL;
    for (int i = 0; i < 3; i++)
        third = glob_next(glob);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path = template_fill(cases[i].template, 7, third->data, glob, why, sizeof why);
        assert_string_equal(path, cases[i].path);
        free(path);
    }
    glob_free(glob);
}

/* An -o is for all that its argument comes to. */
static void outputs_of_globs(void **state)
{
    (void)state;
    struct options o;
    const char *args[] = {"-o", "#1", "h/{a,b}", "h/[1-9]", "-o", "#<x>", "-o#<none>", "-", NULL};
    assert_int_equal(parse(&o, args), 2); /* a list */
    options_deinit(&o);
    const char *named[] = {"-o", "#1", "h/{a,b}", "h/[<x>1-9]", "-o", "#<x>", NULL};
    assert_int_equal(parse(&o, named), 0);
    assert_string_equal(options_output(&o, 0), "#1");
    assert_string_equal(options_output(&o, 1), "#<x>");
    options_deinit(&o);
    const char *one[] = {"-o", "#1", "h/{a,b}", "h/[<x>1-9]", NULL};
    assert_int_equal(parse(&o, one), 0);
    assert_string_equal(options_output(&o, 1), "#1");
    options_deinit(&o);
    const char *plain[] = {"-g", "-o", "#<none>", "h/{a,b}", NULL};
    assert_int_equal(parse(&o, plain), 0);
    options_deinit(&o);
    const char *bad[] = {"-o", "#<none>", "h/{a,b", NULL}; /* that fails in its turn, with 3 */
    assert_int_equal(parse(&o, bad), 0);
    options_deinit(&o);
}

static void shown(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t cut;
        const char *out;
    } cases[] = {
        {"plain", 99, "plain"},
        {"\x1b[31m\n\x7f", 99, "\\x1B[31m\\x0A\\x7F"},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 99, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"\xc2\x9b"
         "31m",
         99, "\\xC2\\x9B31m"},
        {"\xff\xc3", 99, "\\xFF\\xC3"},
        {"\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80", 99, "\\xC0\\xAF\\xED\\xA0\\x80\\xF4\\x90\\x80\\x80"},
        {"abcdef", 4, "abcd..."},
        {"abcd", 4, "abcd"},
        {"abc\xc3\xa4", 4, "abc..."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text t = {0};
        text_adds(&t, "");
        text_add_shown(&t, cases[i].in, strlen(cases[i].in), cases[i].cut);
        assert_string_equal(t.data, cases[i].out);
        text_deinit(&t);
    }
}

int main(void)
{
    unsetenv("XDG_CONFIG_HOME"); /* somebody's config file is none of ours */
    unsetenv("HOME");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),
        cmocka_unit_test(no_secret_in_errors),
        cmocka_unit_test(tls),
        cmocka_unit_test(defaults),
        cmocka_unit_test(values),
        cmocka_unit_test(seconds),
        cmocka_unit_test(rates),
        cmocka_unit_test(limits),
        cmocka_unit_test(last_wins_and_dashes),
        cmocka_unit_test(outputs),
        cmocka_unit_test(who_asks),
        cmocka_unit_test(cookies),
        cmocka_unit_test(proxies),
        cmocka_unit_test(header_file),
        cmocka_unit_test(tables),
        cmocka_unit_test(templates),
        cmocka_unit_test(shown),
        cmocka_unit_test(modes),
        cmocka_unit_test(values_of_globs),
        cmocka_unit_test(requests),
        cmocka_unit_test(fails),
        cmocka_unit_test(protos),
        cmocka_unit_test(outputs_of_globs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
