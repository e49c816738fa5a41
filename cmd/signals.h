/* SIGINT and SIGTERM end a run cleanly; the second one kills. SIGUSR1 asks what it waits for. SIGPIPE is ignored. Used
 * by run.c, compare.c, password.c and main.c. */
#ifndef AFETCH_CMD_SIGNALS_H
#define AFETCH_CMD_SIGNALS_H

#include <stdbool.h>

struct afetch_session;

/* Writes to what nobody reads fail, and SIGUSR1 only asks, instead of ending the program. For the whole of it. */
void signals_begin(void);
/* From now on a signal cancels the session, and SIGUSR1 wakes it; NULL: no session. One that was ignored when the program
 * began stays so. */
void signals_catch(struct afetch_session *session);

/* For a process that waits for other processes, and has no session: catches signals as above, but lets them in within
 * signals_wait alone, so that none comes unseen between a look and the wait. */
void signals_hold(void);
/* Waits until fd can be read, or is at its end. false: a signal came. */
bool signals_wait(int fd);
/* Lets them in again, at any time. */
void signals_release(void);
/* In a child process of one that holds them: leaves them to the parent, which is to kill it. */
void signals_leave(void);

/* Whether SIGUSR1 came since the last time. */
bool signals_asked(void);
/* The signal that came, or 0. */
int signals_caught(void);
const char *signals_name(int number);

#endif
