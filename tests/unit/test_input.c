/* Lists of URLs: lines in whatever pieces they come, the reader's thread, and the order of a command line. */
#include "../../cmd/fields.c"
#include "../../cmd/glob.c"
#include "../../cmd/input.c"
#include "../../cmd/json_in.c"
#include "../../cmd/option_value.c"
#include "../../cmd/lines.c"
#include "../../cmd/reader.c"
#include "../../cmd/text.c"
#include "../../cmd/thread.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

/* Of options_body.c, with much behind it. */
const char *options_upload(const struct options *o, size_t input)
{
    return input < o->uploads.count ? o->uploads.item[input] : NULL;
}

struct expected {
    uint64_t number;
    const char *why;  /* it is bad, as this begins to say; NULL: it is not */
    const char *text; /* NULL: of no matter */
};

static void check_lines(struct line_list *list, const struct expected *expected)
{
    for (; expected->number; expected++) {
        struct line *line = line_list_take(list);
        assert_non_null(line);
        assert_int_equal(line->number, expected->number);
        assert_int_equal(line->why != NULL, expected->why != NULL);
        if (line->why)
            assert_int_equal(strncmp(line->why, expected->why, strlen(expected->why)), 0);
        if (expected->text)
            assert_string_equal(line->text, expected->text);
        assert_true(line->why || line->len == strlen(line->text));
        free(line);
    }
    assert_null(line_list_take(list));
    assert_int_equal(list->bytes, 0);
}

/* One text in pieces of every size. */
static void pieces(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbfhttp://a/\r\n"
                               "\n"
                               "# comment \x01\n"
                               " \t \n"
                               "  http://b/ \n"
                               "{\"url\": 1}\n"
                               "http://c/\tout=x\n"
                               "http://d/\x1b\n"
                               "http://e/\xff\n"
                               "http://\xc3\xa4/\n"
                               "\xef\xbb\xbfx\n"
                               "a\0b\n"
                               "http://{a,b}/[1-3]\n"
                               "last";
    static const struct expected expected[] = {
        {1, NULL, "http://a/"},
        {5, NULL, "http://b/"},
        {6, NULL, "{\"url\": 1}"},
        {7, NULL, "http://c/\tout=x"},
        {8, "a control character (\\x1B, byte 10)", "http://d/\x1b"},
        {9, "not UTF-8 (\\xFF, byte 10)", "http://e/\xff"},
        {10, NULL, "http://\xc3\xa4/"},
        {11, NULL, "\xef\xbb\xbfx"},
        {12, "a control character (\\x00, byte 2)", NULL},
        {13, NULL, "http://{a,b}/[1-3]"},
        {14, NULL, "last"},
        {0},
    };
    for (size_t piece = 1; piece <= sizeof text - 1; piece++) {
        struct lines lines = {0};
        struct line_list list;
        line_list_init(&list);
        for (size_t at = 0; at < sizeof text - 1; at += piece) {
            size_t n = sizeof text - 1 - at < piece ? sizeof text - 1 - at : piece;
            assert_true(lines_feed(&lines, text + at, n, &list));
        }
        assert_true(lines_end(&lines, &list));
        check_lines(&list, expected);
        lines_deinit(&lines);
    }
}

static void long_lines(void **state)
{
    (void)state;
    static char text[LINE_MAX_BYTES + 4096];
    static const size_t lengths[] = {LINE_MAX_BYTES - 1, LINE_MAX_BYTES, LINE_MAX_BYTES + 1, LINE_MAX_BYTES + 4000};
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < 4; i++) {
        struct lines lines = {0};
        struct line_list list;
        line_list_init(&list);
        /* In two pieces, with a carriage return that does not count. */
        assert_true(lines_feed(&lines, text, lengths[i] / 2, &list));
        assert_true(lines_feed(&lines, text, lengths[i] - lengths[i] / 2, &list));
        assert_true(lines_feed(&lines, "\r\nb\n", 4, &list));
        struct line *line = line_list_take(&list);
        assert_int_equal(line->why != NULL, lengths[i] > LINE_MAX_BYTES);
        assert_true(line->why || line->len == lengths[i]);
        free(line);
        check_lines(&list, (const struct expected[]){{2, NULL, "b"}, {0}});
        lines_deinit(&lines);
    }
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static void on_wake(void *arg)
{
    assert_int_equal(write(*(int *)arg, "x", 1), 1);
}

