/* Message digests: the standards' own examples, in pieces of every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/hash.h"

/* RFC 1321 appendix A.5, FIPS 180-2 appendix B. */
static const struct {
    enum hash_kind kind;
    const char *text, *hex;
} rows[] = {
    {HASH_MD5, "", "d41d8cd98f00b204e9800998ecf8427e"},
    {HASH_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72"},
    {HASH_MD5, "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
     "57edf4a22be3c955ac49da2e2107b67a"},
    {HASH_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {HASH_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {HASH_SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].text);
        struct hash *h = hash_new(rows[i].kind);
        assert_non_null(h);
        for (size_t piece = 1; piece <= len + 1; piece++) { /* the struct serves one message after another */
            char hex[HASH_HEX_SIZE];
            for (size_t at = 0; at < len; at += piece)
                hash_add(h, rows[i].text + at, len - at < piece ? len - at : piece);
            assert_int_equal(hash_hex(h, hex), 0);
            assert_string_equal(hex, rows[i].hex);
        }
        hash_free(h);
    }
    hash_free(NULL);
}

static void million(void **state)
{
    (void)state;
    char a[1000], hex[HASH_HEX_SIZE];
    memset(a, 'a', sizeof a);
    struct hash *h = hash_new(HASH_SHA256);
    assert_non_null(h);
    for (int i = 0; i < 1000; i++)
        hash_add(h, a, sizeof a);
    assert_int_equal(hash_hex(h, hex), 0);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    hash_adds(h, "abc");
    assert_int_equal(hash_hex(h, hex), 0);
    assert_string_equal(hex, rows[4].hex);
    hash_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(examples), cmocka_unit_test(million)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
