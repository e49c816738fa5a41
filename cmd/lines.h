/* Bytes of a list of URLs, in whatever pieces they come, made lines: a request (fields.h), or why the line is none.
 * Depends on text.h alone; called by the reader's thread and the tests. */
#ifndef AFETCH_CMD_LINES_H
#define AFETCH_CMD_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_MAX_BYTES = 65536 }; /* without its end; a longer line is a bad one */

/* One line that was not skipped. */
struct line {
    struct line *next;
    uint64_t number; /* from 1; skipped lines count */
    const char *why; /* it is none; NULL: it may be one */
    size_t len, size;
    char text[]; /* the line without blanks around it, NUL-terminated; a bad one may hold NULs, or be left out */
};

struct line_list {
    struct line *first, **end;
    size_t bytes; /* of memory */
};

void line_list_init(struct line_list *list);
void line_list_free(struct line_list *list);
/* Takes the first line out; NULL if there is none. The caller frees it. */
struct line *line_list_take(struct line_list *list);
/* Moves everything of from behind to. */
void line_list_join(struct line_list *to, struct line_list *from);

struct lines {
    char *part; /* the line under way; LINE_MAX_BYTES + 1 are kept, so that "too long" is seen */
    size_t part_len, part_size;
    uint64_t number; /* lines that ended */
};

void lines_deinit(struct lines *l);
/* Adds the lines that end within data to out. false: out of memory. */
bool lines_feed(struct lines *l, const char *data, size_t len, struct line_list *out);
/* The last line may have no end. */
bool lines_end(struct lines *l, struct line_list *out);

#endif