static struct input_item next(struct input *in, int wake_fd, enum input_state want)
{
    struct input_item item = {0};
    enum input_state state;
    char c;
    while ((state = input_next(in, &item)) == INPUT_LATER)
        assert_int_equal(read(wake_fd, &c, 1), 1);
    assert_int_equal(state, want);
    return item;
}

/* An input whose list is a FIFO, with what belongs to it. */
struct piped {
    char dir[32], fifo[64];
    struct options_input inputs[3];
    struct options options;
    struct input in;
    int wakes[2];
};

static void piped_open(struct piped *p)
{
    snprintf(p->dir, sizeof p->dir, "/tmp/afetch-test-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->fifo, sizeof p->fifo, "%s/fifo", p->dir);
    assert_int_equal(mkfifo(p->fifo, 0600), 0);
    p->inputs[0] = (struct options_input){.kind = INPUT_URL, .text = "first"};
    p->inputs[1] = (struct options_input){.kind = INPUT_LIST, .text = p->fifo};
    p->inputs[2] = (struct options_input){.kind = INPUT_URL, .text = "last"};
    p->options = (struct options){.inputs = p->inputs, .input_count = 3};
    assert_int_equal(pipe(p->wakes), 0);
    input_init(&p->in, &p->options, on_wake, &p->wakes[1]);
    assert_string_equal(next(&p->in, p->wakes[0], INPUT_ONE).url, "first");
    struct input_item item;
    assert_int_equal(input_next(&p->in, &item), INPUT_LATER);
}

static void piped_close(struct piped *p)
{
    input_deinit(&p->in);
    close(p->wakes[0]);
    close(p->wakes[1]);
    unlink(p->fifo);
    rmdir(p->dir);
}

/* A list that is still being written. */
static void stream(void **state)
{
    (void)state;
    struct piped p;
    struct input_item item;
    piped_open(&p);
    int fd = open(p.fifo, O_WRONLY);
    assert_true(fd >= 0);
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(input_next(&p.in, &item), INPUT_LATER);
        assert_int_equal(write(fd, "a\n\n", 3), 3);
        item = next(&p.in, p.wakes[0], INPUT_ONE);
        assert_string_equal(item.url, "a");
        assert_int_equal(item.line, 2 * i - 1);
        assert_null(item.list);
    }
    close(fd);
    item = next(&p.in, p.wakes[0], INPUT_ONE);
    assert_string_equal(item.url, "last");
    assert_int_equal(item.line, 0);
    next(&p.in, p.wakes[0], INPUT_END);
    piped_close(&p);
}

/* Writes lines of 16 bytes until nobody takes more. How many. */
static size_t fill(int fd)
{
    char chunk[4096];
    memset(chunk, 'a', sizeof chunk);
    for (size_t i = 15; i < sizeof chunk; i += 16)
        chunk[i] = '\n';
    size_t written = 0;
    assert_true(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    while (poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 300) > 0) {
        ssize_t n = write(fd, chunk, sizeof chunk);
        if (n > 0)
            written += (size_t)n;
        assert_true(written < (4u << 20));
    }
    return written / 16;
}

