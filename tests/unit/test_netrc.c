/* .netrc files as curl reads them, the cases of its own tests among them. */
#include "../../cmd/netrc.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#define TWO "machine h login user1 password passwd1\nmachine h login user2 password passwd2\n"
#define LONG50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* "user:password", either of which may be missing: NULL is written -. "none" and "bad" for the other answers. */
static const struct {
    const char *text, *host, *user, *answer;
} rows[] = {
    /* curl's unit test 1304 */
    {"machine example.com login admin password passwd\nmachine curl.example.com login none password none\n",
     "test.example.com", NULL, "none"},
    {"machine example.com login admin password passwd\n", "example.com", "me", "none"},
    {"machine example.com login admin password passwd\n", "example.com", "a", "none"},
    {"machine example.com login admin password passwd\n", "example.com", "administrator", "none"},
    {"machine example.com login admin password passwd\n", "example.com", NULL, "admin:passwd"},
    {"machine example.com login admin password passwd\n", "example.com", "", "admin:passwd"},
    {"machine example.com login admin password passwd\nmachine b login none password no\n", "b", NULL, "none:no"},
    /* 130 to 133: comments, the first entry, a user's entry, default */
    {"# machine h login user1 password commented\n" TWO, "h", NULL, "user1:passwd1"},
    {TWO, "h", "user2", "user2:passwd2"},
    {TWO, "h", "user3", "none"},
    {TWO "default login userdef password passwddef\n", "other", NULL, "userdef:passwddef"},
    {TWO "default login userdef password passwddef\n", "h", "userdef", "userdef:passwddef"},
    {"default login d password e\n" TWO, "h", NULL, "d:e"},
    /* 478: several entries for one host */
    {"\nmachine g\npassword weird\npassword firstone\nlogin daniel\n\nmachine g\n\nmachine g\nlogin debbie\n\n"
     "machine g\npassword weird\npassword \"second\\r\"\nlogin debbie\n",
     "g", "debbie", "debbie:second\r"},
    /* 479, 480, 486: default, with a login alone, with nothing; entries without a login */
    {"machine a.com\n  login alice\n  password p\n\ndefault\n  login bob\n", "b.com", NULL, "bob:-"},
    {"machine a.com\n  login alice\n  password p\n\ndefault\n", "b.com", NULL, "none"},
    {"machine h password firstthis login unknown\nmachine h password 5up\nmachine h password d login other\n", "h",
     "user", "user:5up"},
    {"machine h password 5up\n", "h", NULL, "-:5up"},                       /* 684 */
    {"machine h\npassword 5up\nmachine example.com\n", "h", NULL, "-:5up"}, /* 2005 */
    {"machine h login u\n", "h", NULL, "u:-"},
    {"machine h login u\n", "h", "u", "none"}, /* who is known is of no interest without a password */
    /* 679, 680: quotes */
    {"machine h login \"user one\" password \"with spaces and \\\"\\n\\r\\t\\a\"", "h", NULL,
     "user one:with spaces and \"\n\r\ta"},
    {"machine h login user1 password \"with spaces and \\\"\\n\\r\\t\\a\n", "other", "user1", "bad"},
    {"machine h login user1 password \"open", "h", NULL, "bad"},
    {"machine h login user1 password \"open\\", "h", NULL, "bad"},
    {TWO "machine x password \"open", "h", NULL, "user1:passwd1"}, /* found before it turns bad */
    {"machine \"h\" \"login\" u password p\n", "h", NULL, "-:p"},  /* a quoted word is no keyword */
    {"machine h login \"\" password \"\"", "h", NULL, ":"},
    {"machine h login a\"b password p\\n", "h", NULL, "a\"b:p\\n"},
    {"machine h login \"a\"password p", "h", NULL, "a:p"},
    /* 494, 1672: macros */
    {"macdef m\n\tbin\n\tcd login\n\tput login.bin\n\tcd password\n\tquit\n\n" TWO, "h", NULL, "user1:passwd1"},
    {"macdef m\n\tcd \"broken quote\n\tquit\n\nmachine h login u password p\n", "h", NULL, "u:p"},
    {"macdef m\r\nmachine h login x password y\r\n\r\nmachine h login u password p", "h", NULL, "u:p"},
    {"macdef m\nmachine h login x password y\n", "h", NULL, "none"},
    {"machine h macdef m\nbin\n \t\nlogin u password p\nmachine h login v", "h", NULL, "v:-"},
    /* words in odd places */
    {"", "h", NULL, "none"},
    {"\n\n \t\r\n", "h", NULL, "none"},
    {"MACHINE H LOGIN u Password p", "h", NULL, "u:p"},
    {"machine\th\r\n\tlogin\tu\r\n\tpassword\tp\r\n", "h", NULL, "u:p"},
    {"login x password y machine h login u", "h", NULL, "u:-"},
    {"machine h login machine password default", "h", NULL, "machine:default"},
    {"machine h account login login u what password p", "h", NULL, "u:p"},
    {"machine h login u password p machine", "h", NULL, "u:p"},
    {"machine h login", "h", NULL, "none"},
    {"machine", "h", NULL, "none"},
    {"machine h login u login v password p password q", "h", NULL, "v:q"},
    {"machine h login u #x password p", "h", NULL, "u:p"}, /* a comment is a line of its own */
    {"machine h\n # login x\nlogin u", "h", NULL, "u:-"},
    {"machine h login \"a\n  b\"", "h", NULL, "a\nb:-"}, /* as curl: a line's leading blanks go first */
    {"machine h2 login u", "h", NULL, "none"},
    {"machine ::1 login u", "::1", NULL, "u:-"},
};

