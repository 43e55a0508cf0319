"""What C++ and Rust need beyond a linker: names, exceptions, panics, libraries."""
