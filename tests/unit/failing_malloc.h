/* Lets the n-th allocation from now on fail, whoever makes it, and tells how much is allocated: the allocator of the C
 * library, taken over for the whole program. Included by one file of it. A sanitizer has an allocator of its own:
 * FAILING_MALLOC is 0 then, and none fails. */
#ifndef TESTS_UNIT_FAILING_MALLOC_H
#define TESTS_UNIT_FAILING_MALLOC_H

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FAILING_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define FAILING_MALLOC 0
#endif
#endif

#ifdef FAILING_MALLOC
#include <sanitizer/allocator_interface.h>

static size_t failing_bytes(void)
{
    return __sanitizer_get_current_allocated_bytes();
}
#else
#define FAILING_MALLOC 1

static long failing_in = -1; /* allocations until the one that fails; negative: none will */
static long failing_held;    /* blocks allocated and not freed */
static size_t failing_held_bytes;

static size_t failing_bytes(void)
{
    return failing_held_bytes;
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

static bool failing_now(void)
{
    if (failing_in < 0 || failing_in-- > 0)
        return false;
    errno = ENOMEM;
    return true;
}

static void *failing_count(void *p)
{
    failing_held += p != NULL;
    failing_held_bytes += malloc_usable_size(p);
    return p;
}

static void failing_uncount(void *p)
{
    failing_held -= p != NULL;
    failing_held_bytes -= malloc_usable_size(p);
}

#define FAILING_EXPORT __attribute__((visibility("default"), used))
FAILING_EXPORT void *malloc(size_t size);
FAILING_EXPORT void *calloc(size_t count, size_t size);
FAILING_EXPORT void *realloc(void *p, size_t size);
FAILING_EXPORT void free(void *p);

void *malloc(size_t size)
{
    return failing_now() ? NULL : failing_count(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return failing_now() ? NULL : failing_count(__libc_calloc(count, size));
}

void *realloc(void *p, size_t size)
{
    if (failing_now())
        return NULL;
    failing_uncount(p);
    void *q = __libc_realloc(p, size);
    failing_count(q || size == 0 ? q : p);
    return q;
}

void free(void *p)
{
    failing_uncount(p);
    __libc_free(p);
}
#endif

#endif
