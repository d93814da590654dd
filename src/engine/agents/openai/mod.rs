//! The chat-completions stream, as OpenAI documents it and servers like it speak it
//! (<https://platform.openai.com/docs/api-reference/chat-streaming>).

mod assembly;
mod attempts;
mod calls;
mod failure;
mod halves;
mod lenient;
mod lines;
mod request;

pub use assembly::{Assembly, Piece, StreamFault};
pub use attempts::{Attempts, LONGEST_WAIT, Next, RETRIES, Refusal, UsageRefused};
pub use failure::{Refused, refused};
pub use lines::{Event, Lines};
pub use request::{Asking, END, address, message};