static void answer(const struct netrc *n, const char *host, const char *user, char *out, size_t size)
{
    const char *login = "?", *password = "?";
    switch (netrc_find(n, host, user, &login, &password)) {
    case NETRC_FOUND:
        snprintf(out, size, "%s:%s", login ? login : "-", password ? password : "-");
        break;
    case NETRC_NONE:
        snprintf(out, size, "none");
        break;
    case NETRC_BAD:
        snprintf(out, size, "bad");
        break;
    }
}

static void answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct netrc n = {0};
        char got[200];
        size_t len = strlen(rows[i].text);
        char *text = malloc(len + 1); /* no NUL behind it, so that AddressSanitizer sees a read too far */
        assert_non_null(text);
        memcpy(text, rows[i].text, len);
        text = realloc(text, len ? len : 1);
        assert_int_equal(netrc_parse(&n, text, len), 0);
        free(text);
        answer(&n, rows[i].host, rows[i].user, got, sizeof got);
        if (strcmp(got, rows[i].answer) != 0)
            fail_msg("row %zu: %s, not %s, for %s in\n%s", i, got, rows[i].answer, rows[i].host, rows[i].text);
        netrc_deinit(&n);
    }
}

static void limits(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t words, each; /* so many words of each bytes behind the good entry, a line each */
        size_t line;        /* of one line */
        const char *bad;
    } cases[] = {
        {"a long word", 1, NETRC_TOKEN_MAX, 0, NULL},
        {"a word too long", 1, NETRC_TOKEN_MAX + 1, 0, "a word is too long"},
        {"a long line", 0, 0, NETRC_LINE_MAX - 2, NULL},
        {"a line too long", 0, 0, NETRC_LINE_MAX, "a line is too long"},
        {"a long file", 120, 1000, 0, NULL},
        {"a file too long", 140, 1000, 0, "it is too long"},
    };
    char *text = malloc(300000);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct netrc n = {0};
        size_t len = (size_t)snprintf(text, 300000, "machine h login u\nmachine x\n");
        for (size_t w = 0; w < cases[i].words; w++) {
            memset(text + len, 'a', cases[i].each);
            len += cases[i].each;
            text[len++] = '\n';
        }
        for (size_t c = 0; c < cases[i].line; c++)
            text[len++] = c % 2 ? ' ' : 'b';
        assert_int_equal(netrc_parse(&n, text, len), 0);
        if (cases[i].bad)
            assert_string_equal(n.bad, cases[i].bad);
        else
            assert_null(n.bad);
        netrc_deinit(&n);
    }
    free(text);
    struct netrc n = {0};
    assert_int_equal(netrc_parse(&n, "machine h login u\0 password p\n", 30), 0);
    assert_string_equal(n.bad, "there is a NUL byte in it");
    netrc_deinit(&n);
}

static char *env_netrc, *env_home;

static char *env(const char *name)
{
    return strcmp(name, "NETRC") == 0 ? env_netrc : strcmp(name, "HOME") == 0 ? env_home : NULL;
}

static void where(void **state)
{
    (void)state;
    static char netrc[] = "/etc/n", home[] = "/home/x", empty[] = "";
    static const struct {
        char *netrc, *home;
        const char *path;
    } cases[] = {
        {netrc, home, "/etc/n"},
        {NULL, home, "/home/x/.netrc"},
        {empty, home, "/home/x/.netrc"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        env_netrc = cases[i].netrc;
        env_home = cases[i].home;
        char *path = netrc_path(env);
        assert_string_equal(path, cases[i].path);
        free(path);
    }
    env_netrc = env_home = NULL; /* the user's folder, whatever that is */
    char *path = netrc_path(env);
    assert_non_null(path);
    assert_non_null(strstr(path, "/.netrc"));
    free(path);
}

static void files(void **state)
{
    (void)state;
    char dir[] = "/tmp/afetch-test-XXXXXX", path[100], why[NETRC_WHY] = "", got[100];
    struct netrc n = {0};
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/netrc", dir);
    assert_int_equal(netrc_load(&n, path, why), -1);
    assert_non_null(strstr(why, "/netrc cannot be read: No such file or directory"));
    assert_int_equal(netrc_load(&n, dir, why), -1);
    assert_non_null(strstr(why, " cannot be read: Is a directory"));
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < 1000; i++) /* comments do not count */
        fprintf(f, "# " LONG50 LONG50 LONG50 LONG50 "\n");
    fputs(TWO, f);
    fclose(f);
    assert_int_equal(netrc_load(&n, path, why), 0);
    answer(&n, "h", "user2", got, sizeof got);
    assert_string_equal(got, "user2:passwd2");
    netrc_deinit(&n);
    unlink(path);
    rmdir(dir);
}

/* Anything at all is parsed. */
static void random_text(void **state)
{
    (void)state;
    static const char *const words[] = {"machine", "default", "login", "password", "macdef", "account", "\"", "\\",
                                        " ",       "\n",      "\r",    "\t",       "#",      "h",       "x",  "\n\n"};
    uint32_t seed = 5;
    int found = 0;
    for (int run = 0; run < 20000; run++) {
        char text[400] = "", got[500];
        size_t len = 0;
        for (int i = 0; i < 30; i++) {
            seed = seed * 1664525 + 1013904223;
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", words[(seed >> 16) % 16],
                                    seed >> 31 ? " " : "");
        }
        struct netrc n = {0};
        assert_int_equal(netrc_parse(&n, text, len), 0);
        answer(&n, "h", NULL, got, sizeof got);
        found += strcmp(got, "none") != 0 && strcmp(got, "bad") != 0;
        netrc_deinit(&n);
    }
    assert_true(found > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers), cmocka_unit_test(limits),      cmocka_unit_test(where),
        cmocka_unit_test(files),   cmocka_unit_test(random_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
