/// Up to here the primes themselves are kept; beyond, only their number and the last of them.
pub const LONGEST_LIST: u32 = 100_000;

/// Odd numbers looked at in one go: a window that stays in a processor's nearest cache.
const WINDOW: u64 = 32 * 1024;

/// The sieve of Eratosthenes, window by window, so that whoever runs it can let others have a turn in between. Its
/// memory is that of one window and of the primes up to the root of the limit.
#[derive(Debug)]
pub struct Sieve {
    limit: u64,
    /// Odd primes whose products there may be.
    divisors: Vec<u64>,
    /// All numbers below have been looked at; odd, from 3 on.
    next: u64,
    /// By odd number from `next` on: a product of smaller ones.
    composite: Vec<bool>,
    count: u32,
    largest: u32,
    primes: Vec<u32>,
}

impl Sieve {
    /// For the primes up to `limit`, itself included.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        let mut sieve = Self {
            limit: u64::from(limit),
            divisors: odd_primes(limit.isqrt()),
            next: 3,
            composite: Vec::new(),
            count: 0,
            largest: 0,
            primes: Vec::new(),
        };
        if limit >= 2 {
            sieve.found(2);
        }
        sieve
    }

    /// Looks at the next numbers: those up to `bound`, or as many as one window holds.
    pub fn advance(&mut self, bound: u32) {
        let low = self.next;
        let high = u64::from(bound).min(self.limit).min(low + 2 * (WINDOW - 1));
        if high < low {
            return;
        }
        self.composite.clear();
        self.composite.resize(((high - low) / 2 + 1) as usize, false);
        for &divisor in self.divisors.iter().take_while(|&&divisor| divisor * divisor <= high) {
            let from = low.next_multiple_of(divisor).max(divisor * divisor);
            let first_odd = if from.is_multiple_of(2) { from + divisor } else { from };
            let products = self.composite.get_mut(((first_odd - low) / 2) as usize..).unwrap_or_default();
            products.iter_mut().step_by(divisor as usize).for_each(|product| *product = true);
        }
        self.next = (high + 1) | 1;
        self.take_in(low);
    }

    /// Counts the primes of the window that begins with `low`.
    fn take_in(&mut self, low: u64) {
        let prime = |index: usize| (low + 2 * index as u64) as u32;
        if self.limit <= u64::from(LONGEST_LIST) {
            let found = self.composite.iter().enumerate().filter(|(_, composite)| !**composite);
            self.primes.extend(found.map(|(index, _)| prime(index)));
        }
        self.count += self.composite.iter().filter(|composite| !**composite).count() as u32;
        if let Some(index) = self.composite.iter().rposition(|composite| !composite) {
            self.largest = prime(index);
        }
    }

    fn found(&mut self, prime: u32) {
        self.count += 1;
        self.largest = prime;
        if self.limit <= u64::from(LONGEST_LIST) {
            self.primes.push(prime);
        }
    }

    /// Whether all numbers up to `bound` have been looked at.
    #[must_use]
    pub fn has_reached(&self, bound: u32) -> bool {
        self.next > u64::from(bound).min(self.limit)
    }

    /// How many primes there are among the numbers looked at.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The last of them; 0 if there is none.
    #[must_use]
    pub fn largest(&self) -> u32 {
        self.largest
    }

    /// All of them; none where the limit is beyond [`LONGEST_LIST`].
    #[must_use]
    pub fn primes(&self) -> Option<&[u32]> {
        (self.limit <= u64::from(LONGEST_LIST)).then_some(&self.primes)
    }
}

/// By trial: there are few.
fn odd_primes(limit: u32) -> Vec<u64> {
    let mut primes: Vec<u64> = Vec::new();
    for number in (3..=u64::from(limit)).step_by(2) {
        let mut smaller = primes.iter().take_while(|&&prime| prime * prime <= number);
        if smaller.all(|&prime| !number.is_multiple_of(prime)) {
            primes.push(number);
        }
    }
    primes
}
