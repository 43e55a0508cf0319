// Structs and enumerations by value, for docs/values.md.
#include <stdint.h>

enum color { RED, GREEN, BLUE };
struct point { int x, y; };
typedef struct { struct point corner; unsigned width, height; enum color color; } rect;

rect grown(rect r, unsigned by) {
    r.width += by;
    r.height += by;
    return r;
}
struct point corner(const rect *r) { return r->corner; }
uint64_t area(const rect *list, int count) {
    uint64_t sum = 0;
    while (count--) sum += (uint64_t)list[count].width * list[count].height;
    return sum;
}
unsigned all_ones(void) { return ~0u; }
const char *name(enum color c) { return (const char *[]){"red", "green", "blue"}[c]; }
