/* SIGINT and SIGTERM end a run cleanly; the second one kills. SIGPIPE is ignored. Used by run.c. */
#ifndef AFETCH_CMD_SIGNALS_H
#define AFETCH_CMD_SIGNALS_H

#include <stdbool.h>

struct afetch_session;

/* Writes to what nobody reads fail, instead of ending the program. For the whole of it. */
void signals_ignore(void);
/* From now on a signal cancels the session; NULL: no session. One that was ignored when the program began stays so. */
void signals_catch(struct afetch_session *session);
/* The signal that came, or 0. */
int signals_caught(void);
const char *signals_name(int number);

#endif
