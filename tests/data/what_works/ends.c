// How C code ends otherwise than by returning: a row of docs/what-works.md for each function.
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/// `exit(3)`
int exits(void) { exit(3); }

/// `_exit(3)`
int exits_at_once(void) { _exit(3); }

/// `abort()`
int aborts(void) { abort(); }

/// a failed `assert`
int asserts(void) { assert(exits == NULL); return 0; }

/// a write to a null pointer
int writes(void) { return *(volatile int *)NULL = 5; }

/// a write to a constant
int overwrites(void) { return *(volatile char *)"text" = 5; }

/// a jump to what is no code
int jumps(void) { return ((int (*)(void))16)(); }

/// a division by zero
int divides(void) { volatile int zero = 0; return 5 / zero; }

/// `__builtin_trap()`
int traps(void) { __builtin_trap(); }

static int deeper(volatile char *outer) { char room[1000]; room[0] = *outer; return deeper(room) + room[0]; }
/// a recursion without end
int recurses(void) { char start = 0; return deeper(&start); }

static void *write_null(void *unused) { *(volatile int *)NULL = 5; return unused; }
/// a crash in a thread
int crashes_beside(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, write_null, NULL);
    return pthread_join(thread, NULL);
}

/// a pointer that is freed twice
int frees_twice(void) { void *volatile room = malloc(5000); free(room); free(room); return 0; }

/// SIGKILL
int killed(void) { return raise(SIGKILL); }

/// a wait without end, with `--timeout 2s`
int waits(void) { for (;;) pause(); }
