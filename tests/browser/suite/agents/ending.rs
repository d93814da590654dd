//! Runs that are asked to end, wherever they are.

use std::cell::RefCell;
use std::rc::Rc;

use futures::channel::oneshot;
use jobgate::browser::agents::{Decision, SessionError, WorkerJob, WorkerState};
use jobgate::browser::{AbortCause, Completion, Refusal, RunOptions};
use wasm_bindgen_test::wasm_bindgen_test;

use super::stage::Act::{Add, Hang, Say};
use super::stage::{Act, Stage, Use, named, within};
use crate::suite::support::{FakeClock, plain, turn, until};

const STARTED: &str = "working|requesting|asked with 1";

/// A place where a run is held: its script, what is set for it, what it has written down when it is there, and after it
/// was asked to end there; and what is said then.
struct Place {
    script: &'static [&'static [Act]],
    set: fn(&Stage),
    there: &'static str,
    then: &'static str,
    said: &'static [&'static str],
}

const NOT_RUN: &str = "tool: The run ended before this call had a result.";

const PLACES: [Place; 7] = [
    Place { script: &[], set: |_| {}, there: "", then: "", said: &[] },
    Place { script: &[&[Hang]], set: |_| {}, there: "", then: "cut|", said: &["user: go"] },
    Place {
        script: &[&[Say("so "), Hang]],
        set: |_| {},
        there: "|receiving|text so ",
        then: "cut|",
        said: &["user: go", "model: so "],
    },
    Place {
        script: &[&[Say("so "), Hang]],
        set: |stage| stage.host.takes_nothing.set(true),
        there: "|receiving|text so ",
        then: "",
        said: &["user: go", "model: so "],
    },
    Place {
        script: &[&[Add(Some(2), 3)]],
        set: |stage| stage.host.answer.set(None),
        there: "|receiving|call 0|waiting|confirm?",
        then: "withdrawn|",
        said: &["user: go", "model: +", NOT_RUN],
    },
    Place {
        script: &[&[Add(Some(2), 3)]],
        set: |stage| stage.tool.next.set(Use::UntilCancelled),
        there: "|receiving|call 0|waiting|confirm?|using_tool|tool",
        then: "tool cut|",
        said: &["user: go", "model: +", NOT_RUN],
    },
    Place {
        script: &[&[Add(Some(2), 3)], &[Hang]],
        set: |_| {},
        there: "|receiving|call 0|waiting|confirm?|using_tool|tool|requesting|asked with 3",
        then: "cut|",
        said: &["user: go", "model: +", "tool: 5"],
    },
];

impl Place {
    /// Brings a run there.
    async fn reach(&self, options: &RunOptions) -> (Stage, WorkerJob) {
        let stage = Stage::new(self.script);
        (self.set)(&stage);
        let job = stage.run(options);
        if !self.script.is_empty() {
            let expected: Vec<String> = format!("{STARTED}{}", self.there).split('|').map(str::to_owned).collect();
            let seen = RefCell::new(Vec::new());
            until(|| {
                seen.borrow_mut().extend(stage.trace.take());
                seen.borrow().len() >= expected.len()
            })
            .await;
            assert_eq!(seen.into_inner(), expected);
        }
        (stage, job)
    }

    fn told(&self, end: &str) -> String {
        if self.script.is_empty() { String::new() } else { format!("{}{end}", self.then) }
    }
}

#[wasm_bindgen_test]
async fn a_run_ends_wherever_it_is_cancelled_and_the_next_one_works() {
    for place in &PLACES {
        let (stage, job) = place.reach(&plain()).await;
        job.cancel();
        assert!(matches!(job.wait().await, Completion::Cancelled(AbortCause::Stop)), "{}", place.there);
        assert_eq!(stage.trace.take().join("|"), place.told("inactive"), "{}", place.there);
        assert_eq!(stage.said(), place.said, "{}", place.there);
        assert_eq!((stage.worker.state(), stage.session.jobs().len()), (WorkerState::Inactive, 0));
        assert!(stage.worker.last_failure().is_none());

        stage.script(&[&[Say("well")]]);
        stage.host.takes_nothing.set(false);
        assert!(matches!(stage.run(&plain()).wait().await, Completion::Normal(_)));
        assert_eq!(stage.said().last().unwrap(), "model: well");
    }
}

#[wasm_bindgen_test]
async fn a_run_fails_wherever_its_time_is_up() {
    // A job that has not begun has no time that could be up.
    for place in &PLACES[1..] {
        let clock = FakeClock::install();
        let (stage, job) = place.reach(&within(50.0)).await;
        clock.advance(51.0).await;
        let completion = job.wait().await;
        assert!(completion.error().unwrap().is_timeout(), "{}", place.there);
        assert_eq!(stage.trace.take().join("|"), place.told("failed"), "{}", place.there);
        assert_eq!(stage.said(), place.said, "{}", place.there);
        assert_eq!(stage.worker.state(), WorkerState::Failed);
        assert!(stage.worker.last_failure().unwrap().is_timeout());
        assert_eq!(clock.waiting(), 0);
    }
}

