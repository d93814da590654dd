use jobgate::engine::runner::{Fibonacci, Sieve};

fn primes_in_steps(limit: u32, step: u32) -> Vec<u32> {
    let mut sieve = Sieve::new(limit);
    let mut bound = 0;
    while bound < limit {
        bound = (bound + step).min(limit);
        while !sieve.has_reached(bound) {
            sieve.advance(bound);
        }
    }
    let primes = sieve.primes().unwrap().to_vec();
    assert_eq!((sieve.count() as usize, sieve.largest()), (primes.len(), primes.last().copied().unwrap_or(0)));
    primes
}

#[test]
fn the_sieve_finds_what_trial_division_finds() {
    let by_division: Vec<u32> =
        (2..=3000).filter(|n: &u32| (2..*n).all(|d| d * d > *n || !n.is_multiple_of(d))).collect();
    for limit in (0..=200).chain([3000]) {
        let up_to_limit: Vec<u32> = by_division.iter().copied().filter(|prime| *prime <= limit).collect();
        assert_eq!(primes_in_steps(limit, limit.max(1)), up_to_limit, "up to {limit}");
    }
}

#[test]
fn the_size_of_the_steps_does_not_matter() {
    let at_once = primes_in_steps(1000, 1000);
    assert_eq!(at_once.len(), 168);
    for step in [1, 2, 7, 100, 333] {
        assert_eq!(primes_in_steps(1000, step), at_once);
    }
    assert_eq!(primes_in_steps(100_000, 10_000).len(), 9592);
}

#[test]
fn a_limit_that_is_prime_is_among_the_primes() {
    assert_eq!(primes_in_steps(101, 10).last(), Some(&101));
}

#[test]
fn many_windows_are_counted_and_not_listed() {
    // https://oeis.org/A006880: primes below a power of ten.
    let powers = [(1_000_000, 78_498, 999_983), (10_000_000, 664_579, 9_999_991), (100_000_000, 5_761_455, 99_999_989)];
    for (limit, count, largest) in powers {
        let mut sieve = Sieve::new(limit);
        while !sieve.has_reached(limit) {
            sieve.advance(limit);
        }
        assert_eq!((sieve.count(), sieve.largest(), sieve.primes()), (count, largest, None));
    }
}

#[test]
fn fibonacci_numbers_are_exact_beyond_every_machine_number() {
    let numbers: Vec<String> = Fibonacci::default().take(300).collect();
    assert_eq!(numbers[..8], ["1", "1", "2", "3", "5", "8", "13", "21"]);
    assert_eq!(numbers[99], "354224848179261915075");
    assert_eq!(numbers[299], "222232244629420445529739893461909967206666939096499764990979600");
}
