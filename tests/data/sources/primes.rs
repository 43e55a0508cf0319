fn smallest_factor(n: u64) -> u64 {
    (2..).find(|d| n % d == 0).unwrap_or(n)
}

#[no_mangle]
pub extern "C" fn largest_factor(mut n: u64) -> u64 {
    let mut factors = Vec::new();
    while n > 1 {
        factors.push(smallest_factor(n));
        n /= factors[factors.len() - 1];
    }
    println!("{factors:?}");
    factors.last().copied().unwrap_or(1)
}
