//! Runs that come to their end, well or not.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use jobgate::browser::agents::{
    Decision, ModelResponseChunk, RunWorker, Scripted, Session, SessionOptions, TaskContext, ToolCall, WorkerInput,
    WorkerState, WorkerTask,
};
use jobgate::browser::{Completion, JobError, RetryOptions, RunOptions};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

use super::stage::Act::{Add, Fail, FailForGood, Hang, Say};
use super::stage::{Act, Adder, Host, Stage, Use, named, spec};
use crate::suite::support::{Trace, plain, throw, turn, until};

#[wasm_bindgen_test]
async fn a_scripted_model_is_heard_word_by_word() {
    let trace = Trace::default();
    let add = ToolCall { id: "call 0".into(), name: "add".into(), arguments: json!({ "a": 2, "b": 3 }) };
    let replies = vec![vec![ModelResponseChunk::ToolCall { call: add }], Scripted::words("Five, I think")];
    let tool = Adder { spec: spec("add"), trace: trace.clone(), next: Cell::default() };
    let session = Session::new(SessionOptions {
        providers: vec![Rc::new(Scripted::new("script".into(), replies, 0))],
        tools: vec![Rc::new(tool)],
        ..SessionOptions::default()
    });
    let session = session.unwrap();
    let worker = session.create_worker(named("helper")).unwrap();
    let host = Rc::new(Host::new(trace.clone()));
    let job = session.run(&worker, WorkerInput { prompt: "2 + 3?".into() }, host, &plain()).unwrap().into_job();
    assert_eq!(session.jobs().len(), 1);
    assert!(Rc::ptr_eq(job.worker(), &worker));
    assert_eq!(&**job.key(), worker.id());
    assert!(matches!(job.wait().await, Completion::Normal(_)));
    let expected = "working|requesting|receiving|call 0|waiting|confirm?|using_tool|tool|requesting|receiving|\
                    text Five, |text I |text think|inactive";
    assert_eq!(trace.take().join("|"), expected);
    assert_eq!((worker.state(), job.state(), session.jobs().len()), (WorkerState::Inactive, WorkerState::Inactive, 0));
    assert_eq!(worker.messages().len(), 4);
}

#[wasm_bindgen_test]
async fn what_a_model_asks_for_wrongly_it_is_told() {
    let stage = Stage::new(&[&[Add(None, 3), Add(Some(1), 2)], &[Say("well")]]);
    stage.host.answer.set(Some(Decision::Deny));
    assert!(matches!(stage.run(&plain()).wait().await, Completion::Normal(_)));
    let unfit = "tool: The arguments do not fit the tool's schema: a must be a number. Nothing was run.";
    let denied = "tool: The user denied this call. It was not made.";
    assert_eq!(stage.said(), ["user: go", "model: ++", unfit, denied, "model: well"]);
    // The host was asked once: of what does not fit it never hears.
    assert_eq!(stage.trace.take().iter().filter(|line| *line == "confirm?").count(), 1);
}

#[wasm_bindgen_test]
async fn a_busy_worker_takes_no_second_run() {
    let stage = Stage::new(&[&[Hang]]);
    let job = stage.run(&plain());
    let RunWorker::AlreadyRunning(same) = stage.try_run(&plain()).unwrap() else { panic!("it was taken") };
    assert!(*same == *job);
    turn().await;
    assert!(matches!(stage.try_run(&plain()).unwrap(), RunWorker::AlreadyRunning(_)));
    job.cancel();
    job.wait().await;
    assert_eq!(stage.said(), ["user: go"]);
}

#[wasm_bindgen_test]
async fn continuations_hear_of_every_end_and_late_ones_too() {
    let stage = Stage::new(&[&[Fail], &[Hang], &[Say("well")]]);
    let log = Trace::default();
    for cancelled in [false, true, false] {
        let job = stage.run(&plain());
        let line = log.clone();
        let told = move |completion: &Completion<()>| {
            line.add(match completion {
                Completion::Normal(_) => "normal".to_owned(),
                Completion::Cancelled(cause) => format!("{cause:?}"),
                Completion::Failed(error) => error.to_string(),
            });
        };
        let late = told.clone();
        job.on_end("first", move |_, completion| told(completion));
        turn().await;
        if cancelled {
            job.cancel();
        }
        job.wait().await;
        job.on_end("late", move |_, completion| late(completion));
        turn().await;
    }
    assert_eq!(log.take(), ["gone", "gone", "Stop", "Stop", "normal", "normal"]);
}

#[wasm_bindgen_test]
async fn a_provider_that_fails_takes_nothing_back() {
    let stage = Stage::new(&[&[Act::Drop("one "), Act::Drop("two"), Fail], &[Say("well")]]);
    let job = stage.run(&plain());
    let completion = job.wait().await;
    assert_eq!(completion.error().unwrap().to_string(), "gone");
    let expected = "working|requesting|asked with 1|receiving|text one |text two|failed";
    assert_eq!(stage.trace.take().join("|"), expected);
    assert_eq!(stage.said(), ["user: go", "model: one two"]);
    assert_eq!(stage.worker.last_failure().unwrap().to_string(), "gone");

    stage.run(&plain()).wait().await;
    assert!(stage.worker.last_failure().is_none());
}

#[wasm_bindgen_test]
async fn a_host_that_fails_fails_the_run_and_ends_its_request() {
    let stage = Stage::new(&[&[Say("so"), Hang]]);
    stage.host.fails_at.set(Some(WorkerState::Receiving));
    let completion = stage.run(&plain()).wait().await;
    assert_eq!(completion.error().unwrap().to_string(), "not that");
    assert_eq!(stage.trace.take().join("|"), "working|requesting|asked with 1|receiving|failed");
}

