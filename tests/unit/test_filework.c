/* Files that are written by threads: whole, in bounded memory, and never one behind another that is stalled. */
#include "../../cmd/filework.c"
#include "../../cmd/filework_end.c"
#include "../../cmd/filework_names.c"
#include "../../cmd/outfile.c"
#include "../../cmd/sum.c"
#include "../../cmd/text.c"
#include "../../cmd/thread.c"
#include "../../cmd/workers.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <semaphore.h>
#include <signal.h>

static char dir[] = "/tmp/afetch-test-XXXXXX";
static sem_t woken;
static struct files *files;

/* Who owns a file: its name, and what he was told. */
struct owner {
    struct filework *w;
    unsigned news;
};

static void wake(void *arg)
{
    sem_post(arg);
}

static void on_news(void *arg, unsigned news)
{
    ((struct owner *)arg)->news |= news;
}

static int begin(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    sem_init(&woken, 0, 0);
    return 0;
}

/* Nothing is left: no thread that works, and no file but those that a test has removed. */
static int end(void **state)
{
    (void)state;
    size_t count = files_count(files);
    files_drop(files);
    DIR *d = opendir(".");
    int left = count ? -1 : 0;
    for (struct dirent *e; d && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            print_message("left behind: %s\n", e->d_name);
            unlink(e->d_name);
            left = -1;
        }
    closedir(d);
    return left;
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return chdir("/") == 0 && rmdir(dir) == 0 ? 0 : -1;
}

static void run_with(size_t open_max)
{
    files = files_new(open_max, wake, &woken);
    assert_non_null(files);
}

static void await(struct owner *o, unsigned news)
{
    while (!(o->news & news)) {
        sem_wait(&woken);
        files_collect(files, on_news);
    }
    o->news &= ~news;
}

static void own(struct owner *o, const char *path)
{
    *o = (struct owner){0};
    o->w = filework_new(files, strdup(path), NULL, NULL, o);
    assert_non_null(o->w);
    await(o, FILEWORK_CLAIMED);
    assert_null(filework_problem(o->w));
}

static void feed(struct owner *o, const char *text)
{
    assert_int_equal(filework_write(o->w, text, strlen(text)), FILEWORK_GO);
}

static void finish(struct owner *o)
{
    assert_true(filework_commit(o->w));
    await(o, FILEWORK_FINISHED);
    assert_null(filework_problem(o->w));
    filework_free(o->w);
}

/* What is in a file, or comes out of a FIFO until its writer closes it. */
static void assert_content(const char *path, const char *text, size_t len)
{
    char *buf = malloc(len + 1);
    size_t n = 0;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && buf);
    for (ssize_t got; (got = read(fd, buf + n, len + 1 - n)) > 0;)
        n += (size_t)got;
    close(fd);
    assert_int_equal(n, len);
    assert_memory_equal(buf, text, len);
    free(buf);
}

static void none_left(void *arg, const char *path)
{
    (void)arg;
    fail_msg("left: %s", path);
}

static void give_up(void)
{
    files_give_up(files, none_left, NULL);
    assert_int_equal(files_count(files), 0);
}

/* ---- tests --------------------------------------------------------------------------------------------------------- */

static void whole_file(void **state)
{
    (void)state;
    struct owner o;
    run_with(4);
    own(&o, "a");
    filework_begin(o.w, NULL);
    feed(&o, "one ");
    feed(&o, "two");
    finish(&o);
    assert_content("a", "one two", 7);
    unlink("a");
}

static void empty_file(void **state)
{
    (void)state;
    struct owner o;
    run_with(4);
    own(&o, "a");
    filework_begin(o.w, NULL);
    finish(&o);
    assert_content("a", "", 0);
    unlink("a");
}

static void given_up_in_each_state(void **state)
{
    (void)state;
    static char piece[FILEWORK_WRITE_FROM];
    run_with(2);
    for (int i = 0; i < 200; i++) {
        struct owner o = {0};
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        o.w = filework_new(files, strdup(name), NULL, NULL, &o);
        if (i % 5 > 0)
            await(&o, FILEWORK_CLAIMED);
        if (i % 5 > 1)
            filework_begin(o.w, NULL);
        if (i % 5 > 2)
            filework_write(o.w, piece, i % 10 > 5 ? sizeof piece : 10);
        /* Not in the end: that it is renamed in this very moment would be right. */
        filework_free(o.w);
    }
    while (files_count(files) && files_wait(files, 1000))
        ;
    assert_int_equal(files_count(files), 0);
}

