//! Nothing is left of what has ended.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::{Stream, StreamExt};
use jobgate::browser::{Job, JobContext, JobError, JobManager, ManagerOptions, OnDuplicate, RunOptions};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::*;

#[wasm_bindgen_test]
async fn ten_thousand_jobs_later_nothing_is_left() {
    let options = ManagerOptions { concurrency: 64.0, ..ManagerOptions::default() };
    let manager = JobManager::<u32, u32, u32, u32>::new(&options).unwrap();
    let probe = Probe::default();
    for key in 0..10_000 {
        let probe = probe.clone();
        let body = move |context: JobContext<u32, u32>| {
            let probe = probe.clone();
            async move {
                context.set_state(key);
                drop(probe);
                if key % 3 == 0 { Err(JobError::new("every third")) } else { Ok(key) }
            }
        };
        let job = manager.run_job(key, body, &plain()).unwrap().into_job();
        job.dispatch(key);
        if key % 5 == 4 {
            job.stop();
        }
        if key % 7 == 0 {
            manager.run_job(key, |_| async { Ok(0) }, &on_duplicate(OnDuplicate::Replace)).unwrap();
        }
    }
    manager.on_idle().await;
    let stats = manager.stats();
    assert_eq!(stats.total, 10_000 + 1429);
    assert!(stats.completed > 0 && stats.failed > 0 && stats.cancelled > 2000, "{stats:?}");
    assert_eq!((manager.live_records(), probe.others()), (0, 0));
}

type ProbeManager = JobManager<Key<u32, Probe>, Probe, Probe, Probe>;

fn run_probed(manager: &ProbeManager, probe: &Probe) -> Job<Key<u32, Probe>, Probe, Probe, Probe> {
    let captured = probe.clone();
    let body = move |context: JobContext<Probe, Probe>| {
        let held = captured.clone();
        async move {
            context.set_state(held.clone());
            context.cancelled().await;
            Ok(held)
        }
    };
    let job = manager.run_job_from(Key(1, probe.clone()), probe.clone(), body, &plain()).unwrap().into_job();
    job.dispatch(probe.clone());
    let held = probe.clone();
    job.on_end("probe", move |_, _| drop(held));
    job
}

#[wasm_bindgen_test]
async fn every_value_goes_with_the_last_handle() {
    let (manager, probe) = (ProbeManager::new(&ManagerOptions::default()).unwrap(), Probe::default());
    let job = run_probed(&manager, &probe);
    turn().await;
    assert!(probe.others() >= 6, "key twice, body, held by it, state, action, continuation");
    job.stop().await;
    assert_eq!(probe.others(), 2, "its key and its last state can still be read");
    assert_eq!(manager.live_records(), 0);
    drop(job);
    assert_eq!(probe.others(), 0);
}

#[wasm_bindgen_test]
async fn a_result_lives_as_long_as_someone_may_read_it() {
    let (manager, probe) = (ProbeManager::new(&ManagerOptions::default()).unwrap(), Probe::default());
    let result = probe.clone();
    let body = move |_| std::future::ready(Ok(result.clone()));
    let job = manager.run_job(Key(1, Probe::default()), body, &plain()).unwrap().into_job();
    let (wait, completion) = (job.result(), job.result().await);
    drop((job, manager));
    assert_eq!(probe.others(), 1);
    drop(wait);
    assert_eq!(probe.others(), 1);
    drop(completion);
    assert_eq!(probe.others(), 0);
}

#[wasm_bindgen_test]
async fn a_manager_and_its_listeners_go_with_the_last_job() {
    let (manager, probe) = (ProbeManager::new(&ManagerOptions::default()).unwrap(), Probe::default());
    let (changes, events) = (probe.clone(), probe.clone());
    let forgotten = (
        manager.subscribe(move || assert!(changes.others() > 0)),
        manager.on_event(move |_, _| assert!(events.others() > 0)),
    );
    std::mem::forget(forgotten);
    let job = run_probed(&manager, &probe);
    drop(manager);
    turn().await;
    assert!(probe.others() > 2);
    job.stop().await;
    drop(job);
    turn().await;
    assert_eq!(probe.others(), 0);
}

#[wasm_bindgen_test]
async fn a_dropped_manager_keeps_nothing_of_what_it_retained() {
    let options = ManagerOptions { retain: 5.0, ..ManagerOptions::default() };
    let (manager, probe) = (ProbeManager::new(&options).unwrap(), Probe::default());
    run_probed(&manager, &probe).stop().await;
    turn().await;
    assert_eq!(manager.jobs().len(), 1);
    assert!(probe.others() > 0);
    drop(manager);
    assert_eq!(probe.others(), 0);
}

/// Does nothing, and tells how often it is held.
struct Idle;

impl Wake for Idle {
    fn wake(self: Arc<Self>) {}
}

#[wasm_bindgen_test]
async fn waits_that_are_dropped_leave_no_waker() {
    let manager = manager();
    let idle = Arc::new(Idle);
    let waker = Waker::from(idle.clone());
    let mut context = Context::from_waker(&waker);
    let (job, work) = run_stubborn(&manager, "key", &plain());
    turn().await;

    let mut states = job.watch();
    assert_eq!(states.poll_next_unpin(&mut context), Poll::Ready(Some(0)));
    let mut progress = job.watch_progress();
    assert!(progress.poll_next_unpin(&mut context).is_ready());
    let (mut ended, mut stopped, mut limited) = (job.result(), job.ended(), job.stop_within(Duration::from_secs(60)));
    let mut idle_wait = manager.on_idle();
    for round in 0..3 {
        let polled = [
            states.poll_next_unpin(&mut context).is_pending(),
            std::pin::Pin::new(&mut progress).poll_next(&mut context).is_pending(),
            std::pin::Pin::new(&mut ended).poll(&mut context).is_pending(),
            std::pin::Pin::new(&mut stopped).poll(&mut context).is_pending(),
            std::pin::Pin::new(&mut limited).poll(&mut context).is_pending(),
            std::pin::Pin::new(&mut idle_wait).poll(&mut context).is_pending(),
        ];
        assert_eq!(polled, [true; 6]);
        // One for each wait, two for the one with a limit, however often they are polled.
        assert_eq!(Arc::strong_count(&idle), 2 + 7, "round {round}");
    }
    drop((states, progress, ended, stopped, limited, idle_wait));
    assert_eq!(Arc::strong_count(&idle), 2);
    work.finish(0);
    job.ended().await;
    assert_eq!(manager.live_records(), 0);
}

#[wasm_bindgen_test]
async fn ended_jobs_leave_no_timer() {
    let (clock, manager) = (FakeClock::install(), manager());
    let options = RunOptions { timeout: Some(1e6), delay: Some(5.0), ..plain() };
    let job = run(&manager, "key", at_once, &options);
    clock.advance(5.0).await;
    assert!(job.completion().is_some());
    // The one that was set for the timeout is still under way; it finds nothing and sets no other.
    clock.advance(1e6).await;
    assert_eq!((clock.waiting(), manager.live_records()), (0, 0));
}