#[wasm_bindgen_test]
async fn another_task_runs_under_the_same_rules() {
    struct Waiting;
    impl WorkerTask for Waiting {
        fn run<'a>(&'a self, context: &'a TaskContext) -> LocalBoxFuture<'a, Result<(), JobError>> {
            Box::pin(async {
                context.cancellation().aborted().await;
                Err(JobError::new("does not count"))
            })
        }
    }
    let stage = Stage::new(&[]);
    let job = stage.session.run_task(&stage.worker, Rc::new(Waiting), &plain()).unwrap().into_job();
    turn().await;
    assert_eq!((stage.worker.state(), job.state()), (WorkerState::Working, WorkerState::Working));
    assert!(matches!(stage.try_run(&plain()).unwrap(), RunWorker::AlreadyRunning(_)));
    job.cancel();
    assert!(job.wait().await.is_cancelled());
    assert_eq!(stage.worker.state(), WorkerState::Inactive);
}

fn retried(limit: f64) -> RunOptions {
    RunOptions { retry: Some(RetryOptions { limit, delay: 0.0, ..RetryOptions::default() }), ..plain() }
}

#[wasm_bindgen_test]
async fn what_no_other_attempt_can_mend_is_not_retried() {
    let endless = [&[Add(Some(2), 3)] as &[Act]; 32];
    for (script, fault) in
        [(&[&[FailForGood] as &[Act], &[Say("well")]] as &[&[Act]], "gone"), (&endless, "after 16 answers")]
    {
        let stage = Stage::new(script);
        let job = stage.run(&retried(1.0));
        let completion = job.wait().await;
        assert!(completion.error().unwrap().to_string().contains(fault), "{completion:?}");
        assert_eq!(job.attempt(), 1, "{fault}");
    }
}

#[wasm_bindgen_test]
async fn a_retried_run_goes_on_where_it_had_failed() {
    type Script = &'static [&'static [Act]];
    let cases: [(Script, &str, &[&str]); 3] = [
        (&[&[Fail], &[Say("well")]], "1 1", &["user: go", "model: well"]),
        (&[&[Say("we"), Fail], &[Say("well")]], "1 1", &["user: go", "model: well"]),
        (
            &[&[Add(Some(2), 3)], &[Fail], &[Say("fi"), Fail], &[Say("five")]],
            "1 3 3 3",
            &["user: go", "model: +", "tool: 5", "model: five"],
        ),
    ];
    for (script, asked, said) in cases {
        let stage = Stage::new(script);
        assert!(matches!(stage.run(&retried(2.0)).wait().await, Completion::Normal(_)));
        let lines = stage.trace.take();
        let asked_with: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("asked with ")).collect();
        assert_eq!(asked_with.join(" "), asked);
        assert_eq!(stage.said(), said);
        assert_eq!(lines.iter().filter(|line| *line == "tool").count(), usize::from(said.len() > 2));
    }
}

#[wasm_bindgen_test]
async fn a_retry_takes_back_no_answer_of_another_run() {
    let stage = Stage::new(&[&[Say("one")], &[Say("two")]]);
    stage.run(&plain()).wait().await;
    stage.host.fails_at.set(Some(WorkerState::Working));
    let job = stage.run(&retried(1.0));
    assert!(matches!(job.wait().await, Completion::Normal(_)));
    assert_eq!(job.attempt(), 2);
    assert_eq!(stage.said(), ["user: go", "model: one", "user: go", "model: two"]);
}

#[wasm_bindgen_test]
async fn an_exception_through_the_host_or_the_model_fails_the_run_and_the_next_one_works() {
    for at in ["working", "receiving", "text so ", "confirm?", "using_tool", "asked with 3"] {
        let stage = Stage::new(&[&[Say("so "), Add(Some(2), 3)], &[Say("five")]]);
        let trace = stage.trace.clone();
        let seen = RefCell::new(Vec::new());
        let throws = Rc::new(move || {
            seen.borrow_mut().extend(trace.take());
            if seen.borrow().last().is_some_and(|line| line == at) {
                throw();
            }
        });
        let hears = throws.clone();
        stage.host.hears.replace(Some(Box::new(move || hears())));
        stage.model.hears.replace(Some(Box::new(move || throws())));
        let job = stage.run(&plain());
        until(|| job.completion().is_some()).await;
        assert!(job.completion().unwrap().error().is_some(), "{at}");
        assert_eq!(stage.worker.state(), WorkerState::Failed, "{at}");

        stage.host.hears.take();
        stage.model.hears.take();
        stage.script(&[&[Say("well")]]);
        let job = stage.run(&plain());
        until(|| job.completion().is_some()).await;
        assert!(job.completion().unwrap().error().is_none(), "{at}");
        assert_eq!(stage.said().last().unwrap(), "model: well");
    }
}

#[wasm_bindgen_test]
async fn an_exception_through_a_tool_is_told_to_the_model() {
    let stage = Stage::new(&[&[Add(Some(2), 3)], &[Say("well")]]);
    stage.tool.next.set(Use::Throw);
    let job = stage.run(&plain());
    until(|| job.completion().is_some()).await;
    let said = stage.said();
    assert!(
        matches!(&said[..], [_, _, told, well] if told.starts_with("tool: Error: JavaScript threw") && well == "model: well")
    );
}
