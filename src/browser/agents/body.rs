use futures::future::{Either, select};
use js_sys::{ArrayBuffer, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::cancellation::{Aborted, Cancellation};

#[wasm_bindgen]
extern "C" {
    type AnyStream;

    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader(this: &AnyStream) -> Result<AnyReader, JsValue>;

    #[derive(Debug)]
    type AnyReader;

    #[wasm_bindgen(method, catch)]
    fn read(this: &AnyReader) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn cancel(this: &AnyReader) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = Uint8Array)]
    type Copied;

    #[wasm_bindgen(constructor, js_class = "Uint8Array", catch)]
    fn new(bytes: &JsValue) -> Result<Copied, JsValue>;

    #[wasm_bindgen(constructor, js_class = "Uint8Array", catch)]
    fn of_part(buffer: &JsValue, offset: &JsValue, length: &JsValue) -> Result<Copied, JsValue>;
}

#[derive(Debug)]
enum Source {
    Reader(AnyReader, Aborted),
    Whole(String),
    Over,
}

/// A response's bytes. Dropped before their end, they close the connection.
#[derive(Debug)]
pub(super) struct Body {
    source: Source,
}

impl Body {
    /// # Errors
    ///
    /// If someone else reads it.
    pub(super) fn new(body: JsValue, cancellation: &Cancellation) -> Result<Self, JsValue> {
        let reader = body.unchecked_into::<AnyStream>().get_reader()?;
        Ok(Self { source: Source::Reader(reader, cancellation.aborted()) })
    }

    pub(super) fn of(text: String) -> Self {
        Self { source: Source::Whole(text) }
    }

    /// The next bytes; not read ahead, so that who takes none leaves them to the network. None as soon as it is to end,
    /// whether the connection follows the signal or not.
    pub(super) async fn next(&mut self) -> Option<Result<Vec<u8>, JsValue>> {
        let read = match &mut self.source {
            Source::Over => return None,
            Source::Whole(text) => Ok(Some(std::mem::take(text).into_bytes())),
            Source::Reader(reader, aborted) => match select(Box::pin(read(reader)), aborted).await {
                Either::Left((read, _)) => read,
                Either::Right(((), _)) => return None,
            },
        };
        if !matches!((&self.source, &read), (Source::Reader(..), Ok(Some(_)))) {
            if read.is_err() {
                self.close();
            }
            self.source = Source::Over;
        }
        read.transpose()
    }

    fn close(&self) {
        // Where the signal has closed it, this is refused.
        if let Source::Reader(reader, _) = &self.source
            && let Ok(closed) = reader.cancel()
        {
            // Where that fails the connection has gone by itself: nobody need hear of it.
            let closed = settled(&closed);
            spawn_local(async move { drop(closed.await) });
        }
    }
}

async fn read(reader: &AnyReader) -> Result<Option<Vec<u8>>, JsValue> {
    let next = settled(&reader.read()?).await?;
    if Reflect::get(&next, &"done".into())?.is_truthy() {
        return Ok(None);
    }
    let value = Reflect::get(&next, &"value".into())?;
    if let Some(text) = value.as_string() {
        return Ok(Some(text.into_bytes()));
    }
    if !value.is_object() {
        return Err(js_sys::TypeError::new("the response's body gave what is not bytes").into());
    }
    Ok(Some(copied(&value)?.unchecked_into::<Uint8Array>().to_vec()))
}

fn copied(value: &JsValue) -> Result<Copied, JsValue> {
    if value.is_instance_of::<Uint8Array>() || !ArrayBuffer::is_view(value) {
        return Copied::new(value);
    }
    // Of whatever it is a view, its bytes are meant.
    let field = |name: &str| Reflect::get(value, &name.into());
    Copied::of_part(&field("buffer")?, &field("byteOffset")?, &field("byteLength")?)
}

impl Drop for Body {
    fn drop(&mut self) {
        self.close();
    }
}

/// Waits for anything that may be a promise: one that misbehaves rejects.
pub(super) fn settled(value: &JsValue) -> JsFuture {
    // By way of a promise of this realm: nothing of the value's is called from here.
    JsFuture::from(Promise::new(&mut |resolve, _| drop(resolve.call1(&JsValue::UNDEFINED, value))))
}
