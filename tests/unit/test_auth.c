/* Authentication: challenges in every form, values as the RFCs' examples and curl make them, what follows a refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/auth.h"

#define RANDOM "0123456789abcdefghijklmn"

/* The value after one response's fields; "" for none, "refused" where there is no answer. The caller frees it. */
static char *answer_to(unsigned allowed, const char *const *fields, const char *user, const char *password,
                       const char *method, const char *uri, const char *cnonce)
{
    struct auth a;
    struct auth_space space = {0};
    struct auth_offer offer = {0};
    char *value = NULL;
    auth_init(&a, allowed, user, password, NULL, strcmp(method, "POST") == 0);
    for (; *fields; fields++)
        assert_int_equal(auth_offer_add(&offer, *fields), 0);
    if (auth_challenged(&a, &space, &offer, RANDOM) == AUTH_REFUSED) {
        value = strdup("refused");
    } else {
        if (cnonce)
            snprintf(space.digest.cnonce, sizeof space.digest.cnonce, "%s", cnonce);
        assert_int_equal(auth_value(&a, &space, method, uri, &value, NULL), 0);
        if (!value)
            value = strdup("");
    }
    auth_offer_deinit(&offer);
    auth_space_deinit(&space);
    return value;
}

/* ---- Digest values ----------------------------------------------------------------------------------------------- */

#define RFC7616 "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "
#define RFC7616_NONCE "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\""
#define RFC7616_OPAQUE "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
#define RFC7616_CNONCE "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"

