//! The chat-completions stream, as OpenAI documents it and servers like it speak it
//! (<https://platform.openai.com/docs/api-reference/chat-streaming>).

mod assembly;
mod events;
mod failure;
mod halves;
mod request;

pub use assembly::{Assembly, StreamFault};
pub use events::{Broken, events};
pub use failure::{LONGEST_WAIT, Refused, refused};
pub use request::{address, body};
