#include "resume.h"
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { COPY_BYTES = 64 * 1024 };

/* ---- what is asked ---------------------------------------------------------------------------------------------- */

struct resume *resume_new(const struct options *o, const char *url, bool *failed)
{
    *failed = false;
    if (o->resume == RESUME_NONE)
        return NULL;
    struct resume *r = calloc(1, sizeof *r);
    *failed = !r;
    if (!r)
        return NULL;
    r->at_given = o->resume == RESUME_AT;
    r->at = o->resume_at;
    r->info.url = part_hash(url);
    r->info.since_s = (int64_t)time(NULL);
    return r;
}

void resume_free(struct resume *r)
{
    if (!r)
        return;
    free(r->path);
    free(r);
}

bool resume_ask(const struct resume *r, struct afetch_request *request)
{
    const struct afetch_resume ask = {
        .offset = r->offset,
        .size = r->info.size,
        .validator = *r->info.validator ? r->info.validator : NULL,
        .since_s = r->source == RESUME_OF_FILE || r->source == RESUME_OF_PART ? r->info.since_s : 0,
        .exact = r->at_given};
    return r->offset == 0 || afetch_request_set_resume(request, &ask) == AFETCH_OK;
}

void resume_begin(struct resume *r, const struct afetch_head *head)
{
    struct resume_body *b = &r->coming;
    const char *validator = head->validator ? head->validator : "";
    bool beginning = r->source == RESUME_OF_FILE || r->source == RESUME_OF_PART || head->offset == 0;
    b->continues = head->offset > 0;
    b->resumable = (head->resumable || head->complete) && beginning;
    if (head->complete) {
        b->info = r->info;
        return;
    }
    b->info = (struct part_info){
        .url = r->info.url, .size = head->size, .since_s = b->continues ? r->info.since_s : (int64_t)time(NULL)};
    if (strlen(validator) < sizeof b->info.validator)
        snprintf(b->info.validator, sizeof b->info.validator, "%s", validator);
}

const char *resume_refuses(const struct resume *r, const struct afetch_head *head)
{
    bool rest_alone = r->offset > 0 && (r->source == RESUME_NOTHING || r->source == RESUME_BEHIND_FILE);
    bool fails = head->status >= 400;
    return rest_alone && head->offset == 0 && !fails ? "the server does not go on there any more" : NULL;
}

/* ---- what there is ---------------------------------------------------------------------------------------------- */

static int fail(char *why, const struct outfile *f, const char *reason)
{
    return outfile_fail(why, f->path, reason);
}

static int fail_of(char *why, const struct outfile *f, int error)
{
    return fail(why, f, error == EBUSY ? "another transfer works at what is there of it" : strerror(error));
}

static char *target(const struct outfile *f)
{
    return outfile_join(f->dir, f->base);
}

/* When the bytes of a file were fetched: not before it was made. Without a birthday it is known only when the last of them
 * were, which says nothing of the first. */
static int64_t since(const char *path, const struct stat *st)
{
#ifdef STATX_BTIME
    struct statx x;
    if (statx(AT_FDCWD, path, 0, STATX_BTIME, &x) == 0 && x.stx_mask & STATX_BTIME && x.stx_btime.tv_sec > 0)
        return x.stx_btime.tv_sec < st->st_mtime ? x.stx_btime.tv_sec : st->st_mtime;
#else
    (void)path;
#endif
    return st->st_mtime;
}

static void take_part(struct resume *r, const struct part_info *info, const struct stat *st)
{
    r->source = RESUME_OF_PART;
    r->offset = (uint64_t)st->st_size;
    r->info = *info;
    r->st = *st;
}

static void take_file(struct resume *r, enum resume_source source, uint64_t offset, const char *path,
                      const struct stat *st)
{
    r->source = source;
    r->offset = offset;
    r->info.since_s = since(path, st);
    r->st = *st;
}