static const struct {
    const char *from; /* where the case comes from */
    const char *field, *user, *password, *method, *uri, *cnonce, *value;
} values[] = {
    {"RFC 2069 with its erratum", "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"",
     "Mufasa", "CircleOfLife", "GET", "/dir/index.html", NULL,
     "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
     "uri=\"/dir/index.html\", response=\"1949323746fe6a43ef61f9606e7febea\""},
    {"RFC 2617 section 3.5",
     "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
     "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
     "Mufasa", "Circle Of Life", "GET", "/dir/index.html", "0a4f113b",
     "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
     "uri=\"/dir/index.html\", cnonce=\"0a4f113b\", nc=00000001, qop=auth, "
     "response=\"6629fae49393a05397450978507c4ef1\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""},
    {"RFC 7616 section 3.9.1, MD5", RFC7616 "algorithm=MD5, " RFC7616_NONCE ", " RFC7616_OPAQUE, "Mufasa",
     "Circle of Life", "GET", "/dir/index.html", RFC7616_CNONCE,
     "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", " RFC7616_NONCE
     ", uri=\"/dir/index.html\", cnonce=\"" RFC7616_CNONCE "\", nc=00000001, qop=auth, "
     "response=\"8ca523f5e9506fed4657c9700eebdbec\", " RFC7616_OPAQUE ", algorithm=MD5"},
    {"RFC 7616 section 3.9.1, SHA-256", RFC7616 "algorithm=SHA-256, " RFC7616_NONCE ", " RFC7616_OPAQUE, "Mufasa",
     "Circle of Life", "GET", "/dir/index.html", RFC7616_CNONCE,
     "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", " RFC7616_NONCE
     ", uri=\"/dir/index.html\", cnonce=\"" RFC7616_CNONCE "\", nc=00000001, qop=auth, "
     "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", " RFC7616_OPAQUE
     ", algorithm=SHA-256"},
    {"curl's test 64: a quote in the path", "Digest realm=\"testrealm\", nonce=\"1053604145\"", "testuser", "testpass",
     "GET", "/64\"", NULL,
     "Digest username=\"testuser\", realm=\"testrealm\", nonce=\"1053604145\", uri=\"/64\\\"\", "
     "response=\"1ee14b238b3259f17602e9ce41491ef9\""},
    {"65", "Digest realm=\"testrealm\", nonce=\"2053604145\"", "testuser", "test2pass", "GET", "/65", NULL,
     "Digest username=\"testuser\", realm=\"testrealm\", nonce=\"2053604145\", uri=\"/65\", "
     "response=\"66d68d3251f1839576ba7c766cf9205b\""},
    {"153", "Digest realm=\"testrealm\", nonce=\"1053604145\"", "testuser", "testpass", "GET", "/1530001", NULL,
     "\"f4f83139396995bac665f24a1f1055c7\""},
    {"88: PUT", "Digest realm=\"testrealm\", nonce=\"1053604145\"", "testuser", "testpass", "PUT", "/88", NULL,
     "\"78a49fa53d0c228778297687d4168e71\""},
    {"245: POST", "Digest realm=\"testrealm\", nonce=\"1053604144\"", "auser", "apasswd", "POST", "/245", NULL,
     "\"379a439b1737ba257c1d2f103914b18b\""},
    {"206: CONNECT", "Digest realm=\"weirdorealm\", nonce=\"12345\"", "silly", "person", "CONNECT",
     "test.remote.haxx.se.206:8990", NULL, "\"003e36decb4dbf6366b3ecb9b87c24ec\""},
    {"1229: a user to be quoted", "Digest realm=\"testrealm\", nonce=\"1053604145\"", "\\user\"", "password", "GET",
     "/1229", NULL,
     "Digest username=\"\\\\user\\\"\", realm=\"testrealm\", nonce=\"1053604145\", uri=\"/1229\", "
     "response=\"f2694d426040712584c156d3de72b8d6\""},
    {"1437: parameters given twice", "Digest realm=\"testrealm\", algorithm=MD5, algorithm=MD5, nonce=1, nonce=2",
     "testuser", "testpass", "GET", "/1437", NULL,
     "nonce=\"2\", uri=\"/1437\", response=\"4376eb639bf8e7343a6e7b56e1b89c4f\", algorithm=MD5"},
    {"2061: SHA-256", "Digest realm=\"testrealm\", nonce=\"1053604145\", algorithm=\"SHA-256\"", "testuser", "testpass",
     "GET", "/2061", NULL,
     "response=\"9dc55255f1a2537b838311674b621d45346b862a81631bb20e4ce356ef25062d\", algorithm=SHA-256"},
    {"2069: userhash", "Digest realm=\"testrealm\", nonce=\"1053604144\", algorithm=\"SHA-256\", userhash=true",
     "auser", "apasswd", "POST", "/2069", NULL,
     "Digest username=\"fddc3bc7b753b73ab0848fd83cb20cbbca971258eb8d20c941dd5e0b010d66be\", realm=\"testrealm\", "
     "nonce=\"1053604144\", uri=\"/2069\", "
     "response=\"9a29f1dab407e62daa7121185f9f12db6177415e03f35d9a881550095a83378d\", algorithm=SHA-256, "
     "userhash=true"},
    {"2076: a query", "Digest realm=\"testrealm\", nonce=\"1\"", "testuser", "testpass", "GET", "/2076?query", NULL,
     "\"5758bd3bbde7f33236e6ccd278eb59af\""},
    {"2091: quotes in the realm", "Digest   realm=\"My \\\"Cool\\\" Realm\",\t nonce=\"1053604146\"", "testuser",
     "testpass", "GET", "/20910003", NULL, "response=\"f10c1586b83b6e5927fef54748f88d36\""},
    {"3221: line ends in the user", "Digest realm=\"testrealm%0a%0d\", nonce=\"1053604145\"", "hello\n\r", "there",
     "GET", "/", NULL,
     "Digest username=\"hello%0A%0D\", realm=\"testrealm%0a%0d\", nonce=\"1053604145\", uri=\"/\", "
     "response=\"64e5ae1b90f05309847ac483c1094284\""},
    /* what curl 7.88.1 sent to a server with these challenges */
    {"qop", "Digest realm=\"r\", nonce=\"n1\", qop=\"auth\"", "us\"er\\x", "p:w", "GET", "/0/x?q=1",
     "ZWFmNGYzNTYyMjZhYzYyZTYwYmRlN2QwZTdkMmE3NzM=",
     "Digest username=\"us\\\"er\\\\x\", realm=\"r\", nonce=\"n1\", uri=\"/0/x?q=1\", "
     "cnonce=\"ZWFmNGYzNTYyMjZhYzYyZTYwYmRlN2QwZTdkMmE3NzM=\", nc=00000001, qop=auth, "
     "response=\"c5b6a3b23001d91c7c89b33c92351551\""},
    {"MD5-sess", "Digest realm=\"r\", nonce=\"n2\", qop=\"auth,auth-int\", algorithm=MD5-sess, opaque=\"o\\\\\\\"p\"",
     "us\"er\\x", "p:w", "GET", "/1/x?q=1", "ODdlNzlhYTMwYzM2NjQzYzNlZTdiNDJmMjczYWU4ZjQ=",
     "qop=auth, response=\"70bbe91f88a1b385e2f06b016c300c54\", opaque=\"o\\\\\\\"p\", algorithm=MD5-sess"},
    {"SHA-256", "Digest realm=\"a \\\"b\\\"\", nonce=\"n3\", qop=\"auth\", algorithm=SHA-256", "us\"er\\x", "p:w",
     "GET", "/2/x?q=1", "YjY1ZDdkYjIwYWJiOWEwYzQxMWY4ZDQ0NTAzOTQzY2E=",
     "response=\"3d64eba36f4d5d7d3f66e0dd88ac6ef2c200d67c7ad215716303f4fbb5103d17\", algorithm=SHA-256"},
    {"SHA-256-sess, userhash", "Digest realm=\"r\", nonce=\"n4\", qop=auth, algorithm=sha-256-sess, userhash=true",
     "us\"er\\x", "p:w", "GET", "/3/x?q=1", "NDkxZjQ5MTVlZjljM2VlYWJkZGJiMmIwNzg0MWIzODY=",
     "Digest username=\"5e71f214f18ac56c41f67ee5420a4c93932ef5200c13296754d73d0049fdd397\", realm=\"r\", "
     "nonce=\"n4\", uri=\"/3/x?q=1\", cnonce=\"NDkxZjQ5MTVlZjljM2VlYWJkZGJiMmIwNzg0MWIzODY=\", nc=00000001, "
     "qop=auth, response=\"4dee4dfadef700487f2b4ec9ee487e829f5b41c7e8d4b1f43f36e09f01a9af42\", "
     "algorithm=sha-256-sess, userhash=true"},
    {"an empty realm", "Digest realm=\"\", nonce=n5, algorithm=\"MD5\"", "us\"er\\x", "p:w", "GET", "/4/x?q=1", NULL,
     "realm=\"\", nonce=\"n5\", uri=\"/4/x?q=1\", response=\"a5528e3f80e4087f09d9fe3c61aea555\", algorithm=MD5"},
    {"a comma missing", "Digest nonce=\"n9\" realm=\"nocomma\"", "us\"er\\x", "p:w", "GET", "/7/x?q=1", NULL,
     "realm=\"nocomma\", nonce=\"n9\", uri=\"/7/x?q=1\", response=\"8b1c34870de3ce0254ef8487885b18a6\""},
    {"auth-int", "Digest realm=\"r\", nonce=\"n11\", qop=\"auth-int\"", "us\"er\\x", "p:w", "GET", "/9/x?q=1",
     "YWMwOWQxOWE4NDVjNDUxMGU0MmM2MDU3ZTJjNGNiNjU=", "qop=auth-int, response=\"66edc604fcbb4b27866e272dcdc229c5\""},
    {"no user", "Digest realm=\"r\", nonce=\"n1\", qop=\"auth\"", "", "", "GET", "/0/x",
     "MjVlMDkwNjU2OGIxMmVhMGRlNTBiNjcwY2MwODE1OTc=", "response=\"69b644e64f9e0ba7588038a3be6549bc\""},
    /* RFC 7616 section 3.4 */
    {"charset", "Digest realm=\"r\", nonce=\"n\", charset=UTF-8", "J\xc3\xa4s n", "p", "GET", "/", NULL,
     "Digest username*=UTF-8''J%C3%A4s%20n, realm=\"r\""},
    {"charset, not needed", "Digest realm=\"r\", nonce=\"n\", charset=UTF-8", "Jas", "p", "GET", "/", NULL,
     "Digest username=\"Jas\", realm"},
    {"no charset", "Digest realm=\"r\", nonce=\"n\"", "J\xc3\xa4s", "p", "GET", "/", NULL,
     "Digest username=\"J\xc3\xa4s\", realm"},
    {"auth-int, and a body", "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"", "u", "p", "POST", "/", NULL,
     "refused"},
};

static void digest_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char *value = answer_to(AUTH_DIGEST, (const char *const[]){values[i].field, NULL}, values[i].user,
                                values[i].password, values[i].method, values[i].uri, values[i].cnonce);
        if (!strstr(value, values[i].value))
            fail_msg("%s: %s, not %s", values[i].from, value, values[i].value);
        free(value);
    }
}

