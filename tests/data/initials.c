#include <stdio.h>

static int ready;

__attribute__((constructor)) static void set_up(void) { ready = 1; }
__attribute__((destructor)) static void tear_down(void) { puts("torn down"); }

_Thread_local int per_thread = 3;

int is_ready(void) { return ready; }
int bump(void) { return ++per_thread; }
