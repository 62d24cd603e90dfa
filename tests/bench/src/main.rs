fn main() {}
#[cfg(test)]
mod displays;
