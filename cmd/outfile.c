#include "outfile.h"
#include "fnv.h"
#include "resume.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINKS_MAX = 40, TEMP_NAME_MAX = 180 };

int outfile_fail(char why[OUTFILE_WHY], const char *path, const char *reason)
{
    struct text t = {0};
    text_add_shown(&t, path, strlen(path), TEXT_CUT);
    text_addf(&t, ": %s", reason);
    snprintf(why, OUTFILE_WHY, "%s", t.data ? t.data : reason);
    text_deinit(&t);
    return -1;
}

/* ---- names of a run --------------------------------------------------------------------------------------------- */

void outfile_names_init(struct outfile_names *names)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    mode_t mask = umask(077);
    umask(mask);
    *names = (struct outfile_names){.seed = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u ^ (uint64_t)getpid(),
                                    .mode = 0666 & ~mask};
}

void outfile_names_deinit(struct outfile_names *names)
{
    free(names->slot);
}

/* FNV-1a from a seed, mixed: the low bits choose the slot. */
static uint64_t hash_path(const struct outfile_names *names, const char *dir, const char *base)
{
    uint64_t h = fnv_more(FNV_BEGIN ^ names->seed, dir, strlen(dir));
    h = fnv_more(fnv_more(h, "/", 1), base, strlen(base));
    h = (h ^ (h >> 32)) * 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
    return h ? h : 1;
}

static bool put(uint64_t *slot, size_t size, uint64_t h)
{
    size_t i = (size_t)h & (size - 1);
    for (; slot[i]; i = (i + 1) & (size - 1))
        if (slot[i] == h)
            return false;
    slot[i] = h;
    return true;
}

/* 1: new; 0: it was there; -1: out of memory. */
static int names_add(struct outfile_names *names, uint64_t h)
{
    if (names->count * 4 >= names->size * 3) {
        size_t size = names->size ? names->size * 2 : 64;
        uint64_t *slot = calloc(size, sizeof *slot);
        if (!slot)
            return -1;
        for (size_t i = 0; i < names->size; i++)
            if (names->slot[i])
                put(slot, size, names->slot[i]);
        free(names->slot);
        names->slot = slot;
        names->size = size;
    }
    if (!put(names->slot, names->size, h))
        return 0;
    names->count++;
    return 1;
}

/* ---- where a path leads ----------------------------------------------------------------------------------------- */

static char *join(const char *dir, size_t dir_len, const char *name)
{
    size_t len = strlen(name);
    char *path = malloc(dir_len + 1 + len + 1);
    if (!path)
        return NULL;
    memcpy(path, dir, dir_len);
    path[dir_len] = '/';
    memcpy(path + dir_len + 1, name, len + 1);
    return path;
}

char *outfile_join(const char *dir, const char *name)
{
    return join(dir, strcmp(dir, "/") == 0 ? 0 : strlen(dir), name);
}

/* What a symbolic link at path points to, as a path. */
static char *follow(const char *path)
{
    char target[PATH_MAX];
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n < 0)
        return NULL;
    target[n] = '\0';
    const char *slash = strrchr(path, '/');
    if (target[0] == '/' || !slash)
        return strdup(target);
    return join(path, (size_t)(slash - path), target);
}

/* Which open descriptor a path names, as /dev/stdout and its like do; -1: none. */
static int descriptor_of(const char *path)
{
    static const char *const folders[] = {"/proc/self/fd/", "/dev/fd/"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        size_t len = strlen(folders[i]);
        char *end;
        if (strncmp(path, folders[i], len) != 0 || path[len] < '0' || path[len] > '9')
            continue;
        long n = strtol(path + len, &end, 10);
        return *end || n > INT_MAX ? -1 : (int)n;
    }
    return -1;
}

/* Follows the last part's links, so that a link's target is replaced and not the link: the path they lead to, which
 * need not exist, or one that names a descriptor of ours. NULL with errno. */
