#include "signals.h"
#include "afetch.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

/* Atomic, and lock-free so that a handler may touch them: other threads look as well. */
static struct afetch_session *_Atomic canceled_session;
static atomic_int caught;

static void on_signal(int number)
{
    caught = number;
    struct afetch_session *session = canceled_session;
    if (session)
        afetch_session_cancel(session);
}

void signals_ignore(void)
{
    struct sigaction sa = {.sa_handler = SIG_IGN};
    sigemptyset(&sa.sa_mask);
    sigaction(SIGPIPE, &sa, NULL);
    sigaction(SIGXFSZ, &sa, NULL);
}

/* No SA_RESTART: a write to a reader that does not read must come back. SA_RESETHAND: the second signal kills. */
static void catch_one(int number)
{
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND}, before;
    sigemptyset(&sa.sa_mask);
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(number, &sa, NULL);
}

void signals_catch(struct afetch_session *session)
{
    canceled_session = session;
    if (!session)
        return;
    catch_one(SIGINT);
    catch_one(SIGTERM);
}

int signals_caught(void)
{
    return caught;
}

const char *signals_name(int number)
{
    return number == SIGINT ? "SIGINT" : "SIGTERM";
}
