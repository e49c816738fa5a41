/* The command line: one table of options (option_table.c) from which parsing and --help are made, and what a command
 * line comes to. Prints nothing, opens nothing but -H @FILE. Called by main.c and the tests. */
#ifndef AFETCH_CMD_OPTIONS_H
#define AFETCH_CMD_OPTIONS_H

#include "afetch.h"
#include "bytes.h"
#include "shard.h"
#include "form.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- the table -------------------------------------------------------------------------------------------------- */

enum option_kind {
    OPTION_FLAG,     /* bool; also --no-NAME */
    OPTION_COUNT,    /* unsigned, min to max */
    OPTION_LIMIT,    /* int, 0 to max, or -1 for none */
    OPTION_SIZE,     /* uint64_t in bytes, from "100", "10k", "1.5M" */
    OPTION_SECONDS,  /* uint64_t in milliseconds, from "2" or "0.5" */
    OPTION_RATE,     /* uint64_t in microseconds, between two of "5/15s" */
    OPTION_TEXT,     /* const char * */
    OPTION_MAYBE,    /* const char *, "" without an argument, which stands behind "=" alone */
    OPTION_SET,      /* takes no argument: unsigned becomes min; max by --no-NAME, which there is if that is not 0 */
    OPTION_FIELD,    /* const char * that goes into a head; at least min bytes */
    OPTION_TOKEN,    /* const char *, a word as methods are (RFC 9110 section 5.6.2) */
    OPTION_STATUSES, /* const char *, such as "200-299,404" */
    OPTION_PROTOS,   /* unsigned, AFETCH_SCHEME_..., such as "=https" or "-http" */
    OPTION_CHOICE,   /* const char *, one of the words of `choices` */
    OPTION_LIST,     /* struct options_list: one more */
    OPTION_FORMAT,   /* const char *, or @FILE with it, less its line ends */
    OPTION_HEADER,   /* one more of a struct options_list, or @FILE */
    OPTION_OUTPUT,   /* one more of options.outputs */
    OPTION_CONFIG,   /* a file of options */
    OPTION_REMOTE,   /* one more of options.outputs: TARGET_REMOTE */
    OPTION_OCTAL,    /* unsigned, a file's mode */
    OPTION_SHARD,    /* struct shard, K/N */
    OPTION_CERT,     /* FILE[:PASSWORD], in a struct afetch_tls */
    OPTION_PROXY,    /* const char *, a proxy's URL; of the kind that `choices` names, where it names none itself */
    OPTION_USER,     /* NAME[:PASSWORD] */
    OPTION_COOKIE,   /* one more of options.cookie or options.cookie_files */
    OPTION_BITS,     /* takes no argument: adds min to unsigned, which --no-NAME takes off again */
    OPTION_URL,      /* one more of options.inputs */
    OPTION_UPLOAD,   /* one more of options.uploads */
    OPTION_FORM,     /* one more part of options.form; min: as it is, whatever it holds */
    OPTION_RANGE,    /* options.range */
    OPTION_CONTINUE, /* options.resume: a number, or - */
    OPTION_TIME,     /* options.condition: a date, or a file */
    OPTION_DATA,     /* one more piece of options.data or options.query, as min says (options_body.h) */
    OPTION_VERBOSE,  /* options.verbose: how often it stands in one argument */
    OPTION_TRACE,    /* options.trace_file, and options.trace becomes min */
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_SOON /* named in the contract, not there yet: a usage error that says so */
};

enum option_topic {
    TOPIC_INPUT,
    TOPIC_OUTPUT,
    TOPIC_REPORTS,
    TOPIC_LIMITS,
    TOPIC_HTTP,
    TOPIC_AUTH,
    TOPIC_RETRIES,
    TOPIC_NETWORK,
    TOPIC_PROXY,
    TOPIC_TLS,
    TOPIC_ABOUT,
    TOPIC_COUNT
};

struct option {
    const char *name;
    char letter; /* 0: none */
    enum option_kind kind;
    size_t offset; /* of its value in struct options */
    uint64_t min, max;
    const char *choices;
    const char *arg; /* what --help calls its argument; NULL: takes none */
    enum option_topic topic;
    bool common; /* shown by a bare --help */
    bool once;   /* bodies sent or kept, reports: not beside --compare, which fetches all three times */
    const char *help;
};

