/* Preloaded into a process, ends it at the n-th step that touches a file: before a call, or just after it.
 *
 * Whatever library makes the call is seen: Python, SQLite, Qt, FFmpeg. kill_at(0) ends nothing and begins to count.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

static int counting;
static long seen, last;

void kill_at(long n) { counting = 1; seen = 0; last = n; }
long kill_steps(void) { counting = 0; return seen; }

static void step(void)
{
    if (counting && ++seen == last)
        _exit(137); /* as SIGKILL: nothing is flushed and no handler runs */
}

#define WRAP(type, name, parameters, arguments) \
    type name parameters                        \
    {                                           \
        static type(*real) parameters;          \
        if (!real)                              \
            real = dlsym(RTLD_NEXT, #name);     \
        step();                                 \
        type result = real arguments;           \
        step();                                 \
        return result;                          \
    }

WRAP(int, fsync, (int file), (file))
WRAP(int, fdatasync, (int file), (file))
WRAP(int, rename, (const char *old, const char *new), (old, new))
WRAP(int, renameat, (int a, const char *old, int b, const char *new), (a, old, b, new))
WRAP(int, renameat2, (int a, const char *old, int b, const char *new, unsigned flags), (a, old, b, new, flags))
WRAP(int, link, (const char *old, const char *new), (old, new))
WRAP(int, linkat, (int a, const char *old, int b, const char *new, int flags), (a, old, b, new, flags))
WRAP(int, unlink, (const char *path), (path))
WRAP(int, unlinkat, (int folder, const char *path, int flags), (folder, path, flags))
WRAP(int, rmdir, (const char *path), (path))
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(int, ftruncate, (int file, off_t size), (file, size))
WRAP(int, ftruncate64, (int file, off64_t size), (file, size))
