struct point { int x, y; };
#ifndef SCALE
#define SCALE 1
#endif