/* An option that curl has and afetch does not mean to have. */
struct option_lacking {
    const char *name;
    char letter;
    const char *why;
};

struct option_topic_text {
    const char *name, *help;
};

extern const struct option option_table[];
extern const size_t option_table_count;
extern const struct option_lacking option_lacking_table[];
extern const size_t option_lacking_count;
extern const struct option_topic_text option_topics[TOPIC_COUNT];

/* NULL: there is none. */
const struct option *option_find_name(const char *s, size_t len);
const struct option *option_find_letter(char c);
const struct option_lacking *option_find_lacking(const char *s, size_t len);
const struct option_lacking *option_find_lacking_letter(char c);
/* The option whose name is nearest, if near enough to be what was meant. */
const struct option *option_find_near(const char *s, size_t len);

/* ---- a command line --------------------------------------------------------------------------------------------- */

enum options_action { ACTION_FETCH, ACTION_HELP, ACTION_VERSION };

enum options_input_kind {
    INPUT_URL, /* text is one */
    INPUT_LIST /* text is a file with one URL a line; "-": standard input */
};

struct options_input {
    enum options_input_kind kind;
    const char *text;
    int fd; /* of a list that is open already, and is read from there; 0: none */
};

/* How what happens is told. */
enum options_trace { TRACE_NONE, TRACE_PLAIN, TRACE_ASCII, TRACE_FULL };

/* What a status that is no success means. */
enum options_fail { FAIL_NEVER = 1, FAIL_DROP, FAIL_WITH_BODY };

/* What a file that is there already means. */
enum options_clobber { CLOBBER_DEFAULT, CLOBBER_ALWAYS, CLOBBER_NEVER };

/* Where a transfer goes on. */
enum options_resume { RESUME_NONE, RESUME_FOUND, RESUME_AT };

struct options_list {
    const char **item;
    size_t count;
};

struct options {
    enum options_action action;
    const char *help_topic; /* NULL: the short help */

    bool silent, show_error;
    enum options_trace trace;
    unsigned verbose;       /* how many v */
    const char *trace_file; /* "-": standard output; "%": standard error; NULL: that */
    bool trace_time, trace_ids;
    const char *stderr_file;           /* NULL: standard error stays what it is; "-": standard output */
    bool include;                      /* heads before bodies */
    bool ordered;                      /* what is printed has the order of the inputs */
    bool disable;                      /* taken: it counts as the first argument alone */
    bool sync, threads, compare;       /* as given; two of them are a usage error */
    enum afetch_mode mode;             /* what sync and threads come to */
    bool parallel, parallel_immediate; /* taken, and change nothing */
    bool disallow_username_in_url;
    unsigned proto, proto_redir; /* AFETCH_SCHEME_...; 0: not given */
    bool globoff;                /* URLs are taken as they are */
    bool location;               /* redirects are followed; on unless --no-location */
    unsigned parallel_max, parallel_max_host;
    uint64_t connect_timeout_ms, timeout_ms;
    bool compressed, raw, ignore_content_length;
    const char *dump_header; /* a file; "-": standard output; NULL: none */
    const char *range;       /* -r; NULL: none */
    char range_room[24];
    enum options_resume resume; /* -C */
    uint64_t resume_at;
    enum afetch_condition condition; /* -z */
    int64_t condition_s;
    const char *etag_save, *etag_compare;                                            /* files; NULL: none */
    uint64_t max_filesize;                                                           /* 0: no limit */
    uint64_t deadline_ms, speed_limit, speed_time_ms, limit_rate, start_interval_us; /* 0: no limit */
    int max_redirs;
    bool location_trusted, post301, post302, post303;
    unsigned retry;
    uint64_t retry_delay_ms, retry_max_time_ms;
    bool retry_connrefused, retry_all_errors;
    const char *retry_on_statuses;
    unsigned fail;               /* enum options_fail */
    const char *accept_statuses; /* NULL: below 400 */
    const char *method;          /* NULL: GET, or HEAD by head */
    bool head;
    unsigned http_minor; /* of HTTP/1.x, as it is sent */
    bool path_as_is;
    const char *request_target; /* NULL: the URL's */
    const char *user_agent;     /* NULL: our own */
    const char *referer;        /* less ";auto"; NULL: none */
    bool referer_auto;
    const char *dns_servers, *proto_default;
    struct shard shard;
    unsigned repeat;
    bool dry_run;
    bool fail_early;
    unsigned max_fails;           /* 0: however many there are */
    const char *journal, *failed; /* files, or NULL */
    bool sha256;                  /* bodies' digests are made */
    bool remote_header_name, create_dirs, skip_existing, remote_time, sync_files;
    unsigned clobber;          /* enum options_clobber */
    const char *output_dir;    /* NULL: none */
    unsigned create_file_mode; /* 0: the umask's */
    struct options_list resolve, connect_to;
    const char *unix_socket;
    unsigned ip; /* enum afetch_ip */
    unsigned happy_eyeballs_ms;
    bool keepalive;
    unsigned keepalive_time, keepalive_count;
    bool waterfall;
    const char *har, *perfetto, *report; /* files, or NULL */
    const char *write_out;               /* NULL: none */
    const char *jsonl;                   /* a file; "": standard output; NULL: no such report */