/* ---- challenges -------------------------------------------------------------------------------------------------- */

#define D(nonce) "Digest realm=\"r\", nonce=\"" nonce "\""

static const struct {
    const char *fields[4];
    unsigned allowed;
    const char *value; /* what it begins with; for Digest which nonce is answered */
} challenges[] = {
    {{"Basic realm=\"x\""}, AUTH_BASIC, "Basic dTpw"},
    {{"BASIC REALM=x"}, AUTH_ANY, "Basic dTpw"},
    {{"Basic"}, AUTH_ANY, "Basic dTpw"},
    {{"Basic realm=\"x\""}, AUTH_DIGEST, "refused"},
    {{"Basicx realm=\"x\""}, AUTH_ANY, "refused"},
    {{""}, AUTH_ANY, "refused"},
    {{" , ,"}, AUTH_ANY, "refused"},
    {{NULL}, AUTH_ANY, "refused"},
    {{"Bearer"}, AUTH_ANY, "refused"}, /* there is no token */
    /* several, in one field and in several; the strongest, whatever their order */
    {{"Basic realm=\"x\"", D("a")}, AUTH_ANY, "a"},
    {{D("a"), "Basic realm=\"x\""}, AUTH_ANY, "a"},
    {{"Basic realm=\"x\", " D("a")}, AUTH_ANY, "a"},
    {{D("a") ", Basic realm=\"x\""}, AUTH_BASIC, "Basic dTpw"},
    {{D("a") ", Basic realm=\"x\", nonce=\"b\""}, AUTH_DIGEST, "a"},
    {{"X-MobileMe-AuthToken realm=\"Newcastle\", Basic realm=\"fun fun  fun\""}, AUTH_ANY, "Basic dTpw"},
    {{"Negotiate, NTLM, Basic realm=\"x\""}, AUTH_ANY, "Basic dTpw"},
    {{"Negotiate YIIBasic==, " D("a")}, AUTH_ANY, "a"},
    {{"Negotiate a/b+c , " D("a") ",Foo"}, AUTH_ANY, "a"},
    {{"Foo Digest, nonce=\"a\""}, AUTH_ANY, "refused"},
    {{"Foo text=\"Basic, Digest nonce=\\\"a\\\"\""}, AUTH_ANY, "refused"},
    {{"Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\""}, AUTH_ANY, "Basic d"},
    /* which Digest: the first that can be answered */
    {{D("a"), D("b")}, AUTH_ANY, "a"},
    {{D("a") ", algorithm=SHA-256, " D("b")}, AUTH_ANY, "a"},
    {{D("a") ", algorithm=SHA-512-256", D("b") ", algorithm=SHA-256", D("c")}, AUTH_ANY, "b"},
    {{D("a") ", algorithm=\"\"", D("b")}, AUTH_ANY, "b"},
    {{D("a") ", qop=\"auth-conf\"", D("b")}, AUTH_ANY, "b"},
    {{D("a") ", qop=\"\"", D("b")}, AUTH_ANY, "a"},
    {{D("a") ", qop=\" crazy,, auth\"", D("b")}, AUTH_ANY, "a"},
    {{D("a") ", algorithm=MD5-sess", D("b")}, AUTH_ANY, "b"}, /* a session without qop has no client's nonce */
    {{"Digest realm=\"r\"", D("b")}, AUTH_ANY, "b"},
    {{"Digest", D("b")}, AUTH_ANY, "b"},
    {{"Digest nonce=\"\"", "Basic"}, AUTH_ANY, "Basic dTpw"},
    {{D("a") ", algorithm=SHA-512-256, Basic realm=\"r\""}, AUTH_ANY, "Basic dTpw"},
    /* forms of a parameter */
    {{"Digest nonce = \"a\" , realm =r"}, AUTH_ANY, "a"},
    {{"Digest  ,, nonce=a,,realm=r,"}, AUTH_ANY, "a"},
    {{"digest NONCE=\"a\""}, AUTH_ANY, "a"},
    {{"Digest realm=\"open, nonce=\"a\""}, AUTH_ANY, "refused"},
    {{"Digest nonce=\"a"}, AUTH_ANY, "a"},
    {{"Digest nonce=\"a\\"}, AUTH_ANY, "a\\\\"},
    {{"Digest nonce=\"a,b\""}, AUTH_ANY, "a,b"},
    {{"Digest nonce=\"\\a\\b\""}, AUTH_ANY, "ab"},
    {{"Digest /=\"x\", \"y\" z=, nonce=a"}, AUTH_ANY, "a"},
    {{"=, =x, nonce=b, Digest nonce=a"}, AUTH_ANY, "a"},
};

