#include <stdio.h>
#include <stdlib.h>

static void bye(void) { puts("bye"); }

int main(int count, char **words) {
    atexit(bye);
    printf("%s: %d words\n", words[0], count - 1);
    exit(count);
}
