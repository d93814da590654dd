//! JavaScript exceptions that pass through a caller's code, since it imports without `catch`.

use std::cell::Cell;
use std::rc::Rc;

use jobgate::browser::{Completion, RetryOptions, RunOptions, Thrown};
use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::*;

/// In place of `reportError` until it is dropped.
struct Reports {
    told: Array,
    restore: Function,
}

impl Reports {
    fn install() -> Self {
        let script = "
            const { reportError } = globalThis;
            globalThis.reportError = (error) => told.push(error);
            return () => { globalThis.reportError = reportError; };
        ";
        let told = Array::new();
        let restore = Function::new_with_args("told", script).call1(&JsValue::NULL, &told).unwrap();
        Self { told, restore: restore.unchecked_into() }
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        self.restore.call0(&JsValue::NULL).unwrap();
    }
}

fn retried_once() -> RunOptions {
    RunOptions { retry: Some(RetryOptions { limit: 1.0, delay: 0.0, ..RetryOptions::default() }), ..plain() }
}

async fn ended(job: &TestJob) -> Completion<u32> {
    until(|| job.completion().is_some()).await;
    job.completion().unwrap()
}

#[wasm_bindgen_test]
async fn an_exception_through_a_callback_disturbs_no_other() {
    let (manager, trace, reports) = (manager(), Trace::default(), Reports::install());
    let _throwing = (manager.subscribe(throw), manager.on_event(|_, _| throw()));
    let (changes, events) = (trace.clone(), trace.clone());
    let _listening = (
        manager.subscribe(move || changes.add("change")),
        manager.on_event(move |_, event| events.add(format!("{event:?}"))),
    );
    let job = run(&manager, "key", at_once, &plain());
    job.on_end("throws", |_, _| throw());
    let log = trace.clone();
    job.on_end("hears", move |_, _| log.add("end"));
    assert_eq!(ended(&job).await.ok(), Some(&0));
    assert_eq!(trace.take(), ["Created", "Started", "change", "Completed", "Removed", "end", "change"]);
    assert_eq!(reports.told.length(), 3);
}

#[wasm_bindgen_test]
async fn an_exception_through_a_body_fails_its_attempt_and_frees_what_it_held() {
    let manager = one_at_a_time();
    let calls = Rc::new(Cell::new(0));
    for limit in [false, true] {
        let count = calls.clone();
        let body = move |_| {
            count.set(count.get() + 1);
            let throws = count.get() < 3;
            async move {
                turn().await;
                if throws {
                    throw();
                }
                Ok(7)
            }
        };
        let job = run(&manager, "key", body, &if limit { retried_once() } else { plain() });
        let completion = ended(&job).await;
        if limit {
            assert_eq!((completion.ok(), job.attempt()), (Some(&7), 2));
        } else {
            let error = completion.error().unwrap();
            assert!(error.downcast_ref::<Thrown>().unwrap().0.is_instance_of::<js_sys::SyntaxError>());
        }
    }
}

#[wasm_bindgen_test]
async fn a_body_that_an_exception_has_passed_through_is_not_called_again() {
    let manager = one_at_a_time();
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    let body = move |_| {
        count.set(count.get() + 1);
        throw();
        async { Ok(7) }
    };
    let job = run(&manager, "key", body, &retried_once());
    assert!(ended(&job).await.error().unwrap().is::<Thrown>());
    assert_eq!(calls.get(), 1);
    assert_eq!(ended(&run(&manager, "key", at_once, &plain())).await.ok(), Some(&0));
}
