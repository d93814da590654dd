//! What costs the same for each stays so however many there are: every shape is run with N and with 4 N, and four times
//! as many may take a little more than four times as long, not sixteen.

use std::rc::Rc;
use std::time::Duration;

use cpu_time::ThreadTime;
use jobgate::engine::{
    Channel, Command, EmitterId, JobId, KeyId, ListenerId, ManagerOptions, Reply, RunOptions, Source, ValueId,
};

use crate::world::{Dice, World, options};

const N: u32 = 20_000;
/// Four would be in proportion and sixteen the square; memory that no longer fits a cache has its share.
const MOST: u32 = 11;
/// What is over sooner says nothing.
const LEAST: Duration = Duration::from_millis(5);

/// The fastest of several, since whatever else the machine does can only add to it.
fn expect_in_proportion(mut shape: impl FnMut(u32) -> Duration) {
    let (mut few, mut many) = (Duration::MAX, Duration::MAX);
    for _ in 0..6 {
        few = few.min(shape(N));
        many = many.min(shape(4 * N));
        if many < MOST * few.max(LEAST) {
            return;
        }
    }
    panic!("{N} take {few:?}, four times as many {many:?}");
}

fn timed(work: impl FnOnce()) -> Duration {
    // The thread's own time: what else the machine does is not in it.
    let began = ThreadTime::now();
    work();
    began.elapsed()
}

fn shuffled<T>(mut of: Vec<T>) -> Vec<T> {
    let mut dice = Dice::new(7);
    for at in (1..of.len()).rev() {
        of.swap(at, dice.below(at as u64 + 1) as usize);
    }
    of
}

fn newest_first<T>(mut of: Vec<T>) -> Vec<T> {
    of.reverse();
    of
}

/// A running job, and listeners of it.
fn watched(n: u32, channel: Channel) -> (World, JobId, Vec<ListenerId>) {
    let mut world = World::with(|_| {});
    let job = world.run(0);
    let listeners = (0..n).map(|_| world.listen(Source::Job(job), channel)).collect();
    (world, job, listeners)
}

fn emitter(world: &mut World) -> EmitterId {
    match world.send(Command::CreateEmitter) {
        Reply::Emitter(emitter) => emitter,
        reply => panic!("no emitter but {reply:?}"),
    }
}

fn many_listeners(world: &mut World, n: u32) -> (EmitterId, Vec<ListenerId>) {
    let emitter = emitter(world);
    (emitter, (0..n).map(|_| world.listen(Source::Emitter(emitter), Channel::Value)).collect())
}

// ── groups ──────────────────────────────────────────────────────────────────────────────────────

fn in_own_group(n: u32) -> RunOptions {
    options(|options| options.group = Some(Rc::from(format!("group {n}"))))
}

fn grouped() -> World {
    World::with(|options| (options.concurrency, options.group_concurrency) = (16.0, 1.0))
}

#[test]
fn jobs_in_as_many_groups() {
    expect_in_proportion(|n| {
        let each: Vec<_> = shuffled((0..n).map(in_own_group).collect());
        let mut world = grouped();
        timed(|| {
            let jobs: Vec<_> = (0..n).zip(&each).map(|(key, options)| world.run_with(key, options)).collect();
            jobs.into_iter().for_each(|job| world.resolve(job));
        })
    });
}

#[test]
fn jobs_in_as_many_groups_stopped_newest_first() {
    expect_in_proportion(|n| {
        let each: Vec<_> = (0..n).map(in_own_group).collect();
        let mut world = grouped();
        timed(|| {
            for (key, options) in (0..n).zip(&each) {
                world.run_with(key, options);
            }
            world.send(Command::StopAll(world.manager));
        })
    });
}

// ── listeners ───────────────────────────────────────────────────────────────────────────────────

#[test]
fn the_end_of_a_job_with_many_listeners() {
    expect_in_proportion(|n| {
        let (mut world, job, _) = watched(n, Channel::Stopped);
        timed(|| world.resolve(job))
    });
}

#[test]
fn a_gate_with_many_listeners() {
    expect_in_proportion(|n| {
        let mut world = World::with(|_| {});
        timed(|| {
            let (gate, _) = many_listeners(&mut world, n);
            world.send(Command::Open { emitter: gate, value: ValueId::NONE });
        })
    });
}

fn expect_leaving_in_proportion(order: fn(Vec<ListenerId>) -> Vec<ListenerId>) {
    expect_in_proportion(|n| {
        let mut world = World::with(|_| {});
        let leavers = order(many_listeners(&mut world, n).1);
        timed(|| {
            for listener in leavers {
                world.send(Command::Unlisten(listener));
            }
        })
    });
}

#[test]
fn leaving_oldest_first() {
    expect_leaving_in_proportion(|listeners| listeners);
}

#[test]
fn leaving_newest_first() {
    expect_leaving_in_proportion(newest_first);
}

#[test]
fn leaving_in_any_order() {
    expect_leaving_in_proportion(shuffled);
}

