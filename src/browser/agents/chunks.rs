//! The way of an answer's pieces from a provider to whoever gives them to the host.

use std::future::Future;

use futures::channel::{mpsc, oneshot};

use crate::engine::agents::{MOST_WAITING, ModelResponseChunk};

/// A piece, and who waits until it is taken.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) chunk: ModelResponseChunk,
    pub(super) taken: oneshot::Sender<Result<(), NotTaken>>,
}

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
    queue: mpsc::UnboundedSender<Sent>,
}

impl ChunkSender {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Sent>) {
        let (queue, chunks) = mpsc::unbounded();
        (Self { queue }, chunks)
    }

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
        let sent = self.queue.unbounded_send(Sent { chunk, taken });
        async move {
            match sent {
                Ok(()) => waiting.await.unwrap_or(Err(NotTaken::Over)),
                Err(_) => Err(NotTaken::Over),
            }
        }
    }
}
