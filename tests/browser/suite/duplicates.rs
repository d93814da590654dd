//! What happens when the key is taken.

use jobgate::browser::{
    AbortCause, Completion, JobContext, JobManager, JobStatus, ManagerOptions, OnDuplicate, RunOptions,
};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::*;

#[wasm_bindgen_test]
async fn joining_raises_the_priority_of_the_one_that_waits() {
    let manager = one_at_a_time();
    let (_, work) = run_stubborn(&manager, "first", &plain());
    let other = run_until_stopped(&manager, "other", &RunOptions { priority: Some(1.0), ..plain() });
    let raised = run_until_stopped(&manager, "raised", &plain());
    let joined = manager.run_job("raised", at_once, &RunOptions { priority: Some(2.0), ..plain() }).unwrap();
    assert!(!joined.is_created());
    assert_eq!((joined.into_job(), raised.priority()), (raised.clone(), Some(2.0)));
    work.finish(0);
    turn().await;
    assert_eq!((raised.status(), other.status()), (JobStatus::Running, JobStatus::Pending));
    manager.stop_all().await;
}

#[wasm_bindgen_test]
async fn replacing_waits_for_the_one_it_replaces() {
    let manager = manager();
    let (first, work) = run_stubborn(&manager, "key", &plain());
    turn().await;
    let second = run(&manager, "key", at_once, &on_duplicate(OnDuplicate::Replace));
    turn().await;
    assert!(first.is_stopping());
    assert_eq!(second.status(), JobStatus::Pending);
    assert_eq!(manager.running_job("key"), Some(first.clone()));
    work.finish(0);
    assert!(matches!(first.result().await, Completion::Cancelled(AbortCause::Replaced)));
    assert!(second.result().await.ok().is_some());
}

#[wasm_bindgen_test]
async fn replacing_a_pending_job_takes_its_place_at_once() {
    let manager = one_at_a_time();
    let (_, work) = run_stubborn(&manager, "busy", &plain());
    let first = run(&manager, "key", |_| async { unreachable!() }, &plain());
    let second = run(&manager, "key", at_once, &on_duplicate(OnDuplicate::Replace));
    assert_eq!(first.status(), JobStatus::Cancelled);
    assert_eq!(manager.running_job("key"), Some(second.clone()));
    work.finish(0);
    assert!(second.result().await.ok().is_some());
    manager.on_idle().await;
    assert_eq!(manager.live_records(), 0);
}

#[wasm_bindgen_test]
async fn of_those_that_queue_the_latest_wins() {
    let manager = manager();
    let (first, work) = run_stubborn(&manager, "key", &plain());
    let second = run(&manager, "key", |_| async { unreachable!() }, &on_duplicate(OnDuplicate::Queue));
    let third = run(&manager, "key", at_once, &on_duplicate(OnDuplicate::Queue));
    assert_eq!((first.is_stopping(), second.status()), (false, JobStatus::Cancelled));
    assert_eq!(third.status(), JobStatus::Pending);
    work.finish(4);
    assert_eq!(first.result().await.ok(), Some(&4));
    assert!(third.result().await.ok().is_some());
    assert_eq!(manager.live_records(), 0);
}

#[wasm_bindgen_test]
async fn a_key_is_whatever_hashes_and_compares() {
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    enum Key {
        Upload(u32),
        Report { year: u32 },
    }
    let manager = JobManager::<Key>::new(&ManagerOptions::default()).unwrap();
    let run = |key: Key| {
        manager
            .run_job(
                key,
                |context| async move {
                    context.cancelled().await;
                    Ok(())
                },
                &plain(),
            )
            .unwrap()
    };
    assert!(run(Key::Upload(1)).is_created());
    assert!(run(Key::Upload(2)).is_created());
    assert!(run(Key::Report { year: 1 }).is_created());
    assert!(!run(Key::Report { year: 1 }).is_created());
    manager.stop_job(&Key::Upload(2)).await;
    assert!(manager.running_job(&Key::Upload(1)).is_some() && manager.running_job(&Key::Upload(2)).is_none());
    manager.stop_all().await;
    assert_eq!(manager.live_records(), 0);
}

#[wasm_bindgen_test]
async fn owned_keys_are_found_by_what_they_borrow_as() {
    let manager = JobManager::<String>::new(&ManagerOptions::default()).unwrap();
    let body = |context: JobContext<(), ()>| async move {
        context.cancelled().await;
        Ok(())
    };
    manager.run_job("export".to_owned(), body, &plain()).unwrap();
    assert_eq!(manager.running_job("export").unwrap().key(), "export");
    manager.stop_job("export").await;
    assert!(manager.running_job("export").is_none());
}
