// What jitrepl adds to Rust's standard library: the messages of panics, and an end for those that leave a call.
// It is compiled by the rustc that the library came with, so nothing here depends on how std is laid out.

use std::any::Any;
use std::ffi::c_void;
use std::io::Write;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;

struct Panic {
    text: String,
    file: String,
    line: u32,
    column: u32,
}

/// Panics of the thread that makes calls, of which it is not known yet whether somebody catches them.
static PENDING: Mutex<Vec<Panic>> = Mutex::new(Vec::new());
static CALLER: AtomicUsize = AtomicUsize::new(0);

type Seen = extern "C" fn(*const u8, usize, *const u8, usize, u32, u32);

extern "C" {
    fn pthread_self() -> usize;
    fn on_exit(function: extern "C" fn(i32, *mut c_void), argument: *mut c_void) -> i32;
}

extern "C-unwind" {
    fn _Unwind_RaiseException(exception: *mut c_void) -> i32;
}

/// Begin; called once, by the thread that makes calls.
#[no_mangle]
pub extern "C" fn __jitrepl_rust_begin() {
    CALLER.store(unsafe { pthread_self() }, Ordering::Relaxed);
    unsafe { on_exit(exiting, std::ptr::null_mut()) };
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let text = text_of(info.payload());
        let calling = CALLER.load(Ordering::Relaxed) == unsafe { pthread_self() };
        if !calling || text.contains("cannot unwind") || text.contains("destructor during cleanup") {
            print_pending(); // the process may end here
            before(info);
            return;
        }
        let (file, line, column) = match info.location() {
            Some(at) => (at.file().to_string(), at.line(), at.column()),
            None => (String::new(), 0, 0),
        };
        if let Ok(mut pending) = PENDING.lock() {
            pending.push(Panic { text, file, line, column });
        }
    }));
}

/// End a panic that left a call, and say what it was.
#[no_mangle]
pub extern "C" fn __jitrepl_rust_end(exception: *mut c_void, seen: Seen) {
    let caught = panic::catch_unwind(|| unsafe { _Unwind_RaiseException(exception) });
    let text = match &caught {
        Err(payload) => text_of(&**payload),
        Ok(_) => String::new(),
    };
    let mut last = None;
    if let Ok(mut pending) = PENDING.lock() {
        if pending.last().is_some_and(|panic| panic.text == text) {
            last = pending.pop();
        }
    }
    let panic = last.unwrap_or(Panic { text, file: String::new(), line: 0, column: 0 });
    seen(panic.text.as_ptr(), panic.text.len(), panic.file.as_ptr(), panic.file.len(), panic.line, panic.column);
    if panic::catch_unwind(panic::AssertUnwindSafe(|| drop(caught))).is_err() {
        print_pending();
    }
}

/// Say what the last panic was that nobody has caught, and forget it: it came to where nothing can be unwound.
#[no_mangle]
pub extern "C" fn __jitrepl_rust_take(seen: Seen) {
    let last = PENDING.lock().ok().and_then(|mut pending| pending.pop());
    if let Some(panic) = last {
        seen(panic.text.as_ptr(), panic.text.len(), panic.file.as_ptr(), panic.file.len(), panic.line, panic.column);
    }
}

/// A call is over: the panics that it caught itself are printed as Rust does, and so is what `print!` has buffered.
#[no_mangle]
pub extern "C" fn __jitrepl_rust_settle() {
    print_pending();
    // A call that was left in the middle of `print!` still has what this wants, and then it panics.
    if panic::catch_unwind(|| std::io::stdout().flush()).is_err() {
        if let Ok(mut pending) = PENDING.lock() {
            pending.clear();
        }
    }
}

extern "C" fn exiting(_status: i32, _argument: *mut c_void) {
    print_pending();
}

fn print_pending() {
    let Ok(mut pending) = PENDING.try_lock() else { return };
    for panic in pending.drain(..) {
        eprintln!("\nthread 'main' panicked at {}:{}:{}:\n{}", panic.file, panic.line, panic.column, panic.text);
    }
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        text.to_string()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "Box<dyn Any>".to_string()
    }
}