#[wasm_bindgen_test]
async fn a_removed_worker_and_a_closed_session_end_their_jobs() {
    for place in &PLACES {
        for closes in [false, true] {
            let (stage, job) = place.reach(&plain()).await;
            let Stage { session, worker, .. } = &stage;
            let ended = if closes { session.close() } else { session.remove_worker(worker.id()) };
            let refused = stage.try_run(&plain()).unwrap_err();
            assert_eq!(
                refused,
                if closes { SessionError::Refused(Refusal::Closed) } else { SessionError::UnknownWorker }
            );
            ended.await;
            assert!(job.completion().unwrap().is_cancelled(), "{}", place.there);
            assert_eq!(stage.trace.take().join("|"), place.told("inactive"), "{}", place.there);
            assert_eq!((stage.said(), session.jobs().len()), (place.said.iter().map(|&line| line.into()).collect(), 0));
            let made = session.create_worker(named("other")).map(|_| ());
            assert_eq!(made, if closes { Err(SessionError::Refused(Refusal::Closed)) } else { Ok(()) });
        }
    }
}

/// A run whose tool returns when the test says so.
async fn held_by_its_tool(options: &RunOptions) -> (Stage, WorkerJob, oneshot::Sender<()>) {
    let (finish, finished) = oneshot::channel();
    let stage = Stage::new(&[&[Add(Some(2), 3)]]);
    stage.tool.next.set(Use::Until(finished));
    let job = stage.run(options);
    until(|| stage.worker.state() == WorkerState::UsingTool).await;
    (stage, job, finish)
}

#[wasm_bindgen_test]
async fn a_removed_workers_job_is_shown_until_it_has_ended() {
    let (stage, job, finish) = held_by_its_tool(&plain()).await;
    let removed = stage.session.remove_worker(stage.worker.id());
    turn().await;
    assert_eq!(stage.session.workers().len(), 0);
    let jobs = stage.session.jobs();
    assert!(matches!(&jobs[..], [only] if **only == *job && Rc::ptr_eq(only.worker(), &stage.worker)));
    assert!(job.is_stopping());
    finish.send(()).unwrap();
    removed.await;
    assert_eq!(stage.session.jobs().len(), 0);
    // The tool was not cut short: what it returned is kept.
    assert_eq!(stage.said(), ["user: go", "model: +", "tool: 5"]);
}

#[wasm_bindgen_test]
async fn a_stop_wins_over_a_timeout_before_it() {
    let clock = FakeClock::install();
    let (stage, job, finish) = held_by_its_tool(&within(50.0)).await;
    clock.advance(51.0).await;
    assert!(job.is_stopping());
    job.cancel();
    finish.send(()).unwrap();
    assert!(job.wait().await.is_cancelled());
    assert_eq!(stage.trace.take().last().unwrap(), "inactive");
    assert_eq!((stage.worker.state(), stage.worker.last_failure().is_none()), (WorkerState::Inactive, true));
}

#[wasm_bindgen_test]
async fn a_run_that_its_own_host_cancels_goes_no_further() {
    let script: &[&[Act]] = &[&[Say("one "), Say("two"), Add(Some(2), 3)], &[Say("five")]];
    let whole = "working|requesting|asked with 1|receiving|text one |text two|call 0|waiting|confirm?|using_tool|tool|\
                 requesting|asked with 3|receiving|text five|inactive";
    let whole: Vec<&str> = whole.split('|').collect();
    for at in [0, 1, 3, 4, 5, 6, 7, 8, 9, 13, 14] {
        let so_far = whole.get(..=at).unwrap();
        let stage = Stage::new(script);
        let (trace, begun) = (stage.trace.clone(), Rc::new(RefCell::new(None::<WorkerJob>)));
        let job = begun.clone();
        stage.host.hears.replace(Some(Box::new(move || {
            if trace.len() == at + 1 {
                job.borrow().as_ref().unwrap().cancel();
            }
        })));
        let job = stage.run(&plain());
        begun.replace(Some(job.clone()));
        assert!(job.wait().await.is_cancelled(), "{so_far:?}");
        let expected = [so_far, &["inactive"]].concat();
        assert_eq!(stage.trace.take(), expected);
        assert!(stage.worker.last_failure().is_none(), "{so_far:?}");
        stage.host.hears.take();
    }
}

#[wasm_bindgen_test]
async fn what_a_user_answers_along_with_a_stop_does_not_count() {
    for decision in [None, Some(Decision::Approve), Some(Decision::Deny)] {
        let stage = Stage::new(&[&[Add(Some(2), 3)]]);
        let (answer, user) = oneshot::channel();
        stage.host.user.replace(Some(user));
        let job = stage.run(&plain());
        until(|| stage.worker.state() == WorkerState::Waiting).await;
        job.cancel();
        match decision {
            Some(decision) => answer.send(decision).unwrap(),
            None => drop(answer),
        }
        assert!(job.wait().await.is_cancelled());
        let expected = "working|requesting|asked with 1|receiving|call 0|waiting|confirm?|inactive";
        assert_eq!(stage.trace.take().join("|"), expected, "{decision:?}");
        assert!(stage.worker.last_failure().is_none());
        assert_eq!(stage.said(), ["user: go", "model: +", NOT_RUN]);
    }
}
