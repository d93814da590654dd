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
        let text = decimal(self.this.clone());
        let sum = &self.this + &self.next;
        self.this = std::mem::replace(&mut self.next, sum);
        Some(text)
    }
}

/// Nine digits at a time. The library's own way is for numbers of thousands of digits, and 17 KB of wasm.
fn decimal(mut number: BigUint) -> String {
    const NINE_DIGITS: u32 = 1_000_000_000;
    let mut parts = Vec::new();
    loop {
        let part = (&number % NINE_DIGITS).iter_u32_digits().next().unwrap_or(0);
        number /= NINE_DIGITS;
        if number == BigUint::ZERO {
            return parts.iter().rev().fold(part.to_string(), |text, part| format!("{text}{part:09}"));
        }
        parts.push(part);
    }
}
