extern int nobody_has_this(void);

int unneeded(void) { return nobody_has_this(); }