static void all_challenges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof challenges / sizeof challenges[0]; i++) {
        const char *want = challenges[i].value;
        char *value = answer_to(challenges[i].allowed, challenges[i].fields, "u", "p", "GET", "/", NULL), nonce[200];
        snprintf(nonce, sizeof nonce, "nonce=\"%s\"", want);
        if (!strstr(value, nonce) && strncmp(value, want, strlen(want)) != 0)
            fail_msg("row %zu, %s: %s, not %s", i, challenges[i].fields[0], value, want);
        free(value);
    }
}

/* A parameter that is too long is not used, and what stands behind it is. */
static void long_parameters(void **state)
{
    (void)state;
    char field[10100];
    memset(field, 'a', sizeof field);
    memcpy(field, "Digest nonce=\"", 14);
    strncpy(field + 5000, "\", Basic realm=\"x\"", 5100);
    char *value = answer_to(AUTH_ANY, (const char *const[]){field, NULL}, "u", "p", "GET", "/", NULL);
    assert_string_equal(value, "Basic dTpw");
    free(value);
    strncpy(field + 4014, "\", Basic realm=\"x\"", 5100);
    value = answer_to(AUTH_ANY, (const char *const[]){field, NULL}, "u", "p", "GET", "/", NULL);
    assert_memory_equal(value, "Digest ", 7);
    free(value);
}

