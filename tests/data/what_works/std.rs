// Rust with its standard library: a row of docs/what-works.md for each function.
use std::any::Any;
use std::arch::{asm, global_asm};
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io::{BufRead, BufReader, Read, Write};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{mpsc, Arc, Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use std::{env, fs, net, panic, process, thread};

/// `String`, `format!`, `str` methods: 42
pub fn strings() -> i32 {
    let text = format!("{:>5}|{:?}", "é".to_uppercase(), "forty two".split(' ').collect::<Vec<_>>());
    (text == "    É|[\"forty\", \"two\"]") as i32 * "4 2".replace(' ', "").parse::<i32>().unwrap()
}

/// `Vec`, `HashMap`, `HashSet`, `BTreeMap`, `VecDeque`: 42
pub fn collections() -> i32 {
    let mut counts = HashMap::new();
    for word in "a b a c a".split(' ') {
        *counts.entry(word.to_string()).or_insert(0) += 1;
    }
    let distinct: HashSet<_> = counts.keys().cloned().collect();
    let sorted: BTreeMap<_, _> = counts.into_iter().collect();
    let mut numbers: VecDeque<_> = sorted.values().copied().collect();
    numbers.push_front(36);
    let mut all = Vec::from(numbers);
    all.sort_by(|a, b| b.cmp(a));
    all.iter().sum::<i32>() + distinct.len() as i32 - 2
}

/// closures, iterators, traits, `Box<dyn Fn>`, `dyn Any`: 42
pub fn abstractions() -> i32 {
    let functions: Vec<Box<dyn Fn(i32) -> i32>> = vec![Box::new(|x| x + 1), Box::new(|x| x * 2)];
    let any: Box<dyn Any> = Box::new(functions.iter().fold(19, |x, f| f(x)));
    *any.downcast_ref::<i32>().unwrap() + (1..=3).filter(|n| n % 2 == 0).count() as i32 + 1
}

/// `Rc`, `Weak`, `RefCell`, `Drop`: 42
pub fn shared() -> i32 {
    struct Noted(Rc<Cell<i32>>);
    impl Drop for Noted {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 40);
        }
    }
    let count = Rc::new(Cell::new(0));
    let list = RefCell::new(vec![Rc::new(Noted(count.clone()))]);
    let weak: Weak<Noted> = Rc::downgrade(&list.borrow()[0]);
    let before = weak.upgrade().is_some() as i32;
    list.borrow_mut().clear();
    count.get() + before + weak.upgrade().is_none() as i32
}

#[derive(Debug, Clone, PartialEq)]
struct Wrong(i32);
impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "wrong {}", self.0)
    }
}
impl Error for Wrong {}
/// `Result`, `?`, `Box<dyn Error>`: 42
pub fn errors() -> i32 {
    fn checked(text: &str) -> Result<i32, Box<dyn Error>> {
        let number = text.parse()?;
        if number > 40 { Err(Wrong(number))? }
        Ok(number)
    }
    let messages = [checked("x"), checked("41")].map(|result| result.unwrap_err().to_string());
    (messages == ["invalid digit found in string", "wrong 41"]) as i32 * 2 + checked("40").unwrap()
}

/// 128-bit integers, floats: 42
pub fn numbers() -> i32 {
    let wide = std::hint::black_box(42u128 << 100);
    let root = std::hint::black_box(2f64).sqrt();
    (wide * 3 / 3 >> 100) as i32 + (root.powi(2).round() as i32 - 2) + (wide as f64).log2().floor() as i32 - 105
}

