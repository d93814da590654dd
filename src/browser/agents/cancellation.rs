use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::channel::oneshot;
use futures::future::{Either, select};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, AbortSignal};

use crate::browser::error::{Cancelled, JobError};

/// A signal to end. A clone is the same signal.
#[derive(Debug, Clone)]
pub struct Cancellation {
    signal: AbortSignal,
}

impl Cancellation {
    /// One that aborts when `signal` does.
    #[must_use]
    pub fn of(signal: AbortSignal) -> Self {
        Self { signal }
    }

    /// To hand to whatever takes an `AbortSignal`: `fetch` closes its connection.
    #[must_use]
    pub fn signal(&self) -> &AbortSignal {
        &self.signal
    }

    /// Whether it has aborted.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        self.signal.aborted()
    }

    /// Fails once it has aborted.
    ///
    /// # Errors
    ///
    /// [`Cancelled`].
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_aborted() { Err(Cancelled) } else { Ok(()) }
    }

    /// Resolves when it aborts, at once if it has.
    #[must_use = "futures do nothing unless polled"]
    pub fn aborted(&self) -> Aborted {
        let (sender, receiver) = oneshot::channel::<()>();
        let mut sender = Some(sender);
        let listener = Listener::new(&self.signal, move || drop(sender.take()));
        Aborted { signal: self.signal.clone(), receiver, _listener: listener }
    }

    /// Waits for `work`, but no longer than until it aborts; `work` is dropped then.
    ///
    /// # Errors
    ///
    /// [`Cancelled`], and those of `work`.
    pub async fn or_aborted<T, E: Into<JobError>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, JobError> {
        self.check()?;
        match select(Box::pin(work), self.aborted()).await {
            Either::Left((result, _)) => result.map_err(Into::into),
            Either::Right(((), _)) => Err(Cancelled.into()),
        }
    }
}

/// Waits for a [`Cancellation`].
///
/// # Cancellation safety
///
/// Dropped, it leaves no listener behind.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Aborted {
    signal: AbortSignal,
    receiver: oneshot::Receiver<()>,
    _listener: Listener,
}

impl Future for Aborted {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // The sender is dropped by the signal alone.
        if self.signal.aborted() { Poll::Ready(()) } else { Pin::new(&mut self.receiver).poll(context).map(|_| ()) }
    }
}

/// A signal of its own, and the way to abort it.
#[derive(Debug)]
pub(crate) struct Scope {
    controller: AbortController,
}

impl Scope {
    /// # Errors
    ///
    /// Where there is no `AbortController`.
    pub(crate) fn new() -> Result<Self, JsValue> {
        Ok(Self { controller: AbortController::new()? })
    }

    pub(crate) fn abort(&self, reason: &JsValue) {
        self.controller.abort_with_reason(reason);
    }

    pub(crate) fn cancellation(&self) -> Cancellation {
        Cancellation::of(self.controller.signal())
    }
}

/// Hears of one abort; gone when dropped.
struct Listener {
    signal: AbortSignal,
    callback: Closure<dyn FnMut()>,
}

impl Listener {
    fn new(signal: &AbortSignal, listener: impl FnMut() + 'static) -> Self {
        let callback = Closure::<dyn FnMut()>::new(listener);
        // Fails on what is no event target, which an AbortSignal is.
        let _ = signal.add_event_listener_with_callback("abort", callback.as_ref().unchecked_ref());
        Self { signal: signal.clone(), callback }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.signal.remove_event_listener_with_callback("abort", self.callback.as_ref().unchecked_ref());
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Listener").finish_non_exhaustive()
    }
}
