"""The session's JITDylib: the modules in it, what becomes of definitions, and where symbols come from."""
