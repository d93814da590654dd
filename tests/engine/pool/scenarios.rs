use jobgate::engine::Time;
use jobgate::engine::pool::{Command, Effect, End, LARGEST_SIZE, Pool, PoolOptions, TaskId, WorkerId};

const IDLE: f64 = 1000.0;
const GRACE: f64 = 250.0;

fn pool(size: f64) -> Pool {
    Pool::new(&PoolOptions { size, idle_timeout: IDLE, grace: GRACE }).unwrap()
}

fn at(millis: f64) -> Time {
    Time::from_millis(millis)
}

fn post(worker: u32, task: u32) -> Effect {
    Effect::Post { worker: WorkerId(worker), task: TaskId(task) }
}

fn end(task: u32, how: End) -> Effect {
    Effect::End { task: TaskId(task), how }
}

fn spawn(worker: u32) -> Effect {
    Effect::Spawn(WorkerId(worker))
}

fn terminate(worker: u32) -> Effect {
    Effect::Terminate(WorkerId(worker))
}

fn submit(pool: &mut Pool, task: u32) -> Vec<Effect> {
    pool.handle(at(0.0), Command::Submit(TaskId(task)))
}

/// What the worker says of the task.
fn settled(worker: u32, task: u32) -> Command {
    Command::Settled { worker: WorkerId(worker), task: TaskId(task) }
}

fn loaded(pool: &mut Pool, worker: u32) -> Vec<Effect> {
    pool.handle(at(0.0), Command::Loaded(WorkerId(worker)))
}

#[test]
fn workers_start_on_demand_up_to_the_size_and_take_what_waits_in_its_order() {
    let mut pool = pool(2.0);
    assert_eq!(submit(&mut pool, 1), [spawn(0)]);
    assert_eq!(submit(&mut pool, 2), [spawn(1)]);
    assert_eq!(submit(&mut pool, 3), []);
    assert_eq!(loaded(&mut pool, 1), [post(1, 1)]);
    assert_eq!(pool.handle(at(1.0), settled(1, 1)), [end(1, End::Settled), post(1, 2)]);
    assert_eq!(loaded(&mut pool, 0), [post(0, 3)]);
}

#[test]
fn the_worker_used_last_is_taken_first_so_that_the_other_ends() {
    let mut pool = pool(2.0);
    for task in [1, 2] {
        submit(&mut pool, task);
    }
    for worker in [0, 1] {
        loaded(&mut pool, worker);
    }
    pool.handle(at(10.0), settled(1, 2));
    pool.handle(at(20.0), settled(0, 1));
    assert_eq!(pool.handle(at(30.0), Command::Submit(TaskId(3))), [post(0, 3)]);
    assert_eq!(pool.wake_at(), Some(at(10.0 + IDLE)));
    assert_eq!(pool.handle(at(10.0 + IDLE), Command::Tick), [terminate(1)]);
    assert_eq!(pool.stats().killed, 0);
}

#[test]
fn a_task_that_settles_within_the_grace_keeps_its_worker() {
    let mut pool = pool(1.0);
    submit(&mut pool, 1);
    loaded(&mut pool, 0);
    let abort = [Effect::Abort { worker: WorkerId(0), task: TaskId(1) }, Effect::Wake];
    assert_eq!(pool.handle(at(5.0), Command::Stop(TaskId(1))), abort);
    assert_eq!(pool.handle(at(6.0), Command::Stop(TaskId(1))), [], "asked again the grace does not begin anew");
    assert_eq!(pool.wake_at(), Some(at(5.0 + GRACE)));
    assert_eq!(pool.handle(at(7.0), settled(0, 1)), [end(1, End::Settled)]);
    assert_eq!(pool.handle(at(5.0 + GRACE), Command::Tick), [Effect::Wake], "for the worker, which is idle now");
    assert_eq!((pool.stats().idle, pool.stats().killed), (1, 0));
}

