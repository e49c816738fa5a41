/* The libraries within, with their versions as they run. */
#ifndef AFETCH_FETCH_VERSIONS_H
#define AFETCH_FETCH_VERSIONS_H

/* "libuv/1.44.2 llhttp/9.2.1 …"; a constant. Thread-safe. */
const char *versions_of_libraries(void);

#endif
