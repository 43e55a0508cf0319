extern int factor(void);

int scaled(int n) { return n * factor(); }
