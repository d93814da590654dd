//! The way of an answer's pieces from a provider to the host: one at a time, in order.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use futures::StreamExt;
use futures::channel::{mpsc, oneshot};
use futures::future::{Either, select};

use super::cancellation::Scope;
use super::provider::{ModelProvider, RequestContext};
use crate::browser::error::{JobError, Thrown};
use crate::engine::agents::{ModelRequest, ModelResponse, ModelResponseChunk};

/// Pieces that wait for the host, all of them of a provider that does not await `send`.
const MOST_WAITING: usize = 1024;

type Item = (ModelResponseChunk, oneshot::Sender<()>);

/// Why a piece was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// The request has ended, or was asked to.
    #[error("the request is over: nobody takes its chunks any more")]
    Over,
    /// Too many wait.
    #[error("{MOST_WAITING} chunks wait for the host: await send()")]
    Overrun,
}

/// A provider's end. A clone is the same.
#[derive(Debug, Clone)]
pub struct ChunkSender {
    queue: Rc<RefCell<mpsc::Sender<Item>>>,
    overrun: Rc<Cell<bool>>,
}

impl ChunkSender {
    /// Sends a piece of the answer. Resolves when the host has taken it: a slow host slows the provider that awaits it.
    /// Pieces arrive in the order of the calls, awaited or not.
    ///
    /// # Errors
    ///
    /// [`NotTaken`]. After [`NotTaken::Overrun`], which only a provider sees that does not await, the request fails.
    ///
    /// # Cancellation safety
    ///
    /// The piece is sent by the call; dropping the future does not take it back.
    pub fn send(&self, chunk: ModelResponseChunk) -> impl Future<Output = Result<(), NotTaken>> + use<> {
        let (taken, waiting) = oneshot::channel();
        let sent = self.queue.borrow_mut().try_send((chunk, taken));
        if sent.as_ref().is_err_and(mpsc::TrySendError::is_full) {
            self.overrun.set(true);
        }
        async move {
            match sent {
                Ok(()) => waiting.await.map_err(|_| NotTaken::Over),
                Err(error) if error.is_full() => Err(NotTaken::Overrun),
                Err(_) => Err(NotTaken::Over),
            }
        }
    }
}

/// Asks `provider` and gives each piece of its answer to `deliver`. Returns when the provider has returned; until then
/// it is asked to end by `scope`, which is aborted when `deliver` fails.
pub(crate) async fn stream_answer(
    provider: &dyn ModelProvider,
    request: &ModelRequest,
    scope: &Scope,
    mut deliver: impl AsyncFnMut(ModelResponseChunk) -> Result<(), JobError>,
) -> Result<ModelResponse, JobError> {
    let cancellation = scope.cancellation();
    // One more has room by being the only sender.
    let (queue, mut chunks) = mpsc::channel::<Item>(MOST_WAITING - 1);
    let sender = ChunkSender { queue: Rc::new(RefCell::new(queue)), overrun: Rc::default() };
    let overrun = sender.overrun.clone();
    let over = sender.queue.clone();
    let context = RequestContext { cancellation: cancellation.clone(), chunks: sender };

    let answering = Box::pin(provider.request(request, &context));
    let delivering = Box::pin(cancellation.or_aborted(async move {
        // Gone with this future: whoever still waits to send is told.
        while let Some((chunk, taken)) = chunks.next().await {
            deliver(chunk).await?;
            if overrun.get() {
                return Err(NotTaken::Overrun.into());
            }
            // Whoever sent it may have stopped waiting.
            let _ = taken.send(());
        }
        Ok::<(), JobError>(())
    }));
    match select(answering, delivering).await {
        Either::Left((response, delivering)) => {
            // What was sent is delivered, also where the provider has failed since; then the stream of chunks ends.
            over.borrow_mut().close_channel();
            let delivered = delivering.await;
            let response = response?;
            delivered?;
            Ok(response)
        }
        Either::Right((delivered, answering)) => {
            over.borrow_mut().close_channel();
            if let Err(error) = &delivered
                && !cancellation.is_aborted()
            {
                scope.abort(&reason(error));
            }
            let response = answering.await;
            delivered?;
            response
        }
    }
}

/// What JavaScript is told.
fn reason(error: &JobError) -> wasm_bindgen::JsValue {
    match error.downcast_ref::<Thrown>() {
        Some(Thrown(value)) => value.clone(),
        None => js_sys::Error::new(&error.to_string()).into(),
    }
}
