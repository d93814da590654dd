//! State and progress, as others see them.

use std::cell::RefCell;
use std::rc::Rc;

use futures::StreamExt;
use jobgate::browser::{JobStatus, Progress, Refusal};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::*;

/// A job whose body hands out its context, and then waits to be told to return.
async fn run_with_context() -> (Manager, TestJob, TestContext, Work) {
    let manager = manager();
    let held = Rc::new(RefCell::new(None));
    let (finish, finished) = futures::channel::oneshot::channel();
    let (slot, mut finished) = (held.clone(), Some(finished));
    let body = move |context| {
        slot.replace(Some(context));
        let finished = finished.take().unwrap();
        async move { Ok(finished.await?) }
    };
    let job = run(&manager, "key", body, &plain());
    turn().await;
    let context = held.take().unwrap();
    (manager, job, context, Work::new(finish))
}

#[wasm_bindgen_test]
async fn a_watch_gives_the_present_state_then_each_then_ends_with_the_job() {
    let (_manager, job, context, work) = run_with_context().await;
    let mut states = job.watch();
    assert_eq!(states.next().await, Some(0));
    context.set_state(1);
    assert_eq!((states.next().await, job.state(), context.state()), (Some(1), 1, 1));
    context.update_state(|state| *state += 10);
    assert_eq!(states.next().await, Some(11));
    work.finish(0);
    assert_eq!(states.next().await, None);
    assert_eq!(states.next().await, None);
}

#[wasm_bindgen_test]
async fn a_slow_watcher_gets_the_newest_and_always_the_last() {
    let (_manager, job, context, work) = run_with_context().await;
    let (mut slow, mut late) = (job.watch(), job.watch());
    assert_eq!(slow.next().await, Some(0));
    for state in 1..=1000 {
        context.set_state(state);
    }
    assert_eq!(slow.next().await, Some(1000));
    assert!(poll(&mut slow.next()).is_pending());
    context.set_state(1001);
    work.finish(0);
    job.ended().await;
    assert_eq!((slow.next().await, slow.next().await), (Some(1001), None));
    assert_eq!((late.next().await, late.next().await), (Some(1001), None));
    assert_eq!(job.watch().collect::<Vec<_>>().await, [1001]);
}

#[wasm_bindgen_test]
async fn waiting_for_the_next_state_can_be_given_up_without_missing_one() {
    let (_manager, job, context, work) = run_with_context().await;
    let mut states = job.watch();
    assert_eq!(states.next().await, Some(0));
    assert!(poll(&mut states.next()).is_pending());
    context.set_state(1);
    assert_eq!(states.next().await, Some(1));
    drop(states);
    context.set_state(2);
    assert_eq!(job.state(), 2);
    work.finish(0);
    job.ended().await;
}

#[wasm_bindgen_test]
async fn a_watcher_is_woken_by_each_change() {
    let (_manager, job, context, work) = run_with_context().await;
    let seen = Trace::default();
    let (log, watch) = (seen.clone(), job.watch());
    wasm_bindgen_futures::spawn_local(watch.for_each(move |state| {
        log.add(state.to_string());
        std::future::ready(())
    }));
    for state in 1..=3 {
        context.set_state(state);
        turn().await;
    }
    assert_eq!(seen.take(), ["1", "2", "3"]);
    work.finish(0);
    job.ended().await;
}

#[wasm_bindgen_test]
async fn progress_is_clamped_watched_and_refused_where_it_makes_no_sense() {
    let (_manager, job, context, work) = run_with_context().await;
    let mut watch = job.watch_progress();
    assert_eq!(watch.next().await, Some(Progress::default()));
    context.progress(41.5, "reading").unwrap();
    let reading = Progress { percent: 41.5, message: "reading".into() };
    assert_eq!((job.progress(), watch.next().await), (reading.clone(), Some(reading.clone())));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(matches!(context.progress(bad, "bad"), Err(Refusal::OutOfBounds(fault)) if fault.field == "percent"));
    }
    assert_eq!(job.progress(), reading);
    context.progress(-3.0, String::from("below")).unwrap();
    assert_eq!(job.progress().percent, 0.0);
    context.progress(300.0, "above").unwrap();
    assert_eq!(job.progress().percent, 100.0);
    work.finish(0);
    assert_eq!(watch.map(|progress| progress.percent).collect::<Vec<_>>().await, [100.0]);
}

#[wasm_bindgen_test]
async fn a_context_that_outlives_its_attempt_speaks_for_nobody() {
    let (manager, job, context, work) = run_with_context().await;
    context.set_state(1);
    work.finish(0);
    job.ended().await;
    // A job that may have taken over the number of the one that ended.
    let (other, other_work) = run_stubborn(&manager, "other", &plain());
    turn().await;
    let events = Trace::default();
    let log = events.clone();
    let _subscription = manager.on_event(move |_, event| log.add(format!("{event:?}")));
    let leaked = context.clone();
    leaked.set_state(2);
    leaked.update_state(|state| *state = 3);
    leaked.progress(50.0, "late").unwrap();
    leaked.log("late");
    assert_eq!((job.state(), job.progress(), other.state()), (1, Progress::default(), 0));
    assert_eq!(events.take(), [""; 0]);
    assert!(context.is_cancelled(), "helpers that wait for the request to end are let go");
    context.cancelled().await;
    assert_eq!((context.actions().next().await, context.cancel_reason()), (None, None));
    other_work.finish(0);
    other.ended().await;
    assert_eq!(job.status(), JobStatus::Completed);
}

#[wasm_bindgen_test]
async fn a_state_may_use_the_job_while_it_is_cloned_and_dropped() {
    use jobgate::browser::{Job, JobManager, ManagerOptions};

    /// Looks at its job whenever it is cloned or dropped.
    #[derive(Default)]
    struct Nosy(Slot);
    type Slot = Rc<RefCell<Option<NosyJob>>>;
    type NosyJob = Job<u32, Nosy, (), ()>;
    impl Nosy {
        fn look(&self) {
            let job = self.0.borrow().clone();
            if let Some(job) = job {
                assert_ne!(job.status(), JobStatus::Failed);
                job.dispatch(());
            }
        }
    }
    impl Clone for Nosy {
        fn clone(&self) -> Self {
            self.look();
            Self(self.0.clone())
        }
    }
    impl Drop for Nosy {
        fn drop(&mut self) {
            self.look();
        }
    }

    let manager = JobManager::<u32, Nosy, (), ()>::new(&ManagerOptions::default()).unwrap();
    let slot = Rc::new(RefCell::new(None));
    let body = |context: jobgate::browser::JobContext<Nosy, ()>| async move {
        for _ in 0..3 {
            context.update_state(|state| state.look());
        }
        Ok(())
    };
    let job = manager.run_job_from(1, Nosy(slot.clone()), body, &plain()).unwrap().into_job();
    slot.replace(Some(job.clone()));
    job.watch().for_each(|_| std::future::ready(())).await;
    assert_eq!(job.status(), JobStatus::Completed);
    slot.take();
}