/* Input is read no faster than it is used: who writes much is held up, and nothing is lost. */
static void bounded(void **state)
{
    (void)state;
    struct piped p;
    piped_open(&p);
    int fd = open(p.fifo, O_WRONLY);
    assert_true(fd >= 0);
    size_t lines = fill(fd);
    assert_true(lines > 1000);
    close(fd);
    for (size_t i = 1; i <= lines; i++)
        assert_int_equal(next(&p.in, p.wakes[0], INPUT_ONE).line, i);
    assert_string_equal(next(&p.in, p.wakes[0], INPUT_ONE).url, "last");
    piped_close(&p);
}

/* A run that ends early leaves a reader that waits for room: it goes by itself, and closes its file. */
static void dropped(void **state)
{
    (void)state;
    struct piped p;
    piped_open(&p);
    int fd = open(p.fifo, O_WRONLY);
    assert_true(fd >= 0);
    fill(fd);
    piped_close(&p);
    struct pollfd gone = {.fd = fd};
    assert_int_equal(poll(&gone, 1, 5000), 1);
    assert_true(gone.revents & POLLERR);
    close(fd);
}

static void unreadable(void **state)
{
    (void)state;
    struct options_input inputs[] = {{.kind = INPUT_LIST, .text = "/nonexistent"},
                                     {.kind = INPUT_LIST, .text = "/"},
                                     {.kind = INPUT_URL, .text = "last"}};
    struct options o = {.inputs = inputs, .input_count = 3};
    struct input in;
    int wakes[2];
    assert_int_equal(pipe(wakes), 0);
    input_init(&in, &o, on_wake, &wakes[1]);
    struct input_item item = next(&in, wakes[0], INPUT_BROKEN);
    assert_string_equal(item.list, "/nonexistent");
    assert_string_equal(item.problem, strerror(ENOENT));
    assert_string_equal(next(&in, wakes[0], INPUT_BROKEN).problem, strerror(EISDIR));
    assert_string_equal(next(&in, wakes[0], INPUT_ONE).url, "last");
    next(&in, wakes[0], INPUT_END);
    input_deinit(&in);
    close(wakes[0]);
    close(wakes[1]);
}

/* A list that was opened before is read from there, and stays open; its name is still that of the list. */
static void opened(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    int fd = fileno(file), wakes[2];
    assert_int_equal(write(fd, "a\n\x01\n", 4), 4);
    struct options_input inputs[] = {{.kind = INPUT_LIST, .text = "-", .fd = fd},
                                     {.kind = INPUT_LIST, .text = "/nonexistent", .fd = fd}};
    struct options o = {.inputs = inputs, .input_count = 2};
    struct input in;
    assert_int_equal(pipe(wakes), 0);
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        input_init(&in, &o, on_wake, &wakes[1]);
        assert_string_equal(next(&in, wakes[0], INPUT_ONE).url, "a");
        struct input_item item = next(&in, wakes[0], INPUT_ONE);
        assert_null(item.url);
        assert_string_equal(item.list, "standard input");
        assert_int_equal(item.line, 2);
        next(&in, wakes[0], INPUT_END); /* the second list stands at its end already */
        input_deinit(&in);
    }
    fclose(file);
    close(wakes[0]);
    close(wakes[1]);
}

