int factor(void) { return 3; }
