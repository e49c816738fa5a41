/* The file that gets the secrets of TLS connections, for Wireshark and its like. Its writes are whole lines at its end,
 * from any thread, whoever else writes to it. */
#ifndef AFETCH_FETCH_KEYLOG_H
#define AFETCH_FETCH_KEYLOG_H

#include <stdbool.h>
#include <stddef.h>

struct keylog {
    int fd;
    bool open; /* all zero is one that isn't */
};

/* Opens path to append to it; made for its owner alone (0600) where it is not there. false where that cannot be. */
bool keylog_open(struct keylog *k, const char *path);
void keylog_close(struct keylog *k);
/* One line with its end. keylog: struct keylog *, open. What cannot be written is lost. */
void keylog_write(void *keylog, const char *line, size_t len);

#endif
