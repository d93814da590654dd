//! Callbacks on a manager: what they are told, in which order, and what they may do.

use std::cell::RefCell;
use std::rc::Rc;

use jobgate::browser::{
    JobContext, JobError, JobEvent, JobManager, ManagerOptions, RetryOptions, RunOptions, Subscription,
};
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::*;

/// Writes down every event with its job's key.
fn write_events(manager: &Manager, trace: &Trace, name: &'static str) -> Subscription {
    let log = trace.clone();
    manager.on_event(move |job, event| log.add(format!("{name}{} {event:?}", job.key())))
}

#[wasm_bindgen_test]
async fn one_call_is_one_change() {
    let (manager, trace) = (manager(), Trace::default());
    let log = trace.clone();
    let subscription = manager.subscribe(move || log.add("change"));
    let job = run_until_stopped(&manager, "key", &plain());
    assert_eq!(trace.take(), ["change"]);
    turn().await;
    assert_eq!(trace.take(), [""; 0]);
    let stopped = job.stop();
    assert_eq!(trace.take(), ["change"], "it is stopping");
    stopped.await;
    assert_eq!(trace.take(), ["change"]);
    drop(subscription);
    run(&manager, "key", at_once, &plain()).result().await;
    assert_eq!(trace.take(), [""; 0]);
    assert_eq!(manager.live_records(), 1, "the place for listeners");
}

#[wasm_bindgen_test]
async fn events_tell_a_job_s_life() {
    let (manager, trace) = (manager(), Trace::default());
    let _subscription = write_events(&manager, &trace, "");
    let body = |context: TestContext| async move {
        context.progress(10.0, "ten")?;
        context.log(format!("attempt {}", context.attempt()));
        if context.attempt() == 1 { Err(JobError::new("no")) } else { Ok(0) }
    };
    let retry = RetryOptions { limit: 1.0, delay: 0.0, ..RetryOptions::default() };
    run(&manager, "a", body, &RunOptions { retry: Some(retry), ..plain() }).result().await;
    let life = [
        "a Created",
        "a Started",
        "a Progress",
        "a Log(\"attempt 1\")",
        "a Retrying",
        "a Started",
        "a Progress",
        "a Log(\"attempt 2\")",
        "a Completed",
        "a Removed",
    ];
    assert_eq!(trace.take(), life);
    run(&manager, "b", |_| async { Err(JobError::new("no")) }, &plain()).result().await;
    assert_eq!(trace.take(), ["b Created", "b Started", "b Failed", "b Removed"]);
    run_until_stopped(&manager, "c", &plain()).stop().await;
    assert_eq!(trace.take(), ["c Created", "c Started", "c Stopping", "c Cancelled", "c Removed"]);
}

#[wasm_bindgen_test]
async fn what_an_event_tells_is_so_when_it_is_told() {
    let (manager, trace) = (manager(), Trace::default());
    let log = trace.clone();
    let _subscription = manager.on_event(move |job, event| match event {
        JobEvent::Progress => log.add(job.progress().message),
        JobEvent::Completed => log.add(format!("{:?} {:?}", job.status(), job.completion().unwrap().ok())),
        _ => {}
    });
    let body = |context: TestContext| async move {
        context.progress(1.0, "one")?;
        context.progress(2.0, "two")?;
        Ok(7)
    };
    run(&manager, "key", body, &plain()).result().await;
    assert_eq!(trace.take(), ["one", "two", "Completed Some(7)"]);
}

#[wasm_bindgen_test]
async fn listeners_a_hundred_deep_hear_everything_in_one_order() {
    let manager = JobManager::<u32, (), (), ()>::new(&ManagerOptions::default()).unwrap();
    let (first, last) = (Trace::default(), Trace::default());
    let log = first.clone();
    let _first = manager.on_event(move |job, event| log.add(format!("{} {event:?}", job.key())));
    let inner = manager.clone();
    let _nesting = manager.on_event(move |job, event| match event {
        JobEvent::Created if *job.key() < 100 => {
            let body = |context: JobContext<(), ()>| async move {
                context.cancelled().await;
                Ok(())
            };
            assert!(inner.run_job(job.key() + 1, body, &plain()).unwrap().is_created());
        }
        JobEvent::Started if *job.key() % 2 == 0 => {
            job.stop();
        }
        _ => {}
    });
    let log = last.clone();
    let _last = manager.on_event(move |job, event| log.add(format!("{} {event:?}", job.key())));
    manager.run_job(0, |_| async { Ok(()) }, &plain()).unwrap();
    turn().await;
    manager.stop_all().await;
    let (first, last) = (first.take(), last.take());
    assert_eq!(first, last);
    assert_eq!(first.iter().filter(|line| line.ends_with("Created")).count(), 101);
    assert_eq!(first.get(..4).unwrap(), ["0 Created", "0 Started", "1 Created", "1 Started"]);
    assert_eq!(manager.stats().cancelled, 101);
}

