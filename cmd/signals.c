#include "signals.h"
#include "afetch.h"

#include <signal.h>
#include <stddef.h>

static struct afetch_session *volatile canceled_session;
static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    caught = number;
    if (canceled_session)
        afetch_session_cancel(canceled_session);
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
