fn greeting() -> &'static str {
    "hello from Rust"
}

fn main() {
    println!("{}", greeting());
}
