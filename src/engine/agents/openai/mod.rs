//! The chat-completions stream, as OpenAI documents it and servers like it speak it
//! (<https://platform.openai.com/docs/api-reference/chat-streaming>).

mod assembly;
mod calls;
mod failure;
mod halves;
mod lenient;
mod lines;
mod request;

pub use assembly::{Assembly, Piece, StreamFault};
pub use failure::{LONGEST_WAIT, RETRIES, Refused, UsageRefused, pause, refused};
pub use lines::{Event, Lines};
pub use request::{Asking, END, address, message};
