/* A body's file: whole or not there, and nobody else's harmed. */
#include "../../cmd/outfile.c"
#include "../../cmd/sum.c"
#include "../../cmd/text.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <signal.h>

static struct outfile_names names;
static char why[OUTFILE_WHY];
static char dir[] = "/tmp/afetch-test-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return chdir("/") == 0 && rmdir(dir) == 0 ? 0 : -1;
}

static int begin(void **state)
{
    (void)state;
    umask(022);
    outfile_names_init(&names);
    why[0] = '\0';
    return 0;
}

/* Each test leaves the folder empty: nothing temporary may be left behind. */
static int end(void **state)
{
    (void)state;
    outfile_names_deinit(&names);
    DIR *d = opendir(".");
    int left = 0;
    for (struct dirent *e; d && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            printf("left behind: %s\n", e->d_name);
            unlink(e->d_name);
            left = -1;
        }
    closedir(d);
    return left;
}

static int claim(struct outfile *f, const char *path)
{
    outfile_init(f, strdup(path));
    return outfile_resolve(f, why) == 0 && outfile_claim(f, &names, why) == 0 ? 0 : -1;
}

static void deinit(struct outfile *f)
{
    outfile_discard(f);
    outfile_deinit(f);
}

static void put_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void assert_text(const char *path, const char *text)
{
    char buf[100];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    buf[fread(buf, 1, sizeof buf - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(buf, text);
}

/* The whole way; with commit false it fails at the end. */
static void fetch(const char *path, const char *text, bool commit)
{
    struct outfile f;
    assert_int_equal(claim(&f, path), 0);
    assert_int_equal(outfile_open(&f, &names, why), 0);
    assert_int_equal(outfile_write(&f, text, strlen(text), why), 0);
    if (commit)
        assert_int_equal(outfile_commit(&f, why), 0);
    deinit(&f);
}

static void new_file(void **state)
{
    (void)state;
    struct stat st;
    fetch("a", "body", true);
    assert_text("a", "body");
    assert_true(stat("a", &st) == 0 && (st.st_mode & 0777) == 0644);
    unlink("a");
}

static void empty_file(void **state)
{
    (void)state;
    fetch("a", "", true);
    assert_text("a", "");
    unlink("a");
}

static void failure_leaves_nothing(void **state)
{
    (void)state;
    fetch("a", "body", false);
    assert_int_equal(access("a", F_OK), -1);
    put_text("b", "old");
    fetch("b", "new", false);
    assert_text("b", "old");
    unlink("b");
}

static void not_there_before_the_end(void **state)
{
    (void)state;
    struct outfile f;
    put_text("a", "old");
    assert_int_equal(claim(&f, "a"), 0);
    assert_int_equal(outfile_open(&f, &names, why), 0);
    assert_int_equal(outfile_write(&f, "new", 3, why), 0);
    assert_text("a", "old");
    assert_int_equal(outfile_commit(&f, why), 0);
    assert_text("a", "new");
    deinit(&f);
    unlink("a");
}

static void mode_is_kept(void **state)
{
    (void)state;
    struct stat st;
    put_text("a", "old");
    chmod("a", 0640);
    fetch("a", "new", true);
    assert_true(stat("a", &st) == 0 && (st.st_mode & 0777) == 0640);
    unlink("a");
}

static void link_is_kept(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(symlink("target", "link"), 0);
    assert_int_equal(symlink("link", "chain"), 0);
    fetch("chain", "one", true); /* to where nothing is yet */
    assert_text("target", "one");
    outfile_names_deinit(&names);
    outfile_names_init(&names);
    fetch("link", "two", true);
    assert_text("target", "two");
    assert_true(lstat("link", &st) == 0 && S_ISLNK(st.st_mode));
    assert_true(lstat("chain", &st) == 0 && S_ISLNK(st.st_mode));
    unlink("chain");
    unlink("link");
    unlink("target");
}

static void one_file_one_url(void **state)
{
    (void)state;
    char other[64];
    snprintf(other, sizeof other, "%s/a", dir);
    assert_int_equal(symlink("a", "link"), 0);
    static const char *same[] = {"a", "./a", ".//a", "link"};
    fetch("a", "first", true);
    for (size_t i = 0; i < 4; i++) {
        struct outfile f;
        assert_int_equal(claim(&f, same[i]), -1);
        assert_non_null(strstr(why, "another URL"));
        deinit(&f);
    }
    struct outfile f;
    assert_int_equal(claim(&f, other), -1);
    deinit(&f);
    assert_text("a", "first");
    unlink("link");
    unlink("a");
}

static void many_names(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 5000; i++) {
            struct outfile f;
            char path[32];
            snprintf(path, sizeof path, "%d", i);
            assert_int_equal(claim(&f, path), round ? -1 : 0);
            deinit(&f);
        }
}

static void refused(void **state)
{
    (void)state;
    assert_int_equal(symlink("loop", "loop"), 0);
    static const struct {
        const char *path;
        int error;
    } cases[] = {{".", EISDIR}, {"/", EISDIR}, {"new/", EISDIR}, {"no/such", ENOENT}, {"loop", ELOOP}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outfile f;
        assert_int_equal(claim(&f, cases[i].path), -1);
        assert_non_null(strstr(why, strerror(cases[i].error)));
        assert_non_null(strstr(why, cases[i].path));
        deinit(&f);
    }
    unlink("loop");
}

/* Devices are written, not replaced, by any number of URLs. */
static void devices_stay(void **state)
{
    (void)state;
    struct stat before, after;
    assert_int_equal(stat("/dev/null", &before), 0);
    assert_int_equal(symlink("/dev/null", "link"), 0);
    fetch("/dev/null", "body", true);
    fetch("/dev/null", "body", false);
    fetch("link", "body", true);
    assert_int_equal(stat("/dev/null", &after), 0);
    assert_true(S_ISCHR(after.st_mode) && after.st_ino == before.st_ino && after.st_mode == before.st_mode);
    unlink("link");

    struct outfile f;
    assert_int_equal(claim(&f, "/dev/full"), 0);
    assert_int_equal(outfile_open(&f, &names, why), 0);
    assert_int_equal(outfile_write(&f, "x", 1, why), -1);
    assert_non_null(strstr(why, strerror(ENOSPC)));
    deinit(&f);
}

static void fifo_is_written(void **state)
{
    (void)state;
    char buf[16] = "";
    struct stat st;
    assert_int_equal(mkfifo("fifo", 0600), 0);
    int fd = open("fifo", O_RDONLY | O_NONBLOCK);
    fetch("fifo", "body", true);
    assert_int_equal(read(fd, buf, sizeof buf), 4);
    assert_string_equal(buf, "body");
    close(fd);
    assert_true(lstat("fifo", &st) == 0 && S_ISFIFO(st.st_mode));
    unlink("fifo");
}

/* What another program put in the way since the claim is not replaced. */
static void late_device(void **state)
{
    (void)state;
    struct outfile f;
    struct stat st;
    assert_int_equal(claim(&f, "a"), 0);
    assert_int_equal(outfile_open(&f, &names, why), 0);
    assert_int_equal(mkfifo("a", 0600), 0);
    assert_int_equal(outfile_commit(&f, why), -1);
    deinit(&f);
    assert_true(lstat("a", &st) == 0 && S_ISFIFO(st.st_mode));
    unlink("a");
}

/* /dev/fd/N is our own descriptor, at its own position. */
static void descriptors(void **state)
{
    (void)state;
    char path[32];
    int fd = open("a", O_RDWR | O_CREAT, 0600);
    assert_int_equal(write(fd, "one ", 4), 4);
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    fetch(path, "two ", true);
    assert_int_equal(write(fd, "three", 5), 5);
    close(fd);
    assert_text("a", "one two three");
    unlink("a");
}

static void long_names(void **state)
{
    (void)state;
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    fetch(name, "body", true);
    assert_text(name, "body");
    unlink(name);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(new_file),     TEST(empty_file),   TEST(failure_leaves_nothing), TEST(not_there_before_the_end),
        TEST(mode_is_kept), TEST(link_is_kept), TEST(one_file_one_url),       TEST(many_names),
        TEST(refused),      TEST(devices_stay), TEST(fifo_is_written),        TEST(late_device),
        TEST(descriptors),  TEST(long_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
