/* The thread that writes: in order, bounded, told of room and of failures, and left behind when it is stuck. */
#include "../../cmd/thread.c"
#include "../../cmd/writer.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>

/* Standard input's number is ours to write to: cmocka uses the other two. */
enum { FD = 0 };

static int read_end;
static sem_t woken;
static struct writer *w;

static void wake(void *arg)
{
    sem_post(arg);
}

static int set_up(void **state)
{
    (void)state;
    int fds[2];
    signal(SIGPIPE, SIG_IGN);
    if (pipe(fds) < 0 || dup2(fds[1], FD) < 0)
        return -1;
    close(fds[1]);
    read_end = fds[0];
    sem_init(&woken, 0, 0);
    w = writer_new(wake, &woken);
    return w ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    if (read_end >= 0)
        close(read_end); /* frees a thread that is stuck */
    sem_destroy(&woken);
    return 0;
}

static void put_line(unsigned n)
{
    char line[32];
    int len = snprintf(line, sizeof line, "line %u\n", n);
    assert_true(writer_put(w, FD, line, (size_t)len));
}

/* Reads lines first, first + 1, …, to that before end. */
static void read_lines(unsigned first, unsigned end)
{
    FILE *f = fdopen(dup(read_end), "r");
    char line[32], want[32];
    assert_non_null(f);
    setvbuf(f, NULL, _IONBF, 0);
    for (unsigned i = first; i < end; i++) {
        snprintf(want, sizeof want, "line %u\n", i);
        assert_non_null(fgets(line, sizeof line, f));
        assert_string_equal(line, want);
    }
    fclose(f);
}

static void in_order(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2000; i++)
        put_line(i);
    read_lines(0, 2000);
    while (!writer_wait(w, 1000))
        ;
    assert_int_equal(writer_queued(w), 0);
    assert_false(writer_full(w));
    writer_drop(w);
}

static void at_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        put_line(i);
        read_lines(i, i + 1);
    }
    writer_drop(w);
}

static void full_and_room(void **state)
{
    (void)state;
    unsigned n = 0;
    while (!writer_full(w))
        put_line(n++);
    assert_true(writer_queued(w) > WRITER_FULL && writer_queued(w) < WRITER_FULL + 100);
    put_line(n++); /* it is taken all the same */
    assert_int_equal(sem_trywait(&woken), -1);
    read_lines(0, n);
    sem_wait(&woken);
    assert_false(writer_full(w));
    writer_drop(w);
}

static void reader_gone(void **state)
{
    (void)state;
    close(read_end);
    read_end = -1;
    put_line(0);
    sem_wait(&woken);
    assert_int_equal(writer_error(w, FD), EPIPE);
    put_line(1); /* it is dropped */
    assert_int_equal(writer_queued(w), 0);
    assert_true(writer_wait(w, 0));
    writer_drop(w);
}

/* Nobody waits for a thread that is stuck, and nothing is told any more. */
static void left_behind(void **state)
{
    (void)state;
    unsigned n = 0;
    while (!writer_full(w))
        put_line(n++);
    assert_false(writer_wait(w, 1));
    writer_drop(w);
    assert_int_equal(sem_trywait(&woken), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(in_order), TEST(at_once), TEST(full_and_room), TEST(reader_gone),
                                       TEST(left_behind)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