#[test]
fn coming_and_going_among_many_who_stay() {
    expect_in_proportion(|n| {
        let mut world = World::with(|_| {});
        let (emitter, _) = many_listeners(&mut world, n);
        timed(|| {
            for _ in 0..n {
                let listener = world.listen(Source::Emitter(emitter), Channel::Value);
                world.send(Command::Unlisten(listener));
            }
        })
    });
}

#[test]
fn asking_how_many_listen() {
    expect_in_proportion(|n| {
        let mut world = World::with(|_| {});
        let (emitter, _) = many_listeners(&mut world, n);
        timed(|| assert!((0..n).all(|_| world.engine.listener_count(emitter) == n)))
    });
}

/// Whom a telling does not concern, it does not pass by.
#[test]
fn actions_for_one_listener_among_many_of_other_channels() {
    expect_in_proportion(|n| {
        let (mut world, job, _) = watched(n, Channel::State);
        world.listen(Source::Job(job), Channel::Action);
        timed(|| {
            for _ in 0..n {
                world.send(Command::Dispatch { job, value: ValueId::NONE });
            }
        })
    });
}

#[test]
fn retries_of_a_job_with_many_listeners() {
    expect_in_proportion(|n| {
        let mut world = World::with(|_| {});
        let retry = jobgate::engine::RetryOptions { limit: f64::INFINITY, delay: 0.0, ..Default::default() };
        let job = world.run_with(0, &options(|options| options.retry = Some(retry)));
        for _ in 0..n {
            world.listen(Source::Job(job), Channel::State);
        }
        timed(|| {
            for _ in 0..n {
                world.reject(job);
                world.send(Command::Retry { job, again: true, random: 0.0 });
                world.pass(0.0);
            }
        })
    });
}

#[test]
fn keys_that_are_watched() {
    expect_in_proportion(|n| {
        let mut world = World::with(|_| {});
        timed(|| {
            let listeners: Vec<_> = (0..n).map(|key| world.listen(Source::Key(KeyId(key)), Channel::Key)).collect();
            (0..n).for_each(|key| {
                let job = world.run(key);
                world.resolve(job);
            });
            for listener in newest_first(listeners) {
                world.send(Command::Unlisten(listener));
            }
        })
    });
}

// ── waiting ─────────────────────────────────────────────────────────────────────────────────────

#[test]
fn waits_for_one_stop_barrier_that_time_out() {
    expect_in_proportion(|n| {
        let (mut world, job, _) = watched(0, Channel::Stopped);
        timed(|| {
            for timeout in shuffled((0..n).collect()) {
                world.send(Command::AwaitStop { job, timeout: f64::from(timeout) / 1000.0 });
            }
            world.pass(f64::from(n) / 1000.0);
        })
    });
}

#[test]
fn delays_that_are_stopped() {
    for order in [newest_first, shuffled] {
        expect_in_proportion(|n| {
            let mut world = World::with(|_| {});
            timed(|| {
                let delayed = |key| options(|options| options.delay = Some(1000.0 + f64::from(key % 77)));
                let jobs = (0..n).map(|key| world.run_with(key, &delayed(key))).collect();
                for job in order(jobs) {
                    world.stop(job);
                }
            })
        });
    }
}

#[test]
fn delays_that_ripen() {
    expect_in_proportion(|n| {
        let mut world = World::of_concurrency(1.0);
        timed(|| {
            for key in 0..n {
                world.run_with(key, &options(|options| options.delay = Some(f64::from(key) / 1000.0)));
            }
            world.pass(f64::from(n) / 1000.0);
        })
    });
}

#[test]
fn priorities_that_change() {
    expect_in_proportion(|n| {
        let mut world = World::of_concurrency(1.0);
        timed(|| {
            let jobs = (0..n).map(|key| world.run_at(key, f64::from(key))).collect();
            for (job, priority) in shuffled(jobs).into_iter().zip(0..) {
                world.send(Command::SetPriority { job, priority: f64::from(priority) });
            }
        })
    });
}

#[test]
fn jobs_that_are_retained_and_forgotten() {
    expect_in_proportion(|n| {
        let mut world = World::with(|options| options.retain = f64::from(n));
        timed(|| {
            for key in 0..2 * n {
                let job = world.run(key);
                world.resolve(job);
                world.recycle();
            }
        })
    });
}

#[test]
fn starts_within_a_rate_limit() {
    expect_in_proportion(|n| {
        let mut world = World::with(|options| options.rate_limit = Some((f64::from(n), 1.0)));
        timed(|| {
            for key in 0..2 * n {
                world.run(key);
            }
            world.pass(10.0);
        })
    });
}

#[test]
fn managers_with_a_job_each() {
    expect_in_proportion(|n| {
        let mut world = World::with(|_| {});
        timed(|| {
            for key in 0..n {
                world.manager = world.add_manager(&ManagerOptions::default());
                let job = world.run(key);
                world.send(Command::DropManager(world.manager));
                world.resolve(job);
                world.recycle();
            }
        })
    });
}