    const char *user, *password; /* -u; NULL: none. A user without password is asked for it */
    bool ask_password;
    const char *bearer; /* NULL: none */
    unsigned auth;      /* AFETCH_AUTH_... */
    bool netrc, netrc_optional;
    const char *netrc_file; /* NULL: .netrc in the home folder */
    bool cookies;           /* they are kept */
    struct bytes cookie;    /* -b NAME=VALUE; empty: none */
    struct bytes cookie_files;
    const char *cookie_jar; /* -c; NULL: none */
    bool junk_session_cookies;
    bool has_data; /* -d and its like: data is sent, which may be empty */
    bool json, get;
    struct bytes data;
    struct bytes query; /* what is added to each URL's; empty: nothing */
    struct form form;
    bool form_escape;
    uint64_t expect100_timeout_ms;
    const char *proxy, *noproxy;             /* NULL: the environment's; "": none */
    const char *proxy_user, *proxy_password; /* -U; NULL: none. A user without password is asked for it */
    bool ask_proxy_password;
    unsigned proxy_auth; /* AFETCH_AUTH_...; 0: not given */
    bool proxytunnel;
    bool suppress_connect_headers; /* where heads are printed: not those of proxies' answers to CONNECT */
    struct options_list proxy_headers;
    struct afetch_tls proxy_tls;

    struct afetch_tls tls;                      /* as the library takes it */
    unsigned tls_min;                           /* enum afetch_tls_version */
    const char *tls_max, *cert_type, *key_type; /* as given, or NULL */

    struct options_input *inputs; /* in the order of the command line */
    size_t input_count;
    struct options_list outputs; /* the -o and -O (TARGET_REMOTE), in order */
    bool remote_name_all;        /* what has none has -O */
    bool remote_names;           /* some have -O */
    struct options_list uploads; /* the -T, in order; "": none */
    struct options_list headers;

    const char *once;         /* an option that was given and is `once`; NULL: none */
    const char *stdin_reader; /* which option reads standard input; NULL: none */
    char error[600];          /* why options_parse failed; values in it are as they were given */
    bool error_placed;        /* it names the line of a config file */
    char warning[200];        /* or "" */

    char **owned; /* contents of -H @FILE, and texts made of others */
    size_t owned_count;
};

/* Reads a command line; o keeps pointers into argv. 0, or an exit status with o->error: 2 usage, 26 an unreadable file,
 * 27 no memory. options_deinit in any case. */
int options_parse(struct options *o, int argc, char **argv);
void options_deinit(struct options *o);
/* Keeps an allocated text until options_deinit. NULL without memory (text may be NULL for that), and it is freed. */
char *options_own(struct options *o, char *text);

/* The -o that holds for what comes of o->inputs[input], or TARGET_REMOTE, or NULL. */
const char *options_output(const struct options *o, size_t input);

/* Whether bodies, heads or cookies go to standard output, where nothing may come between. */
bool options_use_stdout(const struct options *o);
/* Whether any body goes to a file. */
bool options_has_files(const struct options *o);

/* The -T of what comes of o->inputs[input], or NULL. */
const char *options_upload(const struct options *o, size_t input);

/* Prints help on a topic (NULL: the short one; "all"; "category"; a topic's name). false: there is no such topic. */
bool help_known(const char *topic);
struct text;
void help_write(struct text *out, const char *topic);

#endif