static char *resolve(const char *path, int *descriptor)
{
    char *now = strdup(path);
    struct stat st;
    for (int i = 0; now; i++) {
        *descriptor = descriptor_of(now);
        if (*descriptor >= 0 || lstat(now, &st) < 0 || !S_ISLNK(st.st_mode))
            return now;
        char *next = i < LINKS_MAX ? follow(now) : NULL;
        int error = i < LINKS_MAX ? errno : ELOOP;
        free(now);
        now = next;
        errno = error;
    }
    return NULL;
}

/* Splits into the real path of the folder and the name within. 0 or an errno. */
static int split(const char *path, char **dir, char **base)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (!*name)
        return EISDIR;
    char *head = !slash ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
    char *real = head ? realpath(head, NULL) : NULL;
    int error = real ? 0 : errno;
    free(head);
    char *copy = strdup(name);
    if (error || !copy) {
        free(real);
        free(copy);
        return error ? error : ENOMEM;
    }
    *dir = real;
    *base = copy;
    return 0;
}

void outfile_init(struct outfile *f, char *path)
{
    *f = (struct outfile){.path = path, .fd = -1, .descriptor = -1};
    atomic_init(&f->given_up, false);
}

/* Has what was changed in a folder put on the disk. 0 or an errno. */
static int sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 || fsync(fd) < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return error == EINVAL ? 0 : error; /* a file system that cannot */
}

/* Makes a folder whose name ends at end, in the one that is there. 0 or an errno. */
static int make_folder(char *path, char *end, bool sync)
{
    char saved = *end, *slash;
    *end = '\0';
    int error = mkdir(path, 0750) < 0 && errno != EEXIST ? errno : 0;
    if (!error && sync) {
        slash = strrchr(path, '/');
        char *above = !slash ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
        error = above ? sync_folder(above) : ENOMEM;
        free(above);
    }
    *end = saved;
    return error;
}

/* Makes the folders of a path that are not there, with curl's mode. 0 or an errno. */
static int make_folders(const char *path, bool sync)
{
    struct stat st;
    const char *slash = strrchr(path, '/');
    char *folder = slash && slash > path ? strndup(path, (size_t)(slash - path)) : NULL;
    int error = slash && slash > path && !folder ? ENOMEM : 0;
    if (folder && stat(folder, &st) < 0)
        for (char *end = folder; !error && *end;) {
            end += strspn(end, "/");
            end += strcspn(end, "/");
            char saved = *end;
            *end = '\0';
            bool there = stat(folder, &st) == 0;
            *end = saved;
            if (!there)
                error = make_folder(folder, end, sync);
        }
    free(folder);
    return error;
}

/* What there being something means. */
static int judge(const struct outfile *f, char *why)
{
    if (!f->replaces || f->ways.there == OUTFILE_REPLACE)
        return 0;
    outfile_fail(why, f->path, strerror(EEXIST));
    return f->ways.there == OUTFILE_REFUSE ? -1 : OUTFILE_TAKEN;
}

int outfile_resolve(struct outfile *f, char why[OUTFILE_WHY])
{
    struct stat st;
    int made = f->ways.create_dirs ? make_folders(f->path, f->ways.sync) : 0;
    if (made)
        return outfile_fail(why, f->path, strerror(made));
    char *target = resolve(f->path, &f->descriptor);
    if (!target)
        return outfile_fail(why, f->path, strerror(errno));
    int error = 0;
    bool there = stat(target, &st) == 0;
    if (!there && errno == ENAMETOOLONG) {
        error = errno; /* which its temporary file would not show */
    } else if (there && S_ISDIR(st.st_mode)) {
        error = EISDIR;
    } else if (there && (f->descriptor >= 0 || !S_ISREG(st.st_mode))) {
        f->direct = true;
    } else {
        f->replaces = there;
        if (there) {
            f->mode = st.st_mode & 0777;
            f->uid = st.st_uid;
            f->gid = st.st_gid;
        }
        error = split(target, &f->dir, &f->base);
    }
    free(target);
    if (error)
        return outfile_fail(why, f->path, strerror(error));
    int rc = judge(f, why);
    return rc == 0 && f->resume ? resume_look(f, why) : rc;
}