#[test]
fn one_that_does_not_is_killed_and_the_next_does_not_wait_for_its_death() {
    let mut pool = pool(1.0);
    submit(&mut pool, 1);
    loaded(&mut pool, 0);
    submit(&mut pool, 2);
    pool.handle(at(5.0), Command::Stop(TaskId(1)));
    assert_eq!(pool.handle(at(4.9 + GRACE), Command::Tick), [Effect::Wake], "too early");
    assert_eq!(pool.handle(at(5.0 + GRACE), Command::Tick), [end(1, End::Killed), terminate(0), spawn(1)]);
    // What crossed it on the way counts for nothing.
    assert_eq!(pool.handle(at(300.0), settled(0, 1)), []);
    assert_eq!(pool.handle(at(300.0), Command::Lost(WorkerId(0))), []);
    assert_eq!(pool.handle(at(300.0), Command::Loaded(WorkerId(1))), [post(1, 2)]);
    assert_eq!(pool.stats().killed, 1);
}

#[test]
fn a_task_without_a_worker_is_stopped_at_once() {
    let mut pool = pool(1.0);
    submit(&mut pool, 1);
    submit(&mut pool, 2);
    assert_eq!(pool.handle(at(1.0), Command::Stop(TaskId(2))), [end(2, End::Stopped)]);
    assert_eq!(pool.handle(at(1.0), Command::Stop(TaskId(1))), [end(1, End::Stopped)]);
    assert_eq!(loaded(&mut pool, 0), [Effect::Wake]);
    assert_eq!(pool.stats().idle, 1);
}

#[test]
fn where_no_worker_loads_all_that_wait_fail() {
    let mut pool = pool(2.0);
    for task in 1..=3 {
        submit(&mut pool, task);
    }
    let not_loaded = |worker| move |task| end(task, End::NotLoaded(WorkerId(worker)));
    let lost = |pool: &mut Pool, worker| pool.handle(at(9.0), Command::Lost(WorkerId(worker)));
    assert_eq!(lost(&mut pool, 0), [not_loaded(0)(1), terminate(0)]);
    assert_eq!(submit(&mut pool, 4), [], "none is started while one of the others may come up");
    assert_eq!(lost(&mut pool, 1), [2, 3, 4].map(not_loaded(1)).into_iter().chain([terminate(1)]).collect::<Vec<_>>());
    assert_eq!((pool.wake_at(), pool.stats().killed), (None, 0));
    // Who comes next has it tried anew.
    assert_eq!(submit(&mut pool, 5), [spawn(2)]);
}

#[test]
fn one_that_does_not_load_fails_the_oldest_only_while_others_are_being_loaded_and_those_take_the_rest() {
    let mut pool = pool(3.0);
    for task in 1..=4 {
        submit(&mut pool, task);
    }
    let failed = [end(1, End::NotLoaded(WorkerId(0))), terminate(0)];
    assert_eq!(pool.handle(at(9.0), Command::Lost(WorkerId(0))), failed);
    assert_eq!(loaded(&mut pool, 2), [post(2, 2), spawn(3)], "the size is made use of again");
    assert_eq!(loaded(&mut pool, 1), [post(1, 3)]);
    assert_eq!(loaded(&mut pool, 3), [post(3, 4)]);
}

#[test]
fn so_many_workers_at_most_are_tried_as_there_may_be_where_none_loads() {
    let mut pool = pool(2.0);
    for task in 1..=1000 {
        submit(&mut pool, task);
    }
    let ended: usize = (0..2).map(|worker| pool.handle(at(9.0), Command::Lost(WorkerId(worker))).len() - 1).sum();
    assert_eq!((ended, pool.stats().spawned), (1000, 2));
}

