#include <stdio.h>

__thread int shared_local = 40;
extern __thread int own_local;
int weak_here(void) { return 2; }
__attribute__((weak)) __thread int weak_local = 4;
int common_number[1000] __attribute__((common));
static int internal = 20;
static int hidden_function(void) { return internal; }
__attribute__((visibility("hidden"))) int hidden(void) { return hidden_function(); }
int other(void) { return shared_local + own_local; }
int larger(void) { common_number[0] = 6; return common_number[999]++; }

__attribute__((constructor(150))) static void b150(void) { puts("b150"); }
__attribute__((constructor)) static void b(void) { puts("b"); }
__attribute__((destructor(150))) static void b_end(void) { puts("b end"); }