/* Arguments are globbed, lists are not; each item tells which argument it comes from. */
static void globbed(void **state)
{
    (void)state;
    char path[] = "/tmp/afetch-test-XXXXXX";
    int fd = mkstemp(path), wakes[2];
    assert_int_equal(write(fd, "x{l,m}[1-2]\n", 12), 12);
    struct options_input inputs[] = {{.kind = INPUT_URL, .text = "{a,b}[1-2]"},
                                     {.kind = INPUT_LIST, .text = path},
                                     {.kind = INPUT_URL, .text = "u:pw@h/[2-1]"},
                                     {.kind = INPUT_URL, .text = "c[9-9]"}};
    struct options o = {.inputs = inputs, .input_count = 4};
    static const struct {
        const char *url, *problem;
        size_t argument;
        bool glob;
    } cases[] = {{"a1", NULL, 0, true},
                 {"a2", NULL, 0, true},
                 {"b1", NULL, 0, true},
                 {"b2", NULL, 0, true},
                 {"x{l,m}[1-2]", NULL, 1, false},
                 {"u:pw@h/[2-1]", "malformed URL: bad range in position 13", 2, false},
                 {"c9", NULL, 3, true}};
    struct input in;
    assert_int_equal(pipe(wakes), 0);
    input_init(&in, &o, on_wake, &wakes[1]);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct input_item item = next(&in, wakes[0], INPUT_ONE);
        assert_string_equal(item.url, cases[i].url);
        assert_int_equal(item.len, strlen(item.url));
        assert_int_equal(item.argument, cases[i].argument);
        assert_int_equal(item.glob != NULL, cases[i].glob);
        assert_int_equal(item.code, item.problem || item.line ? AFETCH_URL : 0);
        if (cases[i].problem)
            assert_string_equal(item.problem, cases[i].problem);
        else
            assert_null(item.problem);
    }
    next(&in, wakes[0], INPUT_END);
    input_deinit(&in);

    o.globoff = true;
    input_init(&in, &o, on_wake, &wakes[1]);
    assert_string_equal(next(&in, wakes[0], INPUT_ONE).url, "{a,b}[1-2]");
    assert_string_equal(next(&in, wakes[0], INPUT_ONE).url, "x{l,m}[1-2]");
    struct input_item item = next(&in, wakes[0], INPUT_ONE);
    assert_string_equal(item.url, "u:pw@h/[2-1]");
    assert_null(item.problem);
    assert_null(item.glob);
    input_deinit(&in);

    o.globoff = false; /* a run that ends within a glob */
    input_init(&in, &o, on_wake, &wakes[1]);
    assert_string_equal(next(&in, wakes[0], INPUT_ONE).url, "a1");
    input_deinit(&in);
    close(fd);
    unlink(path);
    close(wakes[0]);
    close(wakes[1]);
}

/* All URLs of an argument for each of its uploads; an upload with bad globs fails with its URL. */
static void uploads(void **state)
{
    (void)state;
    static const struct {
        const char *url, *upload, *problem;
    } expected[] = {
        {"a1", "x", NULL}, {"a2", "x", NULL},  {"a1", "y", NULL},        {"a2", "y", NULL},
        {"b", NULL, NULL}, {"c", NULL, "bad"}, {"d", "[x", "globs off"},
    };
    struct options_input inputs[] = {{.text = "a[1-2]"}, {.text = "b"}, {.text = "c"}};
    const char *names[] = {"{x,y}", NULL, "[2-1]"};
    struct options o = {.inputs = inputs, .input_count = 3, .uploads = {.item = names, .count = 3}};
    struct input in;
    struct input_item item;
    input_init(&in, &o, NULL, NULL);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(input_next(&in, &item), INPUT_ONE);
        assert_string_equal(item.url, expected[i].url);
        if (expected[i].upload)
            assert_string_equal(item.upload, expected[i].upload);
        assert_int_equal(item.problem != NULL, expected[i].problem != NULL);
    }
    assert_int_equal(input_next(&in, &item), INPUT_END);
    input_deinit(&in);

    struct options_input one = {.text = "d"};
    names[0] = "[x";
    o = (struct options){.inputs = &one, .input_count = 1, .uploads = {.item = names, .count = 1}, .globoff = true};
    input_init(&in, &o, NULL, NULL);
    assert_int_equal(input_next(&in, &item), INPUT_ONE);
    assert_string_equal(item.upload, expected[6].upload);
    input_deinit(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces),  cmocka_unit_test(long_lines), cmocka_unit_test(stream),
        cmocka_unit_test(bounded), cmocka_unit_test(dropped),    cmocka_unit_test(unreadable),
        cmocka_unit_test(opened),  cmocka_unit_test(globbed),    cmocka_unit_test(uploads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