/* Anything at all ends well, and never breaks the line of what is sent. */
static void random_challenges(void **state)
{
    (void)state;
    static const char *const words[] = {"Digest ",  "Basic ",  "nonce", "realm", "=",    "\"",   ",",       " ",
                                        "\\",       "qop",     "auth",  "stale", "true", "\xe4", "SHA-256", "algorithm",
                                        "userhash", "charset", "UTF-8", "-sess", "MD5",  "/",    "a",       "\t"};
    uint32_t seed = 1;
    for (int run = 0; run < 20000; run++) {
        char field[400] = "";
        size_t len = 0;
        for (int n = 0; n < 24; n++) {
            seed = seed * 1664525 + 1013904223;
            len += (size_t)snprintf(field + len, sizeof field - len, "%s", words[(seed >> 16) % 24]);
        }
        char *value = answer_to(AUTH_ANY, (const char *const[]){field, NULL}, "u", "p", "GET", "/", NULL);
        assert_int_equal(value[strcspn(value, "\r\n")], '\0');
        free(value);
    }
}

/* ---- several rounds ---------------------------------------------------------------------------------------------- */

struct talk {
    struct auth a;
    struct auth_space space;
};

static enum auth_answer challenge(struct talk *t, const char *field)
{
    struct auth_offer offer = {0};
    assert_int_equal(auth_offer_add(&offer, field), 0);
    enum auth_answer answer = auth_challenged(&t->a, &t->space, &offer, RANDOM);
    auth_offer_deinit(&offer);
    return answer;
}

/* The next value holds this; NULL: there is none. */
static void assert_sends(struct talk *t, const char *part)
{
    char *value = NULL;
    assert_int_equal(auth_value(&t->a, &t->space, "GET", "/", &value, NULL), 0);
    if (part && (!value || !strstr(value, part)))
        fail_msg("%s, not %s", value ? value : "nothing", part);
    if (!part)
        assert_null(value);
    free(value);
}

static void next_request(struct talk *t, unsigned allowed)
{
    auth_init(&t->a, allowed, "u", "p", NULL, false);
}

