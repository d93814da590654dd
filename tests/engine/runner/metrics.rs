use jobgate::engine::runner::{Histogram, Metrics, Percentiles};
use proptest::prelude::*;

/// The value below or at which `percent` of all are.
fn exact(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}

proptest! {
    #[test]
    fn percentiles_are_within_half_a_per_cent(
        mut durations in prop::collection::vec(prop_oneof![0.0..20.0, 0.0..1e9_f64], 1..300),
    ) {
        let mut histogram = Histogram::default();
        durations.iter().for_each(|duration| histogram.add(*duration));
        durations.sort_by(f64::total_cmp);
        let told = histogram.percentiles();
        prop_assert_eq!(told.count, durations.len() as u64);
        prop_assert_eq!(told.max, *durations.last().unwrap());
        for (percent, value) in [(50, told.p50), (95, told.p95), (99, told.p99)] {
            let exact = exact(&durations, percent);
            prop_assert!((value - exact).abs() <= 0.005 * (exact + 1.0), "p{percent}: {value} for {exact}");
        }
        prop_assert!(told.p50 <= told.p95 && told.p95 <= told.p99 && told.p99 <= told.max);
    }
}

#[test]
fn of_nothing_everything_is_zero() {
    assert_eq!(Histogram::default().percentiles(), Percentiles::default());
}

#[test]
fn a_clock_that_ran_back_counts_as_no_time() {
    let mut histogram = Histogram::default();
    histogram.add(-5.0);
    histogram.add(f64::NAN);
    assert_eq!(histogram.percentiles(), Percentiles { count: 2, ..Percentiles::default() });
}

#[test]
fn waiting_and_running_are_told_apart() {
    let mut metrics = Metrics::default();
    metrics.finished(1000.0, Some(1100.0), 1400.0);
    assert_eq!((metrics.wait.percentiles().max, metrics.run.percentiles().max), (100.0, 300.0));
}

#[test]
fn what_never_ran_has_no_times_but_counts_as_finished() {
    let mut metrics = Metrics::default();
    metrics.finished(1000.0, None, 1400.0);
    assert_eq!((metrics.wait.percentiles().count, metrics.run.percentiles().count), (0, 0));
    assert_eq!(metrics.last_minute(1400.0), 1);
}

#[test]
fn throughput_is_of_the_last_minute() {
    let mut metrics = Metrics::default();
    for second in 0..200 {
        metrics.finished(0.0, None, f64::from(second) * 1000.0);
    }
    assert_eq!(metrics.last_minute(199_000.0), 60);
    assert_eq!(metrics.last_minute(229_000.0), 30);
    assert_eq!(metrics.last_minute(400_000.0), 0);
}
