/* --help, made from the table of options. */
#include "options.h"
#include "text.h"

#include <string.h>

enum { HELP_COLUMN = 28 };

static const char help_head[] = "usage: afetch [options] URL...         fetch every URL, all at once\n"
                                "       afetch [options] -              read URLs from standard input, one a line\n"
                                "       afetch [options] --url @FILE    read them from a file\n";

static const char help_foot[] = "\n"
                                "Options have curl's names and meanings. Without -o bodies are only counted.\n"
                                "More: \"afetch --help all\", \"afetch --help category\", \"man afetch\".\n";

static const struct option_topic_text extra_topics[] = {
    {"all", "Every option"},
    {"category", "This list"},
};

static int find_topic(const char *name)
{
    for (int i = 0; i < TOPIC_COUNT; i++)
        if (strcmp(option_topics[i].name, name) == 0)
            return i;
    return -1;
}

bool help_known(const char *topic)
{
    return find_topic(topic) >= 0 || strcmp(topic, "all") == 0 || strcmp(topic, "category") == 0;
}

static void write_option(struct text *out, const struct option *opt)
{
    size_t start = out->len;
    if (opt->letter)
        text_addf(out, "  -%c, ", opt->letter);
    else
        text_adds(out, "      ");
    text_addf(out, "--%s%s%s", opt->name, opt->arg && opt->kind != OPTION_MAYBE ? " " : "", opt->arg ? opt->arg : "");
    const char *line = opt->help;
    size_t column = out->len - start;
    if (column + 2 > HELP_COLUMN) {
        text_adds(out, "\n");
        column = 0;
    }
    while (line) {
        const char *end = strchr(line, '\n');
        text_addf(out, "%*s%.*s\n", (int)(HELP_COLUMN - column), "", (int)(end ? end - line : (long)strlen(line)),
                  line);
        column = 0;
        line = end ? end + 1 : NULL;
    }
}

static void write_topic(struct text *out, int topic)
{
    text_addf(out, "%s:\n", option_topics[topic].help);
    for (size_t i = 0; i < option_table_count; i++)
        if (option_table[i].kind != OPTION_SOON && (int)option_table[i].topic == topic)
            write_option(out, &option_table[i]);
}

static void write_categories(struct text *out)
{
    text_adds(out, "afetch --help TOPIC, where TOPIC is one of:\n");
    for (int i = 0; i < TOPIC_COUNT; i++)
        text_addf(out, "  %-10s %s\n", option_topics[i].name, option_topics[i].help);
    for (size_t i = 0; i < sizeof extra_topics / sizeof extra_topics[0]; i++)
        text_addf(out, "  %-10s %s\n", extra_topics[i].name, extra_topics[i].help);
}

static void write_all(struct text *out)
{
    text_adds(out, help_head);
    for (int i = 0; i < TOPIC_COUNT; i++) {
        text_adds(out, "\n");
        write_topic(out, i);
    }
}

static void write_short(struct text *out)
{
    text_adds(out, help_head);
    text_adds(out, "\n");
    for (size_t i = 0; i < option_table_count; i++)
        if (option_table[i].common)
            write_option(out, &option_table[i]);
    text_adds(out, help_foot);
}

void help_write(struct text *out, const char *topic)
{
    if (!topic)
        write_short(out);
    else if (strcmp(topic, "all") == 0)
        write_all(out);
    else if (strcmp(topic, "category") == 0)
        write_categories(out);
    else
        write_topic(out, find_topic(topic));
}
