/* The cookie jar: lines that tell what happens to it (the first byte says what), the rest of the input from an 'F' on
 * being a cookie file. What is sent fits a field, and the jar as a file is the same jar.
 *   H host     U target     T (https) P (http)     S set-cookie-value     G (what is sent)     + (a day later)     F */
#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/cookies.h"

enum { PART_MAX = 2000 };

struct world {
    struct cookies *jar;
    struct cookies_request at;
    char host[PART_MAX + 1], target[PART_MAX + 1];
    int64_t now;
};

static void set(char *to, const uint8_t *line, size_t len)
{
    len = len < PART_MAX ? len : PART_MAX;
    memcpy(to, line, len);
    to[len] = '\0';
}

static void get(struct world *w)
{
    struct buf field;
    buf_init(&field, 100000);
    int count = cookies_field(w->jar, &w->at, w->now, &field);
    FUZZ_CHECK(count >= 0 && count <= COOKIES_SENT_MAX && (count > 0) == (field.len > 0));
    FUZZ_CHECK(field.len <= COOKIES_SENT_BYTES_MAX);
    for (size_t i = 0; i < field.len; i++)
        FUZZ_CHECK((unsigned char)field.data[i] >= 0x20 && field.data[i] != 0x7f);
    buf_deinit(&field);
}

static void happen(struct world *w, uint8_t what, const uint8_t *line, size_t len)
{
    const char *why = NULL;
    int rc;
    switch (what) {
    case 'H':
        set(w->host, line, len);
        break;
    case 'U':
        set(w->target, line, len);
        break;
    case 'T':
    case 'P':
        w->at.tls = what == 'T';
        break;
    case 'S':
        rc = cookies_receive(w->jar, &w->at, (const char *)line, len, w->now, &why);
        FUZZ_CHECK(rc == 1 || (rc == 0 && why));
        break;
    case 'G':
        get(w);
        break;
    case '+':
        w->now += 86400;
        break;
    }
}

static void run(struct world *w, const uint8_t *data, size_t size)
{
    while (size > 0 && data[0] != 'F') {
        const uint8_t *end = memchr(data, '\n', size);
        size_t len = end ? (size_t)(end - data) : size;
        if (len > 0)
            happen(w, data[0], data + 1, len - 1);
        data += len + (end != NULL);
        size -= len + (end != NULL);
    }
    if (size > 0)
        FUZZ_CHECK(cookies_read(w->jar, (const char *)data + 1, size - 1, size % 2, w->now) >= 0);
    get(w);
}

static char *write_jar(struct cookies *jar, int64_t now)
{
    struct buf text;
    buf_init(&text, (size_t)128 << 20);
    FUZZ_CHECK(cookies_write(jar, now, &text) == 0);
    return buf_take(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world w = {.jar = cookies_new(), .host = "www.example.com", .target = "/", .now = 1700000000};
    w.at = (struct cookies_request){w.host, w.target, true};
    run(&w, data, size);
    char *text = write_jar(w.jar, w.now);
    struct cookies *again = cookies_new();
    int count = cookies_read(again, text, strlen(text), false, w.now);
    FUZZ_CHECK(count >= 0 && (size_t)count == cookies_count(w.jar) && cookies_count(again) == cookies_count(w.jar));
    char *same = write_jar(again, w.now);
    FUZZ_CHECK(strcmp(text, same) == 0);
    free(same);
    free(text);
    cookies_free(again);
    cookies_free(w.jar);
    return 0;
}