/// `thread::spawn`, scoped threads, `park`, names: 42
pub fn threads() -> i32 {
    let parked = thread::Builder::new().name("parked".into()).spawn(|| {
        thread::park();
        (thread::current().name() == Some("parked")) as i32 * 20
    });
    let parked = parked.unwrap();
    let mut numbers = vec![1, 2, 3];
    let sum: i32 = thread::scope(|scope| {
        numbers.iter_mut().map(|n| scope.spawn(move || { *n *= 2; *n + 3 })).collect::<Vec<_>>()
            .into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    parked.thread().unpark();
    sum + parked.join().unwrap() + (numbers == [2, 4, 6]) as i32
}

/// channels: `mpsc::channel`, `sync_channel`: 42
pub fn channels() -> i32 {
    let (sender, receiver) = mpsc::channel();
    let (answer, answers) = mpsc::sync_channel(0);
    let workers: Vec<_> = (1..=4).map(|n| {
        let sender = sender.clone();
        thread::spawn(move || sender.send(n).unwrap())
    }).collect();
    drop(sender);
    let adder = thread::spawn(move || answer.send(receiver.iter().sum::<i32>()));
    let sum = answers.recv().unwrap();
    adder.join().unwrap().unwrap();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    sum + 31 + answers.recv_timeout(Duration::from_secs(1)).is_err() as i32
}

/// `Mutex` (poisoned, too), `RwLock`, `Condvar`, `Barrier`, `Arc`, atomics: 42
pub fn locks() -> i32 {
    static COUNT: AtomicI32 = AtomicI32::new(0);
    COUNT.store(0, Ordering::SeqCst);
    let shared = Arc::new((Mutex::new(0), Condvar::new(), Barrier::new(3), RwLock::new(30)));
    let workers: Vec<_> = (0..2).map(|_| {
        let shared = shared.clone();
        thread::spawn(move || {
            COUNT.fetch_add(1, Ordering::SeqCst);
            shared.2.wait();
            *shared.0.lock().unwrap() += 5;
            shared.1.notify_all();
        })
    }).collect();
    shared.2.wait();
    let sum = *shared.1.wait_while(shared.0.lock().unwrap(), |sum| *sum < 10).unwrap();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    let more = *shared.3.read().unwrap();
    sum + more + COUNT.load(Ordering::SeqCst)
}

/// `LazyLock`, `OnceLock`, `Once`: 42
pub fn once() -> i32 {
    static LAZY: LazyLock<String> = LazyLock::new(|| "x".repeat(40));
    static CELL: OnceLock<usize> = OnceLock::new();
    static ONCE: Once = Once::new();
    let mut calls = 0;
    (0..2).for_each(|_| ONCE.call_once(|| calls += 1));
    let repeated = if ONCE.is_completed() { 2 } else { 0 };
    (LAZY.len() + CELL.get_or_init(|| repeated)) as i32 + calls.min(0)
}

thread_local! {
    static OWN: RefCell<Vec<i32>> = RefCell::new(vec![40]);
    static PLAIN: Cell<i32> = const { Cell::new(1) };
}
/// `thread_local!`, lazy and `const`: each thread has its own: 42
pub fn thread_locals() -> i32 {
    let other = thread::spawn(|| {
        OWN.with_borrow_mut(|own| own.push(7));
        PLAIN.set(PLAIN.get() + 1);
        OWN.with_borrow(|own| own.len() as i32) * PLAIN.get()
    });
    let four = other.join().unwrap();
    OWN.with_borrow(|own| own[own.len() - 1]) + PLAIN.get() * (four - 2)
}

/// destructors of `thread_local!` at the end of a thread: 42
pub fn thread_local_destructors() -> i32 {
    struct Sending(i32, mpsc::Sender<i32>);
    impl Drop for Sending {
        fn drop(&mut self) {
            self.1.send(self.0).unwrap();
        }
    }
    thread_local!(static LAST: RefCell<Option<Sending>> = const { RefCell::new(None) });
    let (sender, receiver) = mpsc::channel();
    for number in [2, 40] {
        let sender = sender.clone();
        thread::spawn(move || LAST.set(Some(Sending(number, sender)))).join().unwrap();
    }
    drop(sender);
    receiver.iter().sum()
}

struct Dropping<'a>(&'a Cell<i32>);
impl Drop for Dropping<'_> {
    fn drop(&mut self) {
        self.0.set(40);
    }
}
/// `catch_unwind`; a panic runs drops: 42
pub fn caught() -> i32 {
    let count = Cell::new(0);
    let result = panic::catch_unwind(panic::AssertUnwindSafe(|| {
        let _dropping = Dropping(&count);
        panic::resume_unwind(Box::new(2));
    }));
    count.get() + result.unwrap_err().downcast_ref::<i32>().unwrap()
}

