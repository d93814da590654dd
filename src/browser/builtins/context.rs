use futures::channel::oneshot;
use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::browser::clock;

#[wasm_bindgen]
extern "C" {
    /// What a runner gives a body.
    #[derive(Debug)]
    pub(crate) type JsTaskContext;

    /// Aborts when the body is asked to end.
    #[wasm_bindgen(method, getter)]
    pub(super) fn signal(this: &JsTaskContext) -> AbortSignal;

    /// Percent, and words for it.
    #[wasm_bindgen(method, catch)]
    pub(super) fn progress(this: &JsTaskContext, percent: f64, message: &str) -> Result<(), JsValue>;

    /// Gives the event loop a turn if it is time for one.
    ///
    /// # Errors
    ///
    /// The signal's reason.
    #[wasm_bindgen(method, catch)]
    pub(super) async fn checkpoint(this: &JsTaskContext) -> Result<(), JsValue>;
}

/// Waits until the page's clock shows `at`.
///
/// # Errors
///
/// The signal's reason, as soon as it aborts.
pub(super) async fn sleep_until(at: f64, signal: &AbortSignal) -> Result<(), JsValue> {
    let (sender, aborted) = oneshot::channel::<()>();
    // Sends by being dropped, too; either way the wait is over.
    let listener = Closure::once(move || drop(sender));
    let callback = listener.as_ref().unchecked_ref();
    signal.add_event_listener_with_callback("abort", callback)?;
    let mut aborted = aborted;
    while !signal.aborted() && clock::now() < at {
        let timer = TimeoutFuture::new((at - clock::now()).ceil().max(0.0) as u32);
        match select(timer, aborted).await {
            Either::Left(((), waiting)) => aborted = waiting,
            Either::Right(_) => break,
        }
    }
    signal.remove_event_listener_with_callback("abort", callback)?;
    if signal.aborted() { Err(signal.reason()) } else { Ok(()) }
}
