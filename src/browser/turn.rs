//! Giving the event loop a turn: one message to oneself. Timers would be slowed down in a hidden tab, and so is
//! anything nested in them.

use futures::channel::oneshot;
use wasm_bindgen::prelude::*;
use web_sys::MessageChannel;

/// A message on its way to the one who sent it. Closed when dropped, so that nothing keeps a process alive.
struct Hop {
    channel: MessageChannel,
    _arrived: Closure<dyn FnMut()>,
}

impl Hop {
    fn send(arrived: oneshot::Sender<()>) -> Result<Self, JsValue> {
        let channel = MessageChannel::new()?;
        let arrived = Closure::once(move || {
            // Nobody may be waiting any more.
            let _ = arrived.send(());
        });
        channel.port1().set_onmessage(Some(arrived.as_ref().unchecked_ref()));
        channel.port2().post_message(&JsValue::NULL)?;
        Ok(Self { channel, _arrived: arrived })
    }
}

impl Drop for Hop {
    fn drop(&mut self) {
        self.channel.port1().set_onmessage(None);
        self.channel.port1().close();
    }
}

/// Resumes after the browser has had the chance to handle input, messages and painting.
pub(crate) async fn next_turn() {
    let (arrived, arrival) = oneshot::channel();
    let hop = Hop::send(arrived);
    // Without a channel the sender is gone, and this resumes at once.
    let _ = arrival.await;
    drop(hop);
}
