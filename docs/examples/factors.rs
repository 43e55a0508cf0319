pub fn sum(a: i32, b: i32) -> i32 {
    a + b
}

pub fn prime_factors(mut n: u64) -> Vec<u64> {
    let mut found = vec![];
    let mut candidate = 2;
    while n > 1 {
        while n % candidate == 0 {
            found.push(candidate);
            n /= candidate;
        }
        candidate += 1;
    }
    found
}
