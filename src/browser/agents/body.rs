use std::pin::Pin;

use futures::{Stream, stream};
use js_sys::{IteratorNext, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{ReadableStream, ReadableStreamDefaultReader};

use super::cancellation::Cancellation;

/// A response's bytes. Dropped before their end, they close the connection.
pub(super) struct Body {
    reader: ReadableStreamDefaultReader,
    cancellation: Cancellation,
    over: bool,
}

impl Body {
    /// # Errors
    ///
    /// If someone else reads it.
    pub(super) fn new(body: &ReadableStream, cancellation: &Cancellation) -> Result<Self, JsValue> {
        let reader = body.get_reader().dyn_into()?;
        Ok(Self { reader, cancellation: cancellation.clone(), over: false })
    }

    /// As they arrive; not read ahead, so that who takes none leaves them to the network.
    pub(super) fn into_chunks(self) -> Pin<Box<impl Stream<Item = Result<Vec<u8>, JsValue>>>> {
        Box::pin(stream::unfold(self, async |mut body| Some((body.read().await?, body))))
    }

    async fn read(&mut self) -> Option<Result<Vec<u8>, JsValue>> {
        if self.over {
            return None;
        }
        let read = JsFuture::from(self.reader.read()).await.map(JsCast::unchecked_into::<IteratorNext>);
        self.over = read.as_ref().map_or(true, IteratorNext::done);
        match read {
            Ok(next) if next.done() => None,
            Ok(next) => Some(Ok(Uint8Array::new(&next.value()).to_vec())),
            Err(error) => Some(Err(error)),
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        // Where the signal has closed it, cancelling would only be refused.
        if !self.over && !self.cancellation.is_aborted() {
            let closed = JsFuture::from(self.reader.cancel());
            // Where that fails the connection has gone by itself: nobody need hear of it.
            spawn_local(async move { drop(closed.await) });
        }
    }
}
