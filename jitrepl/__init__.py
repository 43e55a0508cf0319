"""jitrepl: an interactive shell for LLVM IR that runs what you type."""