#[test]
fn where_another_worker_runs_one_that_does_not_load_fails_the_oldest_only() {
    let mut pool = pool(2.0);
    submit(&mut pool, 1);
    loaded(&mut pool, 0);
    submit(&mut pool, 2);
    submit(&mut pool, 3);
    let effects = pool.handle(at(9.0), Command::Lost(WorkerId(1)));
    assert_eq!(effects, [end(2, End::NotLoaded(WorkerId(1))), terminate(1), spawn(2)]);
    assert_eq!(pool.handle(at(9.0), settled(0, 1)), [end(1, End::Settled), post(0, 3)]);
}

#[test]
fn a_worker_that_never_says_that_it_is_ready_counts_as_not_loaded() {
    let mut pool = pool(1.0);
    submit(&mut pool, 1);
    // How long that may take is no matter of a clock that a test may have in its hands.
    assert_eq!((pool.wake_at(), pool.handle(at(1e9), Command::Tick)), (None, vec![]));
    let failed = [end(1, End::NotLoaded(WorkerId(0))), terminate(0)];
    assert_eq!(pool.handle(at(1e9), Command::Lost(WorkerId(0))), failed);
}

#[test]
fn a_worker_that_breaks_fails_its_task_and_no_other() {
    let mut pool = pool(1.0);
    submit(&mut pool, 1);
    loaded(&mut pool, 0);
    submit(&mut pool, 2);
    let effects = pool.handle(at(9.0), Command::Lost(WorkerId(0)));
    assert_eq!(effects, [end(1, End::Lost(WorkerId(0))), terminate(0), spawn(1)]);
    // With nothing to do there is none in its place: one that always breaks would be started for ever.
    loaded(&mut pool, 1);
    pool.handle(at(10.0), settled(1, 2));
    assert_eq!(pool.handle(at(11.0), Command::Lost(WorkerId(1))), [terminate(1)]);
    assert_eq!(pool.stats().killed, 2);
}

#[test]
fn closing_stops_what_runs_and_ends_the_rest() {
    let mut pool = pool(3.0);
    for task in 1..=3 {
        submit(&mut pool, task);
    }
    loaded(&mut pool, 0);
    loaded(&mut pool, 1);
    submit(&mut pool, 4);
    let effects = pool.handle(at(10.0), Command::Close);
    let abort = |worker, task| Effect::Abort { worker: WorkerId(worker), task: TaskId(task) };
    let ended = [end(3, End::Closed), end(4, End::Closed), terminate(2), abort(0, 1), abort(1, 2), Effect::Wake];
    assert_eq!(effects, ended);
    assert_eq!(submit(&mut pool, 5), [end(5, End::Closed)]);
    assert_eq!(pool.handle(at(11.0), settled(0, 1)), [end(1, End::Closed), terminate(0)]);
    let last = [end(2, End::Closed), terminate(1), Effect::Closed];
    assert_eq!(pool.handle(at(10.0 + GRACE), Command::Tick), last);
    assert_eq!(pool.wake_at(), None);
}

#[test]
fn a_pool_without_workers_is_closed_at_once() {
    assert_eq!(pool(1.0).handle(at(0.0), Command::Close), [Effect::Closed]);
}

#[test]
fn options_out_of_bounds_are_named() {
    let good = PoolOptions { size: 1.0, idle_timeout: 0.0, grace: 0.0 };
    assert!(Pool::new(&good).is_ok());
    let refused = |options| Pool::new(&options).unwrap_err().to_string();
    for size in [0.0, -1.0, 1.5, f64::NAN] {
        assert_eq!(refused(PoolOptions { size, ..good }), "size must be an integer of at least 1, or Infinity");
    }
    for grace in [-1.0, f64::INFINITY, f64::NAN] {
        assert!(refused(PoolOptions { grace, ..good }).starts_with("grace must be a finite number"));
    }
    for idle_timeout in [-1.0, f64::NAN] {
        assert!(refused(PoolOptions { idle_timeout, ..good }).starts_with("idleTimeout must be"));
    }
    for size in [33.0, 1e12, f64::INFINITY] {
        assert_eq!(Pool::new(&PoolOptions { size, ..good }).unwrap().stats().size, LARGEST_SIZE);
    }
}