static void basic_at_once(void **state)
{
    (void)state;
    struct talk t = {0};
    next_request(&t, AUTH_BASIC);
    assert_false(auth_awaits_challenge(&t.a, &t.space));
    assert_sends(&t, "Basic dTpw");
    assert_int_equal(challenge(&t, "Basic realm=\"x\""), AUTH_REFUSED);
}

static void digest_waits_and_remembers(void **state)
{
    (void)state;
    struct talk t = {0};
    next_request(&t, AUTH_DIGEST);
    assert_true(auth_awaits_challenge(&t.a, &t.space));
    assert_sends(&t, NULL);
    assert_int_equal(challenge(&t, "Digest nonce=n1, qop=auth, realm=r"), AUTH_AGAIN);
    assert_false(auth_awaits_challenge(&t.a, &t.space));
    assert_sends(&t,
                 "nonce=\"n1\", uri=\"/\", cnonce=\"303132333435363738396162636465666768696a6b6c6d6e\", nc=00000001");
    next_request(&t, AUTH_DIGEST);
    assert_false(auth_awaits_challenge(&t.a, &t.space));
    assert_sends(&t, "nc=00000002");
    /* the nonce was too old, or forgotten with all else: another try */
    assert_int_equal(challenge(&t, "Digest nonce=n2, qop=auth, stale=TRUE"), AUTH_AGAIN);
    assert_sends(&t,
                 "nonce=\"n2\", uri=\"/\", cnonce=\"303132333435363738396162636465666768696a6b6c6d6e\", nc=00000001");
    next_request(&t, AUTH_DIGEST);
    assert_sends(&t,
                 "nonce=\"n2\", uri=\"/\", cnonce=\"303132333435363738396162636465666768696a6b6c6d6e\", nc=00000002");
    assert_int_equal(challenge(&t, "Digest nonce=n3"), AUTH_AGAIN);
    assert_sends(&t, "nonce=\"n3\"");
    /* but then it is the password */
    assert_int_equal(challenge(&t, "Digest nonce=n4"), AUTH_REFUSED);
    auth_space_deinit(&t.space);
}

static void stale_for_ever(void **state)
{
    (void)state;
    struct talk t = {0};
    next_request(&t, AUTH_DIGEST);
    for (int i = 0; i < AUTH_ROUNDS_MAX; i++) {
        assert_int_equal(challenge(&t, "Digest nonce=n, stale=true"), AUTH_AGAIN);
        assert_sends(&t, "nonce=\"n\"");
    }
    assert_int_equal(challenge(&t, "Digest nonce=n, stale=true"), AUTH_REFUSED);
    auth_space_deinit(&t.space);
}

/* Two that were asked at the same time: the first one's nonce is for both, and no verdict on the second one's password. */
static void challenged_together(void **state)
{
    (void)state;
    struct talk t = {0};
    struct auth other;
    next_request(&t, AUTH_DIGEST);
    assert_sends(&t, NULL);
    other = t.a;
    assert_int_equal(challenge(&t, "Digest nonce=n1, qop=auth, realm=r"), AUTH_AGAIN);
    assert_sends(&t,
                 "nonce=\"n1\", uri=\"/\", cnonce=\"303132333435363738396162636465666768696a6b6c6d6e\", nc=00000001");
    t.a = other;
    assert_int_equal(challenge(&t, "Digest nonce=n2, qop=auth, realm=r"), AUTH_AGAIN);
    assert_sends(&t,
                 "nonce=\"n1\", uri=\"/\", cnonce=\"303132333435363738396162636465666768696a6b6c6d6e\", nc=00000002");
    assert_int_equal(challenge(&t, "Digest nonce=n3, qop=auth, realm=r"), AUTH_AGAIN);
    assert_sends(&t, "nonce=\"n3\"");
    assert_int_equal(challenge(&t, "Digest nonce=n4, qop=auth, realm=r"), AUTH_REFUSED);
    /* another realm's nonce is none of this one's; one that is given again is counted on */
    t.a = other;
    assert_int_equal(challenge(&t, "Digest nonce=n5, qop=auth, realm=else"), AUTH_AGAIN);
    assert_sends(&t, "nonce=\"n5\"");
    assert_int_equal(challenge(&t, "Digest nonce=n5, qop=auth, realm=else, stale=true"), AUTH_AGAIN);
    assert_sends(&t, "nc=00000002");
    auth_space_deinit(&t.space);
}

