"""Calls and values at the level of C, C++ and Rust, as far as debug info tells what they are there."""
