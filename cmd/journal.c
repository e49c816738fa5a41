#include "journal_parts.h"
#include "fnv.h"
#include "json.h"
#include "report.h"
#include "thread.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* {"sum":"0123456789abcdef","key":"0123…","url":…}: the sum is that of all behind its comma. */
static const char begin[] = "{\"sum\":\"";
static const char then[] = "\",";
static const char key_begin[] = "\"key\":\"";
enum {
    BEGIN = sizeof begin - 1,
    DIGITS = 16,
    SUMMED = BEGIN + DIGITS + sizeof then - 1, /* where that is */
    KEY = SUMMED + sizeof key_begin - 1,
    SHOWN = 300
};

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_key(const char *text, struct journal_key *key)
{
    for (size_t i = 0; i < JOURNAL_KEY; i++) {
        int high = hex(text[2 * i]), low = high < 0 ? -1 : hex(text[2 * i + 1]);
        if (low < 0)
            return false;
        key->bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

/* A line without its end. */
static bool parse(const char *line, size_t len, struct journal_key *key)
{
    char said[DIGITS + 1];
    if (len < (size_t)KEY + 2 * JOURNAL_KEY || memcmp(line, begin, BEGIN) != 0)
        return false;
    snprintf(said, sizeof said, "%016" PRIx64, fnv_more(FNV_BEGIN, line + SUMMED, len - SUMMED));
    return memcmp(line + BEGIN, said, DIGITS) == 0 && memcmp(line + SUMMED, key_begin, sizeof key_begin - 1) == 0 &&
           parse_key(line + KEY, key);
}

/* Whether what has no end may be a record of ours, torn by a crash; a disk without power may leave zeros. */
static bool is_torn(const char *line, size_t len)
{
    size_t zeros = 0;
    while (zeros < len && line[zeros] == '\0')
        zeros++;
    return zeros == len || memcmp(line, begin, len < (size_t)BEGIN ? len : (size_t)BEGIN) == 0;
}

struct reading {
    uint64_t good, bad;
    off_t end; /* behind the last line that has one */
    bool torn, foreign;
};

/* 0 or an errno. */
static int read_lines(struct journal *j, FILE *f, struct reading *r)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    int error = 0;
    while (!error && (n = getline(&line, &size, f)) > 0) {
        size_t len = (size_t)n;
        struct journal_key key;
        if (line[len - 1] != '\n') {
            r->torn = r->good > 0 || is_torn(line, len);
            r->foreign = !r->torn;
            break;
        }
        r->end += n;
        bool good = parse(line, len - 1, &key);
        r->good += good;
        r->bad += !good;
        if (good && !journal_keys_add(&j->done, &key, JOURNAL_KEY))
            error = ENOMEM;
    }
    if (!error && ferror(f))
        error = errno;
    free(line);
    return error;
}

static bool fail(struct report *report, const char *path, const char *why)
{
    report_run_failure(report, AFETCH_WRITE, "--journal: %.*s: %s", SHOWN, path, why);
    return false;
}

static bool read_all(struct journal *j, const char *path, struct report *report)
{
    struct reading r = {0};
    int copy = dup(j->fd);
    FILE *f = copy >= 0 ? fdopen(copy, "r") : NULL;
    int error = f ? read_lines(j, f, &r) : errno;
    if (f)
        fclose(f);
    else if (copy >= 0)
        close(copy);
    if (error)
        return fail(report, path, strerror(error));
    if (r.foreign || (r.bad && !r.good))
        return fail(report, path, "it is no journal; it is left as it is");
    if (r.bad)
        report_warning(report, "--journal: %.*s: %llu records are damaged, and do not count", SHOWN, path,
                       (unsigned long long)r.bad);
    if (r.torn && ftruncate(j->fd, r.end) < 0)
        return fail(report, path, strerror(errno));
    return true;
}

/* ---- writing, by its thread ------------------------------------------------------------------------------------- */

static void release(struct journal *j)
{
    pthread_mutex_lock(&j->lock);
    bool last = --j->users == 0;
    pthread_mutex_unlock(&j->lock);
    if (!last)
        return;
    for (struct journal_entry **list = &j->first; list; list = list == &j->first ? &j->told_first : NULL)
        while (*list) {
            struct journal_entry *e = *list;
            *list = e->next;
            free(e);
        }
    if (j->fd >= 0)
        close(j->fd);
    journal_keys_deinit(&j->done);
    journal_keys_deinit(&j->seen);
    afetch_sha256_free(j->hash);
    pthread_cond_destroy(&j->work);
    pthread_cond_destroy(&j->written);
    pthread_mutex_destroy(&j->lock);
    free(j);
}

/* Whole, or what was written of it is taken off again. 0 or an errno. */
static int append(struct journal *j, const char *data, size_t len)
{
    off_t before = lseek(j->fd, 0, SEEK_END);
    int error = before < 0 ? errno : 0;
    for (size_t at = 0; !error && at < len;) {
        ssize_t n = write(j->fd, data + at, len - at);
        if (n > 0)
            at += (size_t)n;
        else if (n < 0 && errno != EINTR)
            error = errno;
    }
    if (error && before >= 0 && ftruncate(j->fd, before) < 0)
        error = errno;
    return error;
}

/* All that wait, by one write, so that a disk is waited for but once. */
static void write_batch(struct journal *j, struct journal_entry *batch)
{
    size_t len = 0, at = 0;
    for (struct journal_entry *e = batch; e; e = e->next)
        len += e->len;
    char *data = malloc(len);
    for (struct journal_entry *e = batch; e && data; at += e->len, e = e->next)
        memcpy(data + at, e->text, e->len);
    if (!j->failed)
        j->failed = data ? append(j, data, len) : ENOMEM;
    if (!j->failed && j->sync && fdatasync(j->fd) < 0)
        j->failed = errno;
    free(data);
    for (struct journal_entry *e = batch; e; e = e->next)
        e->error = j->failed;
}

static void *thread(void *arg)
{
    struct journal *j = arg;
    pthread_mutex_lock(&j->lock);
    for (;;) {
        while (!j->first && !j->dropped)
            pthread_cond_wait(&j->work, &j->lock);
        if (!j->first)
            break;
        struct journal_entry *batch = j->first;
        struct journal_entry **end = j->end;
        j->first = NULL;
        j->end = &j->first;
        pthread_mutex_unlock(&j->lock);
        write_batch(j, batch);
        pthread_mutex_lock(&j->lock);
        *j->told_end = batch;
        j->told_end = end;
        j->batches++;
        pthread_cond_signal(&j->written);
        if (!j->dropped)
            j->wake(j->arg);
    }
    pthread_mutex_unlock(&j->lock);
    release(j);
    return NULL;
}

/* ---- its owner -------------------------------------------------------------------------------------------------- */

/* Its name is there after a crash, too. 0 or an errno. */
static int sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = !slash ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int error = !folder ? ENOMEM : fd < 0 || (fsync(fd) < 0 && errno != EINVAL) ? errno : 0;
    if (fd >= 0)
        close(fd);
    free(folder);
    return error;
}