#[test]
fn idle_workers_may_stay_for_ever() {
    let mut pool = Pool::new(&PoolOptions { size: 1.0, idle_timeout: f64::INFINITY, grace: 0.0 }).unwrap();
    submit(&mut pool, 1);
    loaded(&mut pool, 0);
    pool.handle(at(1.0), settled(0, 1));
    assert_eq!(pool.wake_at(), None);
}

#[test]
fn no_worker_ends_the_task_of_another_nor_its_own_twice() {
    let mut pool = pool(2.0);
    submit(&mut pool, 1);
    submit(&mut pool, 2);
    assert_eq!(pool.handle(at(0.0), settled(0, 1)), [], "not given to it yet");
    assert_eq!(loaded(&mut pool, 0), [post(0, 1)]);
    assert_eq!(loaded(&mut pool, 1), [post(1, 2)]);
    submit(&mut pool, 3);
    for (worker, task) in [(0, 2), (1, 1), (0, 3), (7, 1), (0, 0), (0, u32::MAX), (u32::MAX, 1)] {
        assert!(!pool.has_task(WorkerId(worker), TaskId(task)));
        assert_eq!(pool.handle(at(1.0), settled(worker, task)), [], "{worker} says so of {task}");
    }
    assert!(pool.has_task(WorkerId(0), TaskId(1)));
    assert_eq!(pool.handle(at(2.0), settled(0, 1)), [end(1, End::Settled), post(0, 3)]);
    assert_eq!(pool.handle(at(3.0), settled(0, 1)), [], "again, while it has another");
    assert_eq!(pool.stats().busy, 2);
}

#[test]
fn a_task_that_was_asked_to_end_is_its_workers_until_it_has_ended() {
    let mut pool = pool(1.0);
    submit(&mut pool, 1);
    loaded(&mut pool, 0);
    pool.handle(at(5.0), Command::Stop(TaskId(1)));
    assert!(pool.has_task(WorkerId(0), TaskId(1)));
    pool.handle(at(5.0 + GRACE), Command::Tick);
    assert!(!pool.has_task(WorkerId(0), TaskId(1)));
}

/// Nanoseconds that this thread has had a processor, where the system says so: a busy machine takes it away from long
/// runs more often than from short ones.
#[cfg(not(target_family = "wasm"))]
fn spent(since: std::time::Instant) -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let on_processor = told.and_then(|text| text.split(' ').next()?.parse().ok());
    on_processor.unwrap_or(since.elapsed().as_nanos() as u64)
}

/// What it takes to stop that many waiting tasks.
#[cfg(not(target_family = "wasm"))]
fn time_to_stop(count: u32) -> u64 {
    let mut pool = pool(1.0);
    for task in 1..=count {
        submit(&mut pool, task);
    }
    let since = std::time::Instant::now();
    let before = spent(since);
    // From the middle outwards, where taking one out of a row costs most.
    for step in 0..count / 2 {
        for task in [count / 2 - step, count / 2 + step + 1] {
            assert_eq!(pool.handle(at(1.0), Command::Stop(TaskId(task))), [end(task, End::Stopped)]);
        }
    }
    spent(since) - before
}

#[test]
#[cfg(not(target_family = "wasm"))]
fn stopping_four_times_as_many_waiting_tasks_takes_about_four_times_as_long() {
    let rounds: Vec<_> = (0..5).map(|_| (time_to_stop(50_000), time_to_stop(200_000))).collect();
    // Together: systems count a thread's time in steps of milliseconds.
    let few: u64 = rounds.iter().map(|round| round.0).sum();
    let many: u64 = rounds.iter().map(|round| round.1).sum();
    // A square would be sixteen times as long.
    assert!(many < few * 11, "50,000: {few} ns, 200,000: {many} ns");
}