static void any_remembers_what_was_picked(void **state)
{
    (void)state;
    struct talk t = {0};
    next_request(&t, AUTH_ANY);
    assert_false(auth_awaits_challenge(&t.a, &t.space)); /* there may be none */
    assert_sends(&t, NULL);
    assert_int_equal(challenge(&t, "Basic realm=x"), AUTH_AGAIN);
    assert_sends(&t, "Basic dTpw");
    next_request(&t, AUTH_ANY);
    assert_sends(&t, "Basic dTpw");
    /* another part of the server has Digest: that is no refusal of the password */
    assert_int_equal(challenge(&t, "Digest nonce=n"), AUTH_AGAIN);
    assert_sends(&t, "Digest ");
    next_request(&t, AUTH_BASIC | AUTH_BEARER);
    assert_sends(&t, NULL);
    auth_space_deinit(&t.space);
}

static void unchallenged(void **state)
{
    (void)state;
    struct talk t = {0};
    next_request(&t, AUTH_DIGEST);
    assert_true(auth_awaits_challenge(&t.a, &t.space));
    auth_unchallenged(&t.a);
    assert_false(auth_awaits_challenge(&t.a, &t.space));
    assert_sends(&t, NULL);
}

static void nobody(void **state)
{
    (void)state;
    struct talk t = {0};
    auth_init(&t.a, AUTH_ANY, NULL, NULL, NULL, false);
    assert_false(auth_awaits_challenge(&t.a, &t.space));
    assert_sends(&t, NULL);
    assert_int_equal(challenge(&t, "Basic realm=x, Digest nonce=n, Bearer"), AUTH_REFUSED);
    auth_init(&t.a, AUTH_BASIC, NULL, NULL, NULL, false);
    assert_sends(&t, NULL);
}

static void bearer(void **state)
{
    (void)state;
    struct talk t = {0};
    auth_init(&t.a, AUTH_BEARER, "u", "p", "mF_9.B5f-4.1JqM", false);
    assert_sends(&t, "Bearer mF_9.B5f-4.1JqM");
    assert_int_equal(challenge(&t, "Bearer error=\"invalid_token\", Basic"), AUTH_REFUSED);
    auth_init(&t.a, AUTH_ANY, "u", "p", "tok", false);
    assert_sends(&t, NULL);
    assert_int_equal(challenge(&t, "Basic, Bearer realm=x, Digest nonce=n"), AUTH_AGAIN);
    assert_sends(&t, "Bearer tok");
    /* a token that would end the line */
    struct error err = {0};
    char *value = NULL;
    auth_init(&t.a, AUTH_BEARER, NULL, NULL, "a\r\nHost: x", false);
    assert_int_equal(auth_value(&t.a, &t.space, "GET", "/", &value, &err), ERR_USAGE);
    assert_null(value);
    assert_string_equal(error_text(&err), "invalid argument: the bearer token has a control character in it");
    error_clear(&err);
}

static void basic_values(void **state)
{
    (void)state;
    static const struct {
        const char *user, *password, *value;
    } rows[] = {
        {"Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, /* RFC 7617 section 2 */
        {"test", "123\xc2\xa3", "Basic dGVzdDoxMjPCow=="},                /* section 2.1 */
        {"", "", "Basic Og=="},
        {NULL, NULL, "Basic Og=="},
        {"a", NULL, "Basic YTo="},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *value = auth_basic(rows[i].user, rows[i].password);
        assert_string_equal(value, rows[i].value);
        free(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest_values),
        cmocka_unit_test(all_challenges),
        cmocka_unit_test(long_parameters),
        cmocka_unit_test(random_challenges),
        cmocka_unit_test(basic_at_once),
        cmocka_unit_test(digest_waits_and_remembers),
        cmocka_unit_test(stale_for_ever),
        cmocka_unit_test(any_remembers_what_was_picked),
        cmocka_unit_test(unchallenged),
        cmocka_unit_test(nobody),
        cmocka_unit_test(bearer),
        cmocka_unit_test(basic_values),
        cmocka_unit_test(challenged_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
