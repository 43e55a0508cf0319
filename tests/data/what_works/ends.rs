// How Rust code ends otherwise than by returning: a row of docs/what-works.md for each function.
use std::hint::black_box;
use std::{panic, process, thread};

/// `panic!("boom {}", 5)`
pub fn panics() -> i32 { panic!("boom {}", black_box(5)) }

struct Failing;
impl Drop for Failing { fn drop(&mut self) { panic!("in drop") } }
/// a panic while one unwinds
pub fn panics_twice() -> i32 { let _failing = Failing; panic!("first") }

/// a panic in a thread, passed on by `join().unwrap()`
pub fn panics_beside() -> i32 { thread::spawn(|| -> i32 { panic::resume_unwind(Box::new("beside")) }).join().unwrap() }

extern "C" fn for_c() -> i32 { panic!("out of C") }
/// a panic out of an `extern "C"` function
pub fn panics_out_of_c() -> i32 { for_c() }

#[allow(unconditional_recursion)]
fn deeper(n: i32) -> i32 { deeper(n + 1) + black_box(n) }
/// a recursion without end
pub fn recurses() -> i32 { deeper(black_box(0)) }

/// `process::exit(3)`
pub fn exits() -> i32 { process::exit(3) }

/// `process::abort()`
pub fn aborts() -> i32 { process::abort() }