static bool is_newer(const struct stat *a, const struct stat *b)
{
    return a->st_mtim.tv_sec != b->st_mtim.tv_sec ? a->st_mtim.tv_sec > b->st_mtim.tv_sec
                                                  : a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

/* -C -: of a file and a part of this URL, the one that was written last. */
static void find(struct resume *r, const char *path, const struct stat *file, const struct part_info *info,
                 const struct stat *part)
{
    if (part && !(file && is_newer(file, part)))
        take_part(r, info, part);
    else if (file)
        take_file(r, RESUME_OF_FILE, (uint64_t)file->st_size, path, file);
}

/* -C N */
static void find_at(struct resume *r, const char *path, const struct stat *file, const struct part_info *info,
                    const struct stat *part)
{
    r->offset = r->at;
    if (r->at == 0)
        return;
    if (file)
        take_file(r, (uint64_t)file->st_size == r->at ? RESUME_OF_FILE : RESUME_BEHIND_FILE, r->at, path, file);
    else if (part && (uint64_t)part->st_size == r->at)
        take_part(r, info, part);
}

int resume_look(struct outfile *f, char why[OUTFILE_WHY])
{
    struct resume *r = f->resume;
    struct part_info info;
    struct stat file, part;
    if (f->direct) {
        r->offset = r->at;
        return 0;
    }
    char *path = target(f);
    r->path = part_path(f->dir, f->base);
    if (path && r->path) {
        bool has_file = lstat(path, &file) == 0 && S_ISREG(file.st_mode) && file.st_size > 0;
        bool has_part = part_find(r->path, &info, &part) && info.url == r->info.url;
        (r->at_given ? find_at : find)(r, path, has_file ? &file : NULL, &info, has_part ? &part : NULL);
    }
    bool failed = !path || !r->path;
    free(path);
    return failed ? fail_of(why, f, ENOMEM) : 0;
}

/* ---- what is open ----------------------------------------------------------------------------------------------- */

/* What is open is the part from now on. */
static int use_part(struct outfile *f, int fd, char *why)
{
    struct resume *r = f->resume;
    f->fd = fd;
    f->temp = strdup(r->path);
    r->is_part = true;
    return f->temp ? 0 : fail_of(why, f, ENOMEM);
}

static int write_info(struct outfile *f, char *why)
{
    int error = part_write_info(f->resume->path, &f->resume->body.info);
    return error ? fail_of(why, f, error) : 0;
}

static int open_new_part(struct outfile *f, char *why)
{
    int fd = part_new(f->resume->path);
    if (fd < 0)
        return fail_of(why, f, errno);
    int rc = use_part(f, fd, why);
    if (rc == 0)
        rc = write_info(f, why);
    return rc == 0 ? outfile_dress(f, why) : rc;
}

/* At its end, which is where it goes on. */
static int seek_end(struct outfile *f, char *why)
{
    f->resume->base = lseek(f->fd, 0, SEEK_END);
    return f->resume->base < 0 ? fail_of(why, f, errno) : 0;
}

static int open_part(struct outfile *f, char *why)
{
    int fd = part_open(f->resume->path, &f->resume->st);
    if (fd < 0)
        return fail_of(why, f, errno);
    int rc = use_part(f, fd, why);
    if (rc == 0)
        rc = write_info(f, why); /* it may know more now */
    return rc == 0 ? seek_end(f, why) : rc;
}

/* The file itself, if it is as it was looked at: a descriptor, or -1 with errno. */
static int open_file(const char *path, int flags, const struct stat *st)
{
    struct stat now;
    int fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &now) == 0 && now.st_ino == st->st_ino && now.st_dev == st->st_dev && now.st_size == st->st_size &&
        now.st_mtim.tv_sec == st->st_mtim.tv_sec && now.st_mtim.tv_nsec == st->st_mtim.tv_nsec)
        return fd;
    close(fd);
    errno = EBUSY;
    return -1;
}

