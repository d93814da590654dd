use num_bigint::BigUint;

/// The Fibonacci numbers, 1, 1, 2, 3, 5, …, exact however long they grow, as decimal strings.
#[derive(Debug)]
pub struct Fibonacci {
    this: BigUint,
    next: BigUint,
}

impl Default for Fibonacci {
    fn default() -> Self {
        Self { this: BigUint::from(1_u32), next: BigUint::from(1_u32) }
    }
}

impl Iterator for Fibonacci {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let text = self.this.to_string();
        let sum = &self.this + &self.next;
        self.this = std::mem::replace(&mut self.next, sum);
        Some(text)
    }
}