int outfile_resolve_again(struct outfile *f, char *path, char why[OUTFILE_WHY])
{
    free(f->path);
    free(f->dir);
    free(f->base);
    f->path = path;
    f->dir = f->base = NULL;
    f->direct = f->replaces = false;
    return outfile_resolve(f, why);
}

int outfile_claim(const struct outfile *f, struct outfile_names *names, char why[OUTFILE_WHY])
{
    if (f->direct)
        return 0;
    switch (names_add(names, hash_path(names, f->dir, f->base))) {
    case 1:
        return 0;
    case 0:
        outfile_fail(why, f->path, "another URL of this run writes that file");
        return OUTFILE_TAKEN;
    default:
        return outfile_fail(why, f->path, strerror(ENOMEM));
    }
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

/* A new file's own mode, or that of the file it replaces; its owner too where we may. */
int outfile_dress(struct outfile *f, char why[OUTFILE_WHY])
{
    struct stat st;
    bool ok = !f->replaces || fstat(f->fd, &st) == 0;
    if (ok && f->replaces && (st.st_uid != f->uid || st.st_gid != f->gid))
        ok = fchown(f->fd, f->uid, f->gid) == 0 || errno == EPERM;
    ok = ok && fchmod(f->fd, f->mode) == 0;
    return ok ? 0 : outfile_fail(why, f->path, strerror(errno));
}

static int open_temp(struct outfile *f, char *why)
{
    char name[TEMP_NAME_MAX + 32];
    snprintf(name, sizeof name, ".%.*s.afetch-XXXXXX", TEMP_NAME_MAX, f->base);
    char *temp = outfile_join(f->dir, name);
    if (!temp)
        return outfile_fail(why, f->path, strerror(ENOMEM));
    f->fd = mkostemp(temp, O_CLOEXEC);
    if (f->fd < 0) {
        outfile_fail(why, f->path, strerror(errno));
        free(temp);
        return -1;
    }
    f->temp = temp;
    return outfile_dress(f, why);
}

/* After a call that failed: whether it is to be repeated. */
static bool again(struct outfile *f)
{
    return (errno == EINTR || errno == EAGAIN) && !atomic_load(&f->given_up);
}

static int open_regular(struct outfile *f, const struct outfile_names *names, char *why)
{
    if (!f->replaces)
        f->mode = f->ways.has_mode ? f->ways.mode : names->mode;
    int rc = f->resume ? resume_open(f, why) : 1;
    if (rc <= 0)
        return rc;
    rc = open_temp(f, why);
    return rc == 0 && f->resume ? resume_fill(f, why) : rc;
}

int outfile_open(struct outfile *f, const struct outfile_names *names, char why[OUTFILE_WHY])
{
    if (!f->direct)
        return open_regular(f, names, why);
    /* A copy, not open(2): it shares the position, so that what others write there stays. */
    if (f->descriptor >= 0)
        f->fd = fcntl(f->descriptor, F_DUPFD_CLOEXEC, 3);
    else
        do
            f->fd = open(f->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        while (f->fd < 0 && again(f));
    return f->fd < 0 ? outfile_fail(why, f->path, strerror(errno)) : 0;
}

int outfile_write(struct outfile *f, const void *data, size_t len, char why[OUTFILE_WHY])
{
    const char *at = data;
    while (len) {
        ssize_t n = write(f->fd, at, len);
        if (n >= 0) {
            at += n;
            len -= (size_t)n;
        } else if (!again(f)) {
            return outfile_fail(why, f->path, strerror(errno));
        } else if (errno == EAGAIN) {
            poll(&(struct pollfd){.fd = f->fd, .events = POLLOUT}, 1, -1);
        }
    }
    return 0;
}

int outfile_restart(struct outfile *f, char why[OUTFILE_WHY])
{
    if (f->resume)
        return resume_restart(f, why);
    if (ftruncate(f->fd, 0) < 0 || lseek(f->fd, 0, SEEK_SET) < 0)
        return outfile_fail(why, f->path, strerror(errno));
    return 0;
}

/* Gives a file its name where nothing else may be replaced by it. 0 or an errno. */
static int name_anew(const char *temp, const char *target)
{
#ifdef RENAME_NOREPLACE
    if (renameat2(AT_FDCWD, temp, AT_FDCWD, target, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
#endif
    return link(temp, target) < 0 || unlink(temp) < 0 ? errno : 0;
}

/* Gives a file its name. 0 or an errno. */
static int name_file(const struct outfile *f, const char *target)
{
    struct stat st;
    /* What became a device or a folder since the claim is left alone. */
    if (lstat(target, &st) == 0 && !S_ISREG(st.st_mode))
        return EEXIST;
    if (f->ways.there != OUTFILE_REPLACE)
        return name_anew(f->temp, target);
    return rename(f->temp, target) < 0 ? errno : 0;
}

/* What is to be done to a file before it has its name. 0 or an errno. */
static int finish_file(const struct outfile *f)
{
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)f->modified_s}};
    if (f->direct || f->fd < 0)
        return 0;
    if (f->timed && futimens(f->fd, times) < 0)
        return errno;
    return f->ways.sync && fsync(f->fd) < 0 ? errno : 0;
}

/* What is in the file is the body, whole, also where a part of it was there before. */
static int check_sum(struct outfile *f, char *why)
{
    char reason[SUM_WHY];
    if (!f->ways.sum || !f->temp)
        return 0;
    int error = sum_of_file(f->temp, f->sum);
    if (error)
        return outfile_fail(why, f->path, strerror(error));
    f->differs = !sum_fits(f->sum, f->ways.expected, reason);
    if (!f->differs)
        return 0;
    if (f->resume)
        f->resume->body.resumable = false; /* nothing good comes of it */
    snprintf(why, OUTFILE_WHY, "%s", reason);
    return -1;
}

int outfile_commit(struct outfile *f, char why[OUTFILE_WHY])
{
    if (check_sum(f, why) < 0)
        return -1;
    int unfinished = finish_file(f);
    if (unfinished)
        return outfile_fail(why, f->path, strerror(unfinished));
    int fd = f->fd;
    f->fd = -1;
    /* A full disk may show only now. */
    if (fd >= 0 && close(fd) < 0 && errno != EINTR)
        return outfile_fail(why, f->path, strerror(errno));
    if (atomic_load(&f->given_up))
        return outfile_fail(why, f->path, strerror(ECANCELED));
    if (!f->temp)
        return 0;
    char *target = outfile_join(f->dir, f->base);
    int error = target ? name_file(f, target) : ENOMEM;
    free(target);
    if (error)
        return outfile_fail(why, f->path, strerror(error));
    free(f->temp);
    f->temp = NULL;
    if (f->resume)
        resume_committed(f);
    error = f->ways.sync ? sync_folder(f->dir) : 0;
    return error ? outfile_fail(why, f->path, strerror(error)) : 0;
}

void outfile_discard(struct outfile *f)
{
    bool keeps = f->fd >= 0 && f->resume && resume_keeps(f);
    if (f->fd >= 0)
        close(f->fd);
    if (f->temp && !keeps)
        unlink(f->temp);
    free(f->temp);
    f->fd = -1;
    f->temp = NULL;
}

void outfile_deinit(struct outfile *f)
{
    resume_free(f->resume);
    free(f->base);
    free(f->dir);
    free(f->path);
    outfile_init(f, NULL);
}
