use std::cell::Cell;

use futures::future::LocalBoxFuture;
use gloo_timers::future::TimeoutFuture;

use super::provider::{ModelProvider, RequestContext};
use crate::browser::error::{Cancelled, JobError};
use crate::engine::agents::{ModelRequest, ModelResponse, ModelResponseChunk};

/// Answers from a script: each request takes the next reply, and after the last comes the first again.
#[derive(Debug)]
pub struct Scripted {
    name: String,
    replies: Vec<Vec<ModelResponseChunk>>,
    chunk_delay: u32,
    next: Cell<usize>,
}

impl Scripted {
    /// Replies chunk by chunk, with `chunk_delay` milliseconds before each. Without replies, every answer is empty.
    #[must_use]
    pub fn new(name: String, replies: Vec<Vec<ModelResponseChunk>>, chunk_delay: u32) -> Self {
        Self { name, replies, chunk_delay, next: Cell::default() }
    }

    /// A text as chunks of a word each.
    #[must_use]
    pub fn words(text: &str) -> Vec<ModelResponseChunk> {
        let words = text.split_inclusive(char::is_whitespace);
        words.map(|word| ModelResponseChunk::Text { text: word.to_owned() }).collect()
    }
}

impl ModelProvider for Scripted {
    fn name(&self) -> &str {
        &self.name
    }

    fn request<'a>(
        &'a self,
        _request: &'a ModelRequest,
        context: &'a RequestContext,
    ) -> LocalBoxFuture<'a, Result<ModelResponse, JobError>> {
        let turn = self.next.replace(self.next.get() + 1);
        let reply = self.replies.get(turn.checked_rem(self.replies.len()).unwrap_or_default());
        Box::pin(async move {
            let mut response = ModelResponse { stop_reason: "stop".to_owned(), ..ModelResponse::default() };
            for chunk in reply.into_iter().flatten() {
                if self.chunk_delay > 0 {
                    let pause = async {
                        TimeoutFuture::new(self.chunk_delay).await;
                        Ok::<(), Cancelled>(())
                    };
                    context.cancellation.or_aborted(pause).await?;
                }
                context.chunks.send(chunk.clone()).await?;
                match chunk {
                    ModelResponseChunk::Text { text } => response.content.push_str(text),
                    ModelResponseChunk::Reasoning { .. } => {}
                    ModelResponseChunk::ToolCall { call } => response.tool_calls.push(call.clone()),
                }
            }
            if !response.tool_calls.is_empty() {
                "tool_calls".clone_into(&mut response.stop_reason);
            }
            Ok(response)
        })
    }
}