/* Puts the file's bytes where f is. */
static int copy_file(struct outfile *f, const char *path, char *why)
{
    char *data = malloc(COPY_BYTES);
    int from = open_file(path, O_RDONLY, &f->resume->st);
    int error = !data ? ENOMEM : from < 0 ? errno : 0, rc = 0;
    ssize_t n = 1;
    while (!error && rc == 0 && n > 0) {
        n = read(from, data, COPY_BYTES);
        if (n < 0 && errno == EINTR && !atomic_load(&f->given_up))
            n = 1;
        else if (n < 0)
            error = errno;
        else
            rc = outfile_write(f, data, (size_t)n, why);
    }
    if (from >= 0)
        close(from);
    free(data);
    if (error)
        rc = fail_of(why, f, error);
    return rc == 0 ? seek_end(f, why) : rc;
}

/* The file becomes the part; its name is free until all is whole. The info goes first: it is of the file, too. */
static int move_file(struct outfile *f, const char *path, int fd, char *why)
{
    struct resume *r = f->resume;
    int old = part_lock(fd) ? part_new(r->path) : -1; /* takes away one that is there, unless it is in use */
    int error = old < 0 ? errno : 0;
    if (old >= 0)
        close(old);
    if (!error && unlink(r->path) < 0)
        error = errno;
    if (!error)
        error = part_write_info(r->path, &r->body.info);
    if (!error && rename(path, r->path) < 0)
        error = errno;
    if (error) {
        close(fd);
        return fail_of(why, f, error);
    }
    int rc = use_part(f, fd, why);
    return rc == 0 ? seek_end(f, why) : rc;
}

/* A file that has another name too, or is not ours, is left as it is. */
static int open_beginning(struct outfile *f, char *why)
{
    const struct stat *st = &f->resume->st;
    char *path = target(f);
    if (!path)
        return fail_of(why, f, ENOMEM);
    int fd = st->st_nlink == 1 && st->st_uid == geteuid() ? open_file(path, O_WRONLY, st) : -1;
    int rc = 0;
    if (fd >= 0) {
        rc = move_file(f, path, fd, why);
    } else {
        rc = open_new_part(f, why);
        if (rc == 0)
            rc = copy_file(f, path, why);
    }
    free(path);
    return rc;
}

int resume_open(struct outfile *f, char why[OUTFILE_WHY])
{
    const struct resume *r = f->resume;
    if (r->body.continues && r->source == RESUME_OF_PART)
        return open_part(f, why);
    if (r->body.continues && r->source == RESUME_OF_FILE)
        return open_beginning(f, why);
    return r->body.resumable && !r->whole ? open_new_part(f, why) : 1;
}

int resume_fill(struct outfile *f, char why[OUTFILE_WHY])
{
    const struct resume *r = f->resume;
    if (r->source != RESUME_BEHIND_FILE || !r->body.continues)
        return 0;
    char *path = target(f);
    int rc = path ? copy_file(f, path, why) : fail_of(why, f, ENOMEM);
    free(path);
    return rc;
}

/* What is in the part is void before its info is of another version; what is no beginning has none. */
int resume_restart(struct outfile *f, char why[OUTFILE_WHY])
{
    struct resume *r = f->resume;
    off_t base = r->body.continues ? r->base : 0;
    if (r->is_part && !r->body.resumable)
        part_remove_info(r->path);
    if (ftruncate(f->fd, base) < 0 || lseek(f->fd, base, SEEK_SET) < 0)
        return fail_of(why, f, errno);
    return r->is_part && r->body.resumable ? write_info(f, why) : 0;
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

void resume_committed(struct outfile *f)
{
    struct resume *r = f->resume;
    struct part_info info;
    struct stat st;
    if (r->is_part)
        part_remove_info(r->path);
    else if (r->path && part_find(r->path, &info, &st) && info.url == r->info.url)
        part_remove(r->path); /* the file is whole: nobody needs it */
    r->is_part = false;
}

bool resume_keeps(const struct outfile *f)
{
    const struct resume *r = f->resume;
    struct stat st;
    if (!r->is_part)
        return false;
    if (r->body.resumable && fstat(f->fd, &st) == 0 && st.st_size > 0)
        return true;
    part_remove_info(r->path);
    return false;
}