#[wasm_bindgen_test]
async fn log_lines_stay_with_their_events_however_they_are_nested() {
    let (manager, trace) = (manager(), Trace::default());
    let contexts = Rc::new(RefCell::new(Vec::<TestContext>::new()));
    let speakers = contexts.clone();
    let _nesting = manager.on_event(move |job, event| {
        if let (&"a", JobEvent::Log(line)) = (job.key(), event) {
            for context in speakers.borrow().get(1..).unwrap_or_default() {
                context.log(format!("after {line}"));
            }
        }
    });
    let _subscription = write_events(&manager, &trace, "");
    for key in ["a", "b"] {
        let contexts = contexts.clone();
        let body = move |context: TestContext| {
            contexts.borrow_mut().push(context.clone());
            async move {
                context.cancelled().await;
                Ok(0)
            }
        };
        run(&manager, key, body, &plain());
    }
    turn().await;
    trace.take();
    for line in ["one", "two"] {
        let speaker = contexts.borrow().first().unwrap().clone();
        speaker.log(line);
    }
    let told = ["a Log(\"one\")", "b Log(\"after one\")", "a Log(\"two\")", "b Log(\"after two\")"];
    assert_eq!(trace.take(), told);
    contexts.take();
    manager.stop_all().await;
}

#[wasm_bindgen_test]
async fn nobody_is_told_after_unsubscribing_also_where_a_call_was_due() {
    let (manager, trace) = (manager(), Trace::default());
    let victim = Rc::new(RefCell::new(None::<Subscription>));
    let (log, target) = (trace.clone(), victim.clone());
    let _killer = manager.subscribe(move || {
        log.add("killer");
        drop(target.take());
    });
    let log = trace.clone();
    victim.replace(Some(manager.subscribe(move || log.add("victim"))));
    let own = Rc::new(RefCell::new(None::<Subscription>));
    let (log, itself) = (trace.clone(), own.clone());
    own.replace(Some(manager.subscribe(move || {
        log.add("once");
        drop(itself.take());
    })));
    let job = run_until_stopped(&manager, "key", &plain());
    assert_eq!(trace.take(), ["killer", "once"]);
    job.stop();
    assert_eq!(trace.take(), ["killer"]);
}

#[wasm_bindgen_test]
async fn a_listener_added_while_others_are_told_hears_what_comes_next() {
    let (manager, trace) = (manager(), Trace::default());
    let added = Rc::new(RefCell::new(Vec::new()));
    let (log, inner, keep) = (trace.clone(), manager.clone(), added.clone());
    let _adding = manager.subscribe(move || {
        log.add("old");
        if keep.borrow().is_empty() {
            let log = log.clone();
            keep.borrow_mut().push(inner.subscribe(move || log.add("new")));
        }
    });
    let job = run_until_stopped(&manager, "key", &plain());
    assert_eq!(trace.take(), ["old"]);
    job.stop();
    assert_eq!(trace.take(), ["old", "new"]);
    added.take();
}

#[wasm_bindgen_test]
async fn a_listener_may_end_what_it_is_told_of_and_what_waits_behind_it() {
    let (manager, trace) = (one_at_a_time(), Trace::default());
    let inner = manager.clone();
    let _stopping = manager.on_event(move |job, event| {
        if *event == JobEvent::Started && *job.key() == "a" {
            inner.stop_job("b");
            job.stop();
        }
    });
    let _subscription = write_events(&manager, &trace, "");
    let gate = run_until_stopped(&manager, "gate", &plain());
    let a = run_until_stopped(&manager, "a", &plain());
    run(&manager, "b", |_| async { unreachable!() }, &plain());
    gate.stop().await;
    a.ended().await;
    let cancelled: Vec<_> = trace.take().into_iter().filter(|line| line.ends_with("Cancelled")).collect();
    assert_eq!(cancelled, ["gate Cancelled", "b Cancelled", "a Cancelled"]);
}

#[wasm_bindgen_test]
async fn what_a_listener_causes_is_so_at_once_and_told_in_its_turn() {
    let (manager, trace) = (one_at_a_time(), Trace::default());
    let speaks = |context: TestContext| async move {
        context.log("now");
        Ok(0)
    };
    run(&manager, "speaks", speaks, &plain());
    let pending = run_until_stopped(&manager, "pending", &plain());
    let log = trace.clone();
    pending.on_end("told", move |_, _| log.add("told"));
    let (log, target) = (trace.clone(), pending.clone());
    let _stopping = manager.on_event(move |_, event| {
        if let JobEvent::Log(_) = event {
            let (stopped, told) = (target.stop(), poll(&mut target.result()).is_ready());
            log.add(format!("{:?} {:?} {} {told}", target.status(), target.completion().unwrap(), stopped.is_open()));
        }
    });
    assert!(pending.result().await.is_cancelled());
    assert_eq!(trace.take(), ["Cancelled Cancelled(Stop) false false", "told"]);
}