/// a panic hook of its own, `Location`: 42
pub fn hooks() -> i32 {
    static SEEN: AtomicI32 = AtomicI32::new(0);
    let before = panic::take_hook();
    panic::set_hook(Box::new(|info| SEEN.store(info.location().unwrap().line() as i32, Ordering::SeqCst)));
    let line = line!() as i32 + 1;
    let result = panic::catch_unwind(|| panic!("{}", 1));
    panic::set_hook(before);
    42 * (result.is_err() && SEEN.load(Ordering::SeqCst) == line) as i32
}

/// a panic in a thread, told by `join`: 42
pub fn thread_panics() -> i32 {
    let result = thread::spawn(|| panic::resume_unwind(Box::new("in a thread"))).join();
    let poisoned = Arc::new(Mutex::new(1));
    let also = poisoned.clone();
    let _ = thread::spawn(move || {
        let _guard = also.lock();
        panic::resume_unwind(Box::new(1));
    }).join();
    41 * (result.unwrap_err().downcast_ref() == Some(&"in a thread")) as i32 + poisoned.is_poisoned() as i32
}

/// an `async` block, polled by hand: 42
pub fn polled() -> i32 {
    struct Twice(i32);
    impl Future for Twice {
        type Output = i32;
        fn poll(mut self: Pin<&mut Self>, _: &mut Context) -> Poll<i32> {
            self.0 -= 1;
            if self.0 == 0 { Poll::Ready(20) } else { Poll::Pending }
        }
    }
    let mut future = Box::pin(async { Twice(2).await + async { Twice(3).await + 1 }.await });
    let mut context = Context::from_waker(Waker::noop());
    let mut pending = 0;
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Pending => pending += 1,
            Poll::Ready(value) => return value + pending - 2,
        }
    }
}

/// files, folders: 42
pub fn files() -> i32 {
    let path = env::temp_dir().join(format!("what-works-{}.txt", process::id()));
    fs::write(&path, "4\n2\n").unwrap();
    let lines: Vec<_> = BufReader::new(fs::File::open(&path).unwrap()).lines().map(|line| line.unwrap()).collect();
    let size = fs::metadata(&path).unwrap().len();
    fs::remove_file(&path).unwrap();
    (size == 4 && !path.exists()) as i32 * lines.concat().parse::<i32>().unwrap()
}

/// `Command`: other processes: 42
pub fn commands() -> i32 {
    let output = process::Command::new("sh").args(["-c", "echo 40; exit 2"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse::<i32>().unwrap() + output.status.code().unwrap()
}

/// TCP sockets: 42
pub fn sockets() -> i32 {
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || listener.accept().unwrap().0.write_all(b"42").unwrap());
    let mut text = String::new();
    net::TcpStream::connect(address).unwrap().read_to_string(&mut text).unwrap();
    server.join().unwrap();
    text.parse().unwrap()
}

/// the environment, time: 42
pub fn surroundings() -> i32 {
    let before = Instant::now();
    thread::sleep(Duration::from_millis(1));
    let path = env::var("PATH").is_ok() && env::args().count() > 0;
    42 * (path && before.elapsed() >= Duration::from_millis(1)) as i32
}

global_asm!(".globl rust_forty", "rust_forty: mov eax, 40", "ret");
unsafe extern "C" {
    fn rust_forty() -> i32;
    fn qsort(base: *mut i32, count: usize, size: usize, by: extern "C" fn(&i32, &i32) -> i32);
}
/// `asm!`, `global_asm!`, `is_x86_feature_detected!`: 42
pub fn assembly() -> i32 {
    let two: i32;
    unsafe {
        asm!("mov {0:e}, 2", out(reg) two);
        rust_forty() + two - !is_x86_feature_detected!("sse2") as i32
    }
}

/// C functions, and callbacks from them: 42
pub fn callbacks() -> i32 {
    extern "C" fn by_value(a: &i32, b: &i32) -> i32 {
        a.cmp(b) as i32
    }
    let mut numbers = [50, 3, 42];
    unsafe { qsort(numbers.as_mut_ptr(), 3, 4, by_value) };
    numbers[1]
}

/// `Backtrace`: with the names of functions: 1
/// the frames have no names; it reads the debug info of files
pub fn traces() -> i32 {
    Backtrace::force_capture().to_string().contains("traces") as i32
}
