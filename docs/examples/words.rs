struct Farewell;

impl Drop for Farewell {
    fn drop(&mut self) {
        println!("dropped");
    }
}

#[no_mangle]
pub fn number(which: usize) -> i32 {
    let _farewell = Farewell;
    let words = vec!["17", "many"];
    words[which].parse().unwrap()
}

#[no_mangle]
pub fn sum_in_threads(n: i32) -> i32 {
    let threads: Vec<_> = (1..=n).map(|i| std::thread::spawn(move || i * i)).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).sum()
}
