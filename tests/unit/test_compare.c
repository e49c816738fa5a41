/* What --compare prints: the table and the sentences, for figures that are given. */
#include "../../cmd/compare_table.c"
#include "../../cmd/text.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS 1000000ull

struct figures {
    struct compare_figures f[ROW_COUNT];
};

static struct figures figures(uint64_t sync_ns, uint64_t threads_ns, uint64_t async_ns)
{
    struct compare_figures all = {.told = true, .transfers = 20, .bytes = 86900, .cpu_ns = 41 * MS, .memory = 7000000};
    struct figures out = {{all, all, all}};
    out.f[ROW_SYNC].wall_ns = sync_ns;
    out.f[ROW_THREADS].wall_ns = threads_ns;
    out.f[ROW_ASYNC].wall_ns = async_ns;
    return out;
}

static void table(void **state)
{
    (void)state;
    struct text t = {0};
    struct figures g = figures(8691 * MS, 860 * MS, 843 * MS);
    g.f[ROW_THREADS].memory = 33123456;
    g.f[ROW_ASYNC].memory = 999499;
    g.f[ROW_ASYNC].failed = 3;
    compare_table(&t, g.f);
    assert_string_equal(t.data, "mode       wall     cpu  memory  transfers  failed  bytes  speedup\n"
                                "sync     8.691s  0.041s   7.0MB         20       0  86900    1.00x\n"
                                "threads  0.860s  0.041s  33.1MB         20       0  86900    10.1x\n"
                                "async    0.843s  0.041s   999KB         20       3  86900    10.3x\n");
    text_deinit(&t);
}

/* A process that was killed: what it did not tell is not made up, nor what would follow from it. */
static void untold(void **state)
{
    (void)state;
    for (int row = 0; row < ROW_COUNT; row++) {
        struct text t = {0};
        struct figures g = figures(2000 * MS, 1000 * MS, 1000 * MS);
        g.f[row].told = false;
        compare_say(&t, g.f);
        assert_null(t.data);
        compare_table(&t, g.f);
        const char *line = t.data;
        for (int i = 0; i <= row; i++)
            line = strchr(line, '\n') + 1;
        char cells[COLUMNS][16];
        assert_int_equal(sscanf(line, "%15s %15s %15s %15s %15s %15s %15s %15s", cells[0], cells[1], cells[2], cells[3],
                                cells[4], cells[5], cells[6], cells[7]),
                         COLUMNS);
        assert_string_equal(cells[0], compare_names[row]);
        for (int c = 4; c < COLUMNS; c++)
            assert_string_equal(cells[c], "-");
        if (row == ROW_SYNC)
            assert_null(strchr(strchr(t.data, '\n'), 'x')); /* no speed-up over what is not known */
        text_deinit(&t);
    }
}

static void sentences(void **state)
{
    (void)state;
    static const struct {
        uint64_t sync_ms, threads_ms, async_ms, threads_memory, async_memory;
        const char *says;
    } cases[] = {
        {8690, 860, 840, 33100000, 6900000,
         "async took 0.84 s where one after another took 8.69 s: 10.3 times as fast.\n"
         "threads took 0.86 s and 4.80 times the memory of async (33.1 MB, not 6.9 MB).\n"},
        {1050, 1, 1000, 7000000, 7000000,
         "async took 1.00 s where one after another took 1.05 s: 1.05 times as fast.\n"
         "threads took 0.001 s and about as much memory as async (7.0 MB and 7.0 MB).\n"},
        {1000, 1000, 1000, 7000000, 8000000,
         "async took 1.00 s, as long as one after another (1.00 s).\n"
         "threads took 1.00 s and not as much memory as async (7.0 MB and 8.0 MB).\n"},
        {42, 90, 99, 950000, 1000000,
         "async took 0.099 s, longer than one after another (0.042 s).\n"
         "threads took 0.090 s and about as much memory as async (950 KB and 1.0 MB).\n"},
        {123456, 1234, 1000, 1234567890, 10000000,
         "async took 1.00 s where one after another took 123.46 s: 123 times as fast.\n"
         "threads took 1.23 s and 123 times the memory of async (1234.6 MB, not 10.0 MB).\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text t = {0};
        struct figures g = figures(cases[i].sync_ms * MS, cases[i].threads_ms * MS, cases[i].async_ms * MS);
        g.f[ROW_THREADS].memory = cases[i].threads_memory;
        g.f[ROW_ASYNC].memory = cases[i].async_memory;
        compare_say(&t, g.f);
        assert_string_equal(t.data, cases[i].says);
        text_deinit(&t);
    }
}

static void single(void **state)
{
    (void)state;
    struct text t = {0};
    struct figures g = figures(300 * MS, 300 * MS, 301 * MS);
    for (int i = 0; i < ROW_COUNT; i++)
        g.f[i].transfers = 1;
    compare_say(&t, g.f);
    assert_non_null(strstr(t.data, "(0.30 s): a single transfer waits for no other.\n"));
    text_deinit(&t);
}

/* Figures of different work are not held against each other. */
static void not_alike(void **state)
{
    (void)state;
    static const struct {
        int row;
        uint64_t transfers, failed, bytes;
        const char *says;
    } cases[] = {
        {ROW_SYNC, 20, 1, 86900, "did not receive the same"},
        {ROW_THREADS, 20, 1, 86900, "did not receive the same"},
        {ROW_ASYNC, 19, 0, 86900, "did not receive the same"},
        {ROW_ASYNC, 20, 0, 76900, "did not receive the same"},
        {ROW_THREADS, 20, 0, 99900, "did not receive the same"},
        {ROW_SYNC, 20, 20, 0, "No transfer succeeded in one mode at least"},
        {ROW_ASYNC, 20, 20, 0, "No transfer succeeded in one mode at least"},
        {ROW_SYNC, 0, 0, 0, "There was no URL"},
        {ROW_ASYNC, 20, 0, 80000, "times as fast"}, /* pages differ a little */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text t = {0};
        struct figures g = figures(3000 * MS, 1000 * MS, 1000 * MS);
        g.f[cases[i].row].transfers = cases[i].transfers;
        g.f[cases[i].row].failed = cases[i].failed;
        g.f[cases[i].row].bytes = cases[i].bytes;
        compare_say(&t, g.f);
        if (!t.data || !strstr(t.data, cases[i].says))
            fail_msg("case %zu: \"%s\"", i, t.data ? t.data : "");
        if (strcmp(cases[i].says, "times as fast") != 0)
            assert_null(strstr(t.data, "times as"));
        text_deinit(&t);
    }
}

/* Failures that every mode has alike do not hide what the figures say. */
static void failures(void **state)
{
    (void)state;
    struct text t = {0};
    struct figures g = figures(3000 * MS, 1000 * MS, 1000 * MS);
    for (int i = 0; i < ROW_COUNT; i++)
        g.f[i].failed = 5;
    compare_say(&t, g.f);
    assert_non_null(strstr(t.data, "3.00 times as fast"));
    text_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),  cmocka_unit_test(untold),    cmocka_unit_test(sentences),
        cmocka_unit_test(single), cmocka_unit_test(not_alike), cmocka_unit_test(failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
