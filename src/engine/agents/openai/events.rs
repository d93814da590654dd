use std::cell::RefCell;
use std::rc::Rc;

use futures::{Stream, StreamExt, TryStreamExt};
use sse_stream::SseByteStream;

/// A byte stream has failed. The error itself is kept aside: the parser wants one that can be sent between threads.
#[derive(Debug, thiserror::Error)]
#[error("the stream failed")]
struct Failed;

/// Why the events end before their time.
#[derive(Debug)]
pub enum Broken<E> {
    /// The stream's own error.
    Stream(E),
    /// It is not UTF-8.
    Garbled,
}

/// The `data` of each event, however the bytes are cut. An event that the end of the stream cuts short is left out.
pub fn events<B, E>(
    bytes: impl Stream<Item = Result<B, E>> + Unpin,
) -> impl Stream<Item = Result<String, Broken<E>>> + Unpin
where
    B: Into<Vec<u8>>,
{
    let failure = Rc::new(RefCell::new(None));
    let keep = failure.clone();
    let buffers = bytes.map(move |chunk| match chunk {
        Ok(chunk) => Ok(std::io::Cursor::new(chunk.into())),
        Err(error) => {
            keep.replace(Some(error));
            Err(Failed)
        }
    });
    let events = SseByteStream::new(buffers)
        .map_err(move |_| failure.take().map_or(Broken::Garbled, Broken::Stream))
        .try_filter_map(async |event| Ok(event.data));
    Box::pin(events)
}
