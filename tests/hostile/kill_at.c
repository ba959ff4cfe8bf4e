/* Preloaded into a process, ends it at the n-th step that touches a file: before a call, or just after it.
 *
 * Whatever library makes the call is seen: Python, SQLite, Qt, FFmpeg. kill_at(0, …) ends nothing and begins to count.
 * Only with `writes` are SQLite's writes of single pages steps too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

static int counting, pages;
static long seen, last;

void kill_at(long n, int writes) { counting = 1; seen = 0; last = n; pages = writes; }
long kill_steps(void) { counting = 0; return seen; }

static void step(int counts)
{
    if (counting && counts && ++seen == last)
        _exit(137); /* as SIGKILL: nothing is flushed and no handler runs */
}

#define WRAP(type, name, parameters, arguments, counts) \
    type name parameters                        \
    {                                           \
        static type(*real) parameters;          \
        if (!real)                              \
            real = dlsym(RTLD_NEXT, #name);     \
        step(counts);                              \
        type result = real arguments;           \
        step(counts);                              \
        return result;                          \
    }

WRAP(int, fsync, (int file), (file), 1)
WRAP(int, fdatasync, (int file), (file), 1)
WRAP(int, rename, (const char *old, const char *new), (old, new), 1)
WRAP(int, renameat, (int a, const char *old, int b, const char *new), (a, old, b, new), 1)
WRAP(int, renameat2, (int a, const char *old, int b, const char *new, unsigned flags), (a, old, b, new, flags), 1)
WRAP(int, link, (const char *old, const char *new), (old, new), 1)
WRAP(int, linkat, (int a, const char *old, int b, const char *new, int flags), (a, old, b, new, flags), 1)
WRAP(int, unlink, (const char *path), (path), 1)
WRAP(int, unlinkat, (int folder, const char *path, int flags), (folder, path, flags), 1)
WRAP(int, rmdir, (const char *path), (path), 1)
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), 1)
WRAP(int, ftruncate, (int file, off_t size), (file, size), 1)
WRAP(int, ftruncate64, (int file, off64_t size), (file, size), 1)
WRAP(ssize_t, pwrite, (int file, const void *data, size_t size, off_t place), (file, data, size, place), pages)
WRAP(ssize_t, pwrite64, (int file, const void *data, size_t size, off64_t place), (file, data, size, place), pages)
