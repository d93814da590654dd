//! Calls of a caller's code, which a JavaScript exception may pass through.
//!
//! An imported function without `catch` that throws leaves the Rust code that called it where it stands: nothing of it is
//! finished or dropped. Here such an exception ends. What it has passed through is neither called nor dropped any more,
//! since nobody knows how far it had come. A panic is none of these: it goes on, and ends the instance.

use std::future::poll_fn;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::task::Poll;

use futures::future::FutureExt;
use js_sys::{Array, Promise, WebAssembly::RuntimeError};
use wasm_bindgen::prelude::*;

use super::error::{JobError, Thrown};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = Reflect, js_name = apply)]
    fn apply(work: &mut dyn FnMut(), this: &JsValue, arguments: &Array) -> Result<JsValue, JsValue>;

    /// Not there in Node.
    #[wasm_bindgen(catch, js_name = reportError)]
    fn report_error(error: &JsValue) -> Result<(), JsValue>;
}

thread_local! {
    static NOTHING: Array = Array::new();
}

/// What it returns, or what JavaScript threw through it.
pub(crate) fn guard<T>(work: impl FnOnce() -> T) -> Result<T, Thrown> {
    let mut work = ManuallyDrop::new(Some(work));
    let mut result = ManuallyDrop::new(None);
    let mut call = || *result = work.take().map(|work| work());
    if let Err(error) = NOTHING.with(|nothing| apply(&mut call, &JsValue::UNDEFINED, nothing)) {
        if error.is_instance_of::<RuntimeError>() {
            wasm_bindgen::throw_val(error);
        }
        return Err(Thrown(error));
    }
    // Called, it has left its result.
    ManuallyDrop::into_inner(result).ok_or(Thrown(JsValue::UNDEFINED))
}

/// The same, where nobody waits for a result: the page is told what was thrown.
pub(crate) fn guard_and_report(work: impl FnOnce()) {
    if let Err(Thrown(error)) = guard(work)
        && report_error(&error).is_err()
    {
        // A rejection that nobody handles is reported everywhere.
        drop(Promise::reject(&error));
    }
}

/// Lets go of a caller's values where nobody is to be disturbed by what their `Drop` throws.
pub(crate) fn drop_guarded<T: ?Sized>(held: Rc<T>) {
    // As long as others hold them, nothing is dropped: that needs no guard, which costs more than all else here.
    if Rc::strong_count(&held) == 1 {
        guard_and_report(move || drop(held));
    }
}

/// What the future of `make` comes to, or what JavaScript threw through it.
pub(crate) async fn guarded<F: Future + Unpin>(make: impl FnOnce() -> F) -> Result<F::Output, Thrown> {
    let mut waiting = Some(guard(make)?);
    poll_fn(|context| {
        // Polled no more once it is ready.
        let Some(mut work) = waiting.take() else { return Poll::Pending };
        // Moved in, so that it is dropped in there once it is ready, and lost where it throws.
        let polled = guard(move || match work.poll_unpin(context) {
            Poll::Ready(output) => Ok(output),
            Poll::Pending => Err(work),
        });
        match polled {
            Ok(Err(work)) => {
                waiting = Some(work);
                Poll::Pending
            }
            Ok(Ok(output)) => Poll::Ready(Ok(output)),
            Err(thrown) => Poll::Ready(Err(thrown)),
        }
    })
    .await
}

/// Both failures are one.
pub(crate) fn flat<T>(result: Result<Result<T, JobError>, Thrown>) -> Result<T, JobError> {
    result.unwrap_or_else(|thrown| Err(thrown.into()))
}
