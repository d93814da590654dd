/// The sieve of Eratosthenes, step by step, so that whoever runs it can let others have a turn in between.
#[derive(Debug)]
pub struct Sieve {
    /// By number: a product of smaller ones.
    composite: Vec<bool>,
    /// All numbers below have been looked at.
    next: usize,
}

impl Sieve {
    /// For the primes up to `limit`, itself included.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        Self { composite: vec![false; limit as usize + 1], next: 2 }
    }

    /// Looks at the numbers up to `bound`. What is no prime among them is known then.
    pub fn advance(&mut self, bound: u32) {
        while self.next <= bound as usize {
            let number = self.next;
            self.next += 1;
            let Some(false) = self.composite.get(number) else { continue };
            let products = self.composite.iter_mut().skip(number * number).step_by(number);
            products.for_each(|product| *product = true);
        }
    }

    /// The primes among the numbers looked at.
    #[must_use]
    pub fn primes(&self) -> Vec<u32> {
        let looked_at = self.composite.iter().enumerate().take(self.next).skip(2);
        looked_at.filter(|(_, composite)| !**composite).map(|(number, _)| number as u32).collect()
    }
}
