"""The process that the user sees: commands, session, prompt, rendering. Loads no LLVM."""
