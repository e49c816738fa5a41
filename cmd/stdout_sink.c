#include "stdout_sink.h"
#include "spill.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    MEMORY_MAX = 8 * 1024 * 1024, /* bytes of all bodies that wait; over that the one that grows goes to its file */
    DISK_WAITS_MAX = 1024 * 1024  /* bytes on their way there */
};
#define DISK_MAX ((uint64_t)1024 * 1024 * 1024)

struct stdout_body {
    struct stdout_sink *sink;
    void *owner;
    struct stdout_body *prev, *next;           /* in sink->all */
    struct stdout_line *line;                  /* that it stands in; NULL: none */
    struct stdout_body *line_prev, *line_next; /* there */
    struct stdout_body *paused_next;
    struct pieces held; /* what it has in memory, behind what is in its file */
    struct spill *spill;
    uint64_t disk; /* bytes that its file was given */
    bool stuck;    /* its file takes no more */
    bool written;  /* some of it has left */
    bool paused;
    bool complete;
    bool told; /* finish was called */
};

struct stdout_line {
    struct stdout_body *first, *last;
    size_t count;
};

struct stdout_sink {
    struct output *out;
    bool ordered;
    bool tells;
    struct stdout_sink_owner owner;
    struct stdout_body *first, *last; /* all, in the order in which they were added */
    struct stdout_body *current;      /* whose turn it is; NULL: nobody's */
    struct stdout_line begun;         /* those that have bytes, in the order of their first */
    struct stdout_line complete;      /* those that are complete, likewise of their end */
    struct stdout_body *paused;
    struct spills *spills; /* NULL until one is needed */
    size_t held;           /* bytes of all, in memory */
    uint64_t disk;         /* bytes of all, in files */
    uint64_t leaving;      /* of them, of files that standard output was given */
    size_t told;           /* to owner.hold */
    bool warned;
};

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static void leave_line(struct stdout_body *b)
{
    struct stdout_line *line = b->line;
    if (!line)
        return;
    if (b->line_prev)
        b->line_prev->line_next = b->line_next;
    else
        line->first = b->line_next;
    if (b->line_next)
        b->line_next->line_prev = b->line_prev;
    else
        line->last = b->line_prev;
    line->count--;
    b->line = NULL;
}

static void join_line(struct stdout_line *line, struct stdout_body *b)
{
    leave_line(b);
    b->line = line;
    b->line_prev = line->last;
    b->line_next = NULL;
    if (line->last)
        line->last->line_next = b;
    else
        line->first = b;
    line->last = b;
    line->count++;
}

static void unpause(struct stdout_body *b)
{
    struct stdout_body **p = &b->sink->paused;
    while (b->paused && *p != b)
        p = &(*p)->paused_next;
    if (b->paused)
        *p = b->paused_next;
    b->paused = false;
}

static enum stdout_flow make_wait(struct stdout_body *b)
{
    if (b->paused)
        return STDOUT_FULL;
    b->paused = true;
    b->paused_next = b->sink->paused;
    b->sink->paused = b;
    return STDOUT_FULL;
}

/* ---- what waits ------------------------------------------------------------------------------------------------- */

static void drop_held(struct stdout_body *b)
{
    b->sink->held -= b->held.bytes;
    b->sink->disk -= b->disk;
    b->disk = 0;
    pieces_free(&b->held);
    spill_free(b->spill);
    b->spill = NULL;
    b->stuck = false;
}

static void warn(struct stdout_sink *s, int error)
{
    if (!s->warned)
        s->owner.warn(s->owner.arg, error);
    s->warned = true;
}

/* Whether its file can take what is in memory now. */
static bool can_spill(struct stdout_body *b)
{
    struct stdout_sink *s = b->sink;
    int error = b->spill ? spill_error(b->spill) : 0;
    if (error)
        warn(s, error);
    b->stuck = b->stuck || error;
    if (b->stuck || s->disk + b->held.bytes > DISK_MAX)
        return false;
    if (!s->spills)
        s->spills = spills_new(s->owner.wake, s->owner.arg);
    if (!s->spills || spills_waiting(s->spills) > DISK_WAITS_MAX)
        return false;
    if (!b->spill)
        b->spill = spill_new(s->spills);
    return b->spill != NULL;
}

static void spill(struct stdout_body *b)
{
    struct stdout_sink *s = b->sink;
    b->disk += b->held.bytes;
    s->disk += b->held.bytes;
    s->held -= b->held.bytes;
    spill_put(b->spill, &b->held);
}

/* It is its turn: what its file has leaves first. false: the file is not written yet. */
static bool unspill(struct stdout_body *b)
{
    struct stdout_sink *s = b->sink;
    struct pieces left;
    uint64_t len;
    if (!b->spill)
        return true;
    if (!spill_idle(b->spill))
        return false;
    pieces_init(&left);
    int fd = spill_take(b->spill, &len, &left);
    s->held += left.bytes;
    pieces_join(&left, &b->held);
    b->held = left;
    if (!left.first)
        pieces_init(&b->held);
    spill_free(b->spill);
    b->spill = NULL;
    s->disk -= b->disk - len;
    s->leaving += len;
    b->disk = 0;
    if (fd >= 0 && len)
        b->written = output_write_file(s->out, fd, len) || b->written;
    else if (fd >= 0)
        close(fd);
    return true;
}

/* Writes what the current body has collected. true: all of it is on its way. */
static bool feed(struct stdout_body *b)
{
    struct stdout_sink *s = b->sink;
    if (output_full(s->out))
        return false;
    s->disk -= s->leaving; /* there was no room as long as more than a little of that was left */
    s->leaving = 0;
    if (!unspill(b))
        return false;
    while (b->held.first && !output_full(s->out)) {
        struct piece *p = pieces_take(&b->held);
        s->held -= p->len - p->at;
        b->written = output_write(s->out, p->data + p->at, p->len - p->at) || b->written;
        free(p);
    }
    return !b->held.first && !output_full(s->out);
}

