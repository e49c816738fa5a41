/* Threads beside the session's: they wait in calls that cannot be cancelled, so nobody joins them, and signals are not
 * for them. Used by reader.c, writer.c and workers.c. */
#ifndef AFETCH_CMD_THREAD_H
#define AFETCH_CMD_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Starts run(arg) on a thread of its own, detached. false: there can be none more. */
bool thread_start(void *(*run)(void *arg), void *arg);

/* From now on the calling thread's system calls fail with EINTR when another thread interrupts it. Who interrupts knows
 * that the thread has not ended; a call that has not begun yet is not interrupted. */
void thread_allow_interrupts(void);
void thread_interrupt(pthread_t id);

/* A condition whose time-outs thread_wait can measure. */
void thread_cond_init(pthread_cond_t *cond);
/* Waits for cond, at most ms milliseconds. */
void thread_wait(pthread_cond_t *cond, pthread_mutex_t *lock, unsigned ms);

/* CLOCK_MONOTONIC. */
uint64_t thread_now_ns(void);

#endif
