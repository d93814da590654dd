//! The numbers of the runner's binary: see `codes.rs`.

use crate::bindings::codes::codes;
use crate::engine::runner::{Change, Metrics, Percentiles, Step};

codes! {
    /// What a watcher of one job is told.
    change: u32 { STATUS = Change::Status as u32, PROGRESS = Change::Progress as u32, END = Change::End as u32 }
    /// Where a histogram's numbers are, from its first on.
    histogram: usize { COUNT = 0, P50 = 1, P95 = 2, P99 = 3, MAX = 4 }
    /// Where what is measured begins: two histograms, and how many jobs finish in a minute.
    metrics: usize { WAIT = 0, RUN = HISTOGRAM_NUMBERS, PER_MINUTE = 2 * HISTOGRAM_NUMBERS }
}

const HISTOGRAM_NUMBERS: usize = histogram::MAX + 1;

pub(super) fn metrics_numbers(measured: &Metrics, now: f64) -> Vec<f64> {
    let mut numbers = Vec::with_capacity(metrics::PER_MINUTE + 1);
    for histogram in [&measured.wait, &measured.run] {
        let Percentiles { count, p50, p95, p99, max } = histogram.percentiles();
        numbers.extend([count as f64, p50, p95, p99, max]);
    }
    numbers.push(measured.last_minute(now) as f64);
    numbers
}

pub(super) fn change_of(code: u32) -> Change {
    match code {
        change::STATUS => Change::Status,
        change::PROGRESS => Change::Progress,
        _ => Change::End,
    }
}

/// A watcher that comes is told by the same numbers.
pub(super) fn step_code(step: Step) -> u32 {
    match step {
        Step::Status => change::STATUS,
        Step::Progress => change::PROGRESS,
        Step::End => change::END,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::codes::writing::{check, constant, title};

    #[test]
    fn the_wire_is_the_same_on_both_sides() {
        let mut text = title("src/bindings/runner/wire.rs");
        constant(&mut text, "What a watcher of one job is told.", "CHANGE", change::ALL);
        let first = "Where a histogram's numbers are, from its first on.";
        constant(&mut text, first, "HISTOGRAM", histogram::ALL);
        let begins = "Where what is measured begins: two histograms, and how many jobs finish in a minute.";
        constant(&mut text, begins, "METRICS", metrics::ALL);
        check("src/facade/runner/wire.ts", &text);
    }

    #[test]
    fn what_is_measured_is_where_the_wire_says() {
        let mut measured = Metrics::default();
        measured.finished(0.0, Some(1.0), 3.0);
        let numbers = metrics_numbers(&measured, 3.0);
        let maxima = [metrics::WAIT, metrics::RUN].map(|first| numbers[first + histogram::MAX]);
        let counts = (numbers[metrics::WAIT + histogram::COUNT], numbers[metrics::PER_MINUTE]);
        assert_eq!((maxima, counts, numbers.len()), ([1.0, 2.0], (1.0, 1.0), metrics::PER_MINUTE + 1));
        assert!(numbers[metrics::RUN + histogram::P99] <= numbers[metrics::RUN + histogram::MAX]);
    }

    #[test]
    fn what_is_coded_is_read_as_it_was() {
        for (_, code) in change::ALL {
            assert_eq!(change_of(*code) as u32, *code);
        }
        let steps = [Step::Status, Step::Progress, Step::End].map(step_code);
        assert_eq!(steps, [change::STATUS, change::PROGRESS, change::END]);
    }
}