/* ---- whose turn it is ------------------------------------------------------------------------------------------- */

static struct stdout_body *choose(const struct stdout_sink *s)
{
    if (s->ordered)
        return s->first;
    return s->complete.first ? s->complete.first : s->begun.first;
}

static void resume(struct stdout_body *b)
{
    unpause(b);
    b->sink->owner.resume(b->owner);
}

/* Those that paused for want of memory or disk. */
static void resume_waiting(struct stdout_sink *s)
{
    for (struct stdout_body *b = s->paused, *next; b; b = next) {
        next = b->paused_next;
        if (b != s->current && (s->held <= MEMORY_MAX || can_spill(b)))
            resume(b);
    }
}

static void tell_waiting(struct stdout_sink *s)
{
    if (s->told != s->complete.count)
        s->owner.hold(s->owner.arg, s->complete.count);
    s->told = s->complete.count;
}

void stdout_sink_pump(struct stdout_sink *s)
{
    while (s->current || (s->current = choose(s))) {
        struct stdout_body *b = s->current;
        leave_line(b);
        if (!feed(b))
            break;
        if (!b->complete) {
            if (b->paused)
                resume(b);
            break;
        }
        if (!b->told) {
            b->told = true;
            s->owner.finish(b->owner);
        }
        if (s->current == b) /* it is not told yet: what is told of it comes before the next */
            break;
    }
    resume_waiting(s);
    tell_waiting(s);
}

/* ---- a body ----------------------------------------------------------------------------------------------------- */

/* What the current body has none of waiting goes straight on. */
static enum stdout_flow write_through(struct stdout_body *b, const void *data, size_t len)
{
    struct stdout_sink *s = b->sink;
    if (!output_write(s->out, data, len))
        return STDOUT_FAILED;
    b->written = true;
    return output_full(s->out) ? make_wait(b) : STDOUT_GO;
}

static enum stdout_flow collect(struct stdout_body *b, const void *data, size_t len)
{
    struct stdout_sink *s = b->sink;
    if (!pieces_add(&b->held, data, len))
        return STDOUT_FAILED;
    s->held += len;
    if (b == s->current)
        return make_wait(b);
    if (!b->line)
        join_line(&s->begun, b);
    if (s->held <= MEMORY_MAX)
        return STDOUT_GO;
    if (!can_spill(b))
        return make_wait(b);
    spill(b);
    return STDOUT_GO;
}

enum stdout_flow stdout_body_write(struct stdout_body *b, const void *data, size_t len)
{
    struct stdout_sink *s = b->sink;
    if (s->out->closed || !output_check(s->out))
        return STDOUT_FAILED;
    if (!s->current && (!s->ordered || b == s->first))
        s->current = b;
    if (b == s->current && !b->held.first && !b->spill)
        return write_through(b, data, len);
    return collect(b, data, len);
}

bool stdout_body_restart(struct stdout_body *b)
{
    struct stdout_sink *s = b->sink;
    if (b->written)
        return false;
    drop_held(b);
    leave_line(b);
    if (b == s->current) {
        s->current = NULL;
        stdout_sink_pump(s);
    }
    return true;
}

void stdout_body_end(struct stdout_body *b, bool kept)
{
    struct stdout_sink *s = b->sink;
    unpause(b);
    b->complete = true;
    if (!kept && !b->written)
        drop_held(b);
    if (b != s->current && !s->ordered && !s->tells && !b->held.first && !b->spill) {
        leave_line(b);
        s->owner.finish(b->owner);
        return;
    }
    if (b != s->current)
        join_line(&s->complete, b);
    stdout_sink_pump(s);
}

bool stdout_body_ended(const struct stdout_body *b)
{
    return b->complete;
}

struct stdout_body *stdout_sink_add(struct stdout_sink *s, void *owner)
{
    struct stdout_body *b = malloc(sizeof *b);
    if (!b)
        return NULL;
    *b = (struct stdout_body){.sink = s, .owner = owner, .prev = s->last};
    pieces_init(&b->held);
    if (s->last)
        s->last->next = b;
    else
        s->first = b;
    s->last = b;
    return b;
}

void stdout_body_free(struct stdout_body *b)
{
    if (!b)
        return;
    struct stdout_sink *s = b->sink;
    drop_held(b);
    leave_line(b);
    unpause(b);
    if (b == s->current)
        s->current = NULL;
    if (b->prev)
        b->prev->next = b->next;
    else
        s->first = b->next;
    if (b->next)
        b->next->prev = b->prev;
    else
        s->last = b->prev;
    free(b);
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

struct stdout_sink *stdout_sink_new(struct output *out, bool ordered, bool tells, const struct stdout_sink_owner *owner)
{
    struct stdout_sink *s = malloc(sizeof *s);
    if (s)
        *s = (struct stdout_sink){.out = out, .ordered = ordered, .tells = tells, .owner = *owner};
    return s;
}

void stdout_sink_free(struct stdout_sink *s)
{
    if (s)
        spills_drop(s->spills);
    free(s);
}

size_t stdout_sink_waiting(const struct stdout_sink *s)
{
    return s->complete.count;
}

void stdout_sink_each_waiting(const struct stdout_sink *s, void (*each)(void *arg, void *body_owner), void *arg)
{
    for (const struct stdout_body *b = s->complete.first; b; b = b->line_next)
        each(arg, b->owner);
}

void *stdout_sink_any(const struct stdout_sink *s)
{
    return s->first ? s->first->owner : NULL;
}