static bool open_file(struct journal *j, const char *path, struct report *report)
{
    struct stat st;
    /* Non-blocking, for what is no file and would be waited for. */
    j->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
    if (j->fd < 0 || fstat(j->fd, &st) < 0)
        return fail(report, path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return fail(report, path, "it is no regular file");
    if (flock(j->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        return fail(report, path, "another run writes to it");
    int error = j->sync ? sync_folder(path) : 0;
    return error ? fail(report, path, strerror(error)) : read_all(j, path, report);
}

struct journal *journal_open(const char *path, bool sync, struct report *report)
{
    struct journal *j = calloc(1, sizeof *j);
    if (j && !(j->hash = afetch_sha256_new())) {
        free(j);
        j = NULL;
    }
    if (!j) {
        fail(report, path, strerror(ENOMEM));
        return NULL;
    }
    j->fd = -1;
    j->sync = sync;
    j->users = 1;
    j->end = &j->first;
    j->told_end = &j->told_first;
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->work, NULL);
    thread_cond_init(&j->written);
    if (open_file(j, path, report))
        return j;
    release(j);
    return NULL;
}

void journal_begin(struct journal *j, void (*wake)(void *arg), void *arg)
{
    j->wake = wake;
    j->arg = arg;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    pthread_mutex_lock(&j->lock);
    j->dropped = true;
    pthread_cond_signal(&j->work);
    pthread_mutex_unlock(&j->lock);
    release(j);
}

/* {"key":…} of a record; NULL: no memory. */
static char *object_of(const struct journal_record *record, size_t *len)
{
    char key[2 * JOURNAL_KEY + 1];
    for (size_t i = 0; i < JOURNAL_KEY; i++)
        snprintf(key + 2 * i, 3, "%02x", record->key->bytes[i]);
    struct json *j = json_new();
    if (!j)
        return NULL;
    struct yyjson_mut_val *object = json_object(j);
    json_add_text(j, object, "key", key);
    json_add_text(j, object, "url", record->url);
    json_add_number(j, object, "response_code", record->status);
    json_add_number(j, object, "size_delivered", (int64_t)record->bytes);
    if (record->path)
        json_add_text(j, object, "filename_effective", record->path);
    if (record->etag)
        json_add_text(j, object, "etag", record->etag);
    if (record->modified)
        json_add_text(j, object, "last_modified", record->modified);
    if (record->sha256)
        json_add_text(j, object, "sha256", record->sha256);
    char *text = json_write(j, object, len);
    json_free(j);
    return text;
}

/* {"sum":"…",…} and a line end. */
static struct journal_entry *entry_of(const struct journal_record *record, void *owner)
{
    size_t len;
    char *object = object_of(record, &len);
    struct journal_entry *e = object ? malloc(sizeof *e + SUMMED + len + 1) : NULL;
    if (e) {
        *e = (struct journal_entry){.owner = owner, .len = (size_t)SUMMED + len};
        snprintf(e->text, SUMMED + 1, "%s%016" PRIx64 "%s", begin, fnv_more(FNV_BEGIN, object + 1, len - 1), then);
        memcpy(e->text + SUMMED, object + 1, len - 1);
        e->text[e->len - 1] = '\n';
    }
    free(object);
    return e;
}

bool journal_add(struct journal *j, const struct journal_record *record, void *owner)
{
    struct journal_entry *e = entry_of(record, owner);
    if (!e)
        return false;
    pthread_mutex_lock(&j->lock);
    bool start = !j->running;
    j->users += start;
    pthread_mutex_unlock(&j->lock);
    if (start && !thread_start(thread, j)) {
        pthread_mutex_lock(&j->lock);
        j->users--;
        pthread_mutex_unlock(&j->lock);
        free(e);
        return false;
    }
    pthread_mutex_lock(&j->lock);
    j->running = true;
    *j->end = e;
    j->end = &e->next;
    j->count++;
    pthread_cond_signal(&j->work);
    pthread_mutex_unlock(&j->lock);
    return true;
}

bool journal_is_full(struct journal *j)
{
    pthread_mutex_lock(&j->lock);
    bool full = j->count >= JOURNAL_FULL;
    pthread_mutex_unlock(&j->lock);
    return full;
}

void journal_collect(struct journal *j, void (*tell)(void *owner, int error))
{
    pthread_mutex_lock(&j->lock);
    struct journal_entry *list = j->told_first;
    j->told_first = NULL;
    j->told_end = &j->told_first;
    pthread_mutex_unlock(&j->lock);
    size_t count = 0;
    while (list) {
        struct journal_entry *e = list;
        list = e->next;
        tell(e->owner, e->error);
        free(e);
        count++;
    }
    pthread_mutex_lock(&j->lock);
    j->count -= count;
    pthread_mutex_unlock(&j->lock);
}

bool journal_wait(struct journal *j, unsigned ms)
{
    pthread_mutex_lock(&j->lock);
    if (j->batches == j->seen_batches)
        thread_wait(&j->written, &j->lock, ms);
    bool some = j->batches != j->seen_batches;
    j->seen_batches = j->batches;
    pthread_mutex_unlock(&j->lock);
    return some;
}
