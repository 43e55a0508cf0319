"""The process that runs the code: LLVM, ORC, values, host functions. Knows no terminal."""
