/* Looking options up in the tables: by name, by letter, and by what was probably meant. */
#include "options.h"

#include <string.h>

static bool same(const char *name, const char *s, size_t len)
{
    return strlen(name) == len && memcmp(name, s, len) == 0;
}

const struct option *option_find_name(const char *s, size_t len)
{
    for (size_t i = 0; i < option_table_count; i++)
        if (same(option_table[i].name, s, len))
            return &option_table[i];
    return NULL;
}

const struct option *option_find_letter(char c)
{
    for (size_t i = 0; i < option_table_count; i++)
        if (option_table[i].letter == c)
            return &option_table[i];
    return NULL;
}

const struct option_lacking *option_find_lacking(const char *s, size_t len)
{
    static const struct option_lacking expand = {"expand", 0, "let the shell expand variables"};
    if (len > 7 && memcmp(s, "expand-", 7) == 0)
        return &expand;
    for (size_t i = 0; i < option_lacking_count; i++)
        if (same(option_lacking_table[i].name, s, len))
            return &option_lacking_table[i];
    return NULL;
}

const struct option_lacking *option_find_lacking_letter(char c)
{
    for (size_t i = 0; i < option_lacking_count; i++)
        if (option_lacking_table[i].letter == c)
            return &option_lacking_table[i];
    return NULL;
}

/* Edits between two names: a letter more, less, other, or two swapped. Names longer than the tables hold are far. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    enum { MAX = 40 };
    size_t row[3][MAX + 1];
    if (a_len > MAX || b_len > MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_len; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            bool equal = a[i - 1] == b[j - 1];
            size_t best = last[j - 1] + (equal ? 0 : 1);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return row[a_len % 3][b_len];
}

/* One that exists goes before one to come. */
const struct option *option_find_near(const char *s, size_t len)
{
    const struct option *best = NULL;
    size_t best_score = SIZE_MAX;
    for (size_t i = 0; i < option_table_count; i++) {
        const struct option *opt = &option_table[i];
        size_t edits = distance(s, len, opt->name, strlen(opt->name));
        bool starts = len >= 4 && strncmp(opt->name, s, len) == 0;
        if (starts)
            edits = 1;
        size_t score = edits == SIZE_MAX ? SIZE_MAX : edits * 2 + (opt->kind == OPTION_SOON);
        if (edits <= (len < 4 ? 1 : len < 8 ? 2 : 3) && score < best_score) {
            best = opt;
            best_score = score;
        }
    }
    return best;
}
