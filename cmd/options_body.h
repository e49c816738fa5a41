/* The options about what is sent: -d and its like, -F, -T, -G, --url-query. Called by option_set.c alone. */
#ifndef AFETCH_CMD_OPTIONS_BODY_H
#define AFETCH_CMD_OPTIONS_BODY_H

#include "options.h"

/* How the argument of an OPTION_DATA is read: its row's min. */
enum data_kind {
    DATA_PLAIN,   /* @FILE less its line ends */
    DATA_RAW,     /* as it is */
    DATA_BINARY,  /* @FILE as it is */
    DATA_JSON,    /* likewise, and nothing stands between several */
    DATA_ENCODED, /* [NAME]=CONTENT or [NAME]@FILE, which is encoded */
    DATA_QUERY    /* likewise, for the URL's query; +CONTENT as it is */
};

/* One option's argument; shown: the option as it was written. As options_parse. */
int options_add_data(struct options *o, const char *shown, unsigned kind, const char *value);
int options_add_form(struct options *o, const char *shown, bool literal, const char *value);
int options_add_upload(struct options *o, const char *shown, const char *value);
/* What they come to, once all are read. */
int options_check_body(struct options *o);
void options_deinit_body(struct options *o);

#endif