static void failures_are_told(void **state)
{
    (void)state;
    struct owner o = {0};
    run_with(4);
    o.w = filework_new(files, strdup("no/such"), NULL, NULL, &o);
    await(&o, FILEWORK_CLAIMED);
    assert_non_null(strstr(filework_problem(o.w), strerror(ENOENT)));
    filework_free(o.w);

    own(&o, "/dev/full");
    filework_begin(o.w, NULL);
    filework_write(o.w, "x", 1);
    if (filework_commit(o.w))
        await(&o, FILEWORK_FINISHED);
    assert_non_null(strstr(filework_problem(o.w), strerror(ENOSPC)));
    assert_int_equal(filework_write(o.w, "x", 1), FILEWORK_FAILED);
    filework_free(o.w);
}

static void names_in_order(void **state)
{
    (void)state;
    static const char *same[] = {"a", "./a", ".//a"};
    struct owner o[60] = {0};
    run_with(4);
    for (size_t i = 0; i < 60; i++)
        o[i].w = filework_new(files, strdup(same[i % 3]), NULL, NULL, &o[i]);
    for (size_t i = 0; i < 60; i++) {
        await(&o[i], FILEWORK_CLAIMED);
        assert_int_equal(filework_problem(o[i].w) == NULL, i == 0);
    }
    for (size_t i = 0; i < 60; i++)
        filework_free(o[i].w);
}

/* Nobody opens the FIFOs; a hundred files are written meanwhile. */
static void others_go_on(void **state)
{
    (void)state;
    struct owner stalled[3], o;
    char name[16];
    run_with(4);
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "fifo%d", i);
        assert_int_equal(mkfifo(name, 0600), 0);
        own(&stalled[i], name);
        filework_begin(stalled[i].w, NULL);
        feed(&stalled[i], "body");
        assert_true(filework_commit(stalled[i].w));
    }
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "%d", i);
        own(&o, name);
        feed(&o, "body");
        finish(&o);
        unlink(name);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(stalled[i].news, 0);
        snprintf(name, sizeof name, "fifo%d", i);
        assert_content(name, "body", 4);
        await(&stalled[i], FILEWORK_FINISHED);
        filework_free(stalled[i].w);
        unlink(name);
    }
}

static void full_and_room(void **state)
{
    (void)state;
    enum { PIECE = 10000 };
    static char all[FILE_FULL + PIECE];
    struct owner o;
    size_t n = 0;
    enum filework_flow flow = FILEWORK_GO;
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)('a' + i % 26);
    run_with(4);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    own(&o, "fifo");
    filework_begin(o.w, NULL);
    for (; flow == FILEWORK_GO; n += PIECE)
        flow = filework_write(o.w, all + n, PIECE);
    assert_int_equal(flow, FILEWORK_FULL);
    assert_true(n > FILE_FULL && n <= FILE_FULL + PIECE);
    assert_int_equal(o.news, 0);
    assert_true(filework_commit(o.w));
    assert_content("fifo", all, n);
    await(&o, FILEWORK_ROOM);
    await(&o, FILEWORK_FINISHED);
    filework_free(o.w);
    unlink("fifo");
}

/* One may be open: the second is written when the first is. */
static void one_place(void **state)
{
    (void)state;
    struct owner first, second;
    run_with(1);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    own(&first, "fifo");
    own(&second, "a");
    filework_begin(first.w, NULL);
    feed(&first, "one");
    feed(&second, "two");
    assert_true(filework_commit(second.w));
    assert_true(filework_commit(first.w));
    assert_int_equal(access("a", F_OK), -1);
    assert_content("fifo", "one", 3);
    await(&second, FILEWORK_FINISHED);
    await(&first, FILEWORK_FINISHED);
    filework_free(first.w);
    filework_free(second.w);
    assert_content("a", "two", 3);
    unlink("a");
    unlink("fifo");
}

static void stalled_ones_are_given_up(void **state)
{
    (void)state;
    static char much[1 << 20];
    struct owner opening, writing;
    run_with(4);
    assert_int_equal(mkfifo("nobody", 0600), 0);
    assert_int_equal(mkfifo("stopped", 0600), 0);
    int fd = open("stopped", O_RDONLY | O_NONBLOCK);
    own(&opening, "nobody");
    own(&writing, "stopped");
    filework_begin(opening.w, NULL);
    filework_begin(writing.w, NULL);
    filework_write(writing.w, much, sizeof much);
    filework_free(opening.w);
    filework_free(writing.w);
    give_up();
    close(fd);
    unlink("nobody");
    unlink("stopped");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whole_file),        TEST(empty_file),     TEST(given_up_in_each_state),
        TEST(failures_are_told), TEST(names_in_order), TEST(others_go_on),
        TEST(full_and_room),     TEST(one_place),      TEST(stalled_ones_are_given_up),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
