//! One answer on its way from the model to the host.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::task::{Context, Poll};

use futures::channel::mpsc;
use futures::future::{FutureExt, LocalBoxFuture};
use futures::stream::StreamExt;

use super::cancellation::Cancellation;
use super::chunks::{ChunkSender, NotTaken, Sent};
use super::provider::{ModelProvider, RequestContext};
use crate::browser::error::JobError;
use crate::browser::guard::{flat, guarded};
use crate::engine::agents::{Command, ModelRequest, ModelResponse, ModelResponseChunk, Piece};

/// What has come of a request.
pub(super) enum AnswerEvent {
    Sent(Sent),
    Answered(Result<ModelResponse, JobError>),
}

#[derive(Default)]
pub(super) struct Answering {
    asked: Option<LocalBoxFuture<'static, Result<ModelResponse, JobError>>>,
    chunks: Option<mpsc::UnboundedReceiver<Sent>>,
    waiting: VecDeque<Sent>,
    taken: Option<Sent>,
    response: ModelResponse,
    call_ids: HashMap<String, u32>,
}

impl Answering {
    pub(super) fn ask(&mut self, provider: Rc<dyn ModelProvider>, request: ModelRequest, cancellation: Cancellation) {
        let (sender, chunks) = ChunkSender::new();
        let context = RequestContext { cancellation, chunks: sender };
        self.call_ids.clear();
        self.chunks = Some(chunks);
        self.asked = Some(Box::pin(async move { flat(guarded(|| provider.request(&request, &context)).await) }));
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<AnswerEvent> {
        // Before the answer they are a part of.
        if let Some(sent) = self.poll_sent(context) {
            return Poll::Ready(AnswerEvent::Sent(sent));
        }
        if let Some(asked) = &mut self.asked
            && let Poll::Ready(response) = asked.poll_unpin(context)
        {
            self.asked = None;
            return Poll::Ready(AnswerEvent::Answered(response));
        }
        // What the request has sent just now.
        self.poll_sent(context).map_or(Poll::Pending, |sent| Poll::Ready(AnswerEvent::Sent(sent)))
    }

    fn poll_sent(&mut self, context: &mut Context<'_>) -> Option<Sent> {
        match self.chunks.as_mut()?.poll_next_unpin(context) {
            Poll::Ready(sent) => sent,
            Poll::Pending => None,
        }
    }

    /// What the rules are to be told of it, in order.
    pub(super) fn take(&mut self, event: AnswerEvent, error: &mut Option<JobError>) -> Vec<Command> {
        let response = match event {
            AnswerEvent::Sent(sent) => return vec![self.sent(sent)],
            AnswerEvent::Answered(response) => response,
        };
        // Gone with this: whoever sends from now on is told.
        let mut chunks = self.chunks.take();
        let mut commands = Vec::new();
        while let Some(Ok(sent)) = chunks.as_mut().map(mpsc::UnboundedReceiver::try_recv) {
            commands.push(self.sent(sent));
        }
        commands.push(match keep(response, error) {
            Some(response) => {
                let calls = response.tool_calls.iter().map(|call| self.call_id(&call.id)).collect();
                let says = !response.content.is_empty();
                self.response = response;
                Command::Answered { says, calls }
            }
            None => Command::Unanswered,
        });
        commands
    }

    fn sent(&mut self, sent: Sent) -> Command {
        let piece = match &sent.chunk {
            ModelResponseChunk::Text { text } => Piece::Text { says: !text.is_empty() },
            ModelResponseChunk::Reasoning { text } => Piece::Reasoning { says: !text.is_empty() },
            ModelResponseChunk::ToolCall { call } => Piece::Call(self.call_id(&call.id)),
        };
        self.waiting.push_back(sent);
        Command::Sent(piece)
    }

    /// Calls are numbered by their ids.
    fn call_id(&mut self, id: &str) -> u32 {
        let next = self.call_ids.len() as u32;
        *self.call_ids.entry(id.to_owned()).or_insert(next)
    }

    /// The oldest that waits.
    pub(super) fn next(&mut self) -> Option<ModelResponseChunk> {
        self.taken = self.waiting.pop_front();
        self.taken.as_ref().map(|sent| sent.chunk.clone())
    }

    pub(super) fn accept(&mut self) {
        answer(self.taken.take(), Ok(()));
    }

    pub(super) fn refuse(&mut self) {
        for sent in self.taken.take().into_iter().chain(self.waiting.drain(..)) {
            answer(Some(sent), Err(NotTaken::Over));
        }
    }

    pub(super) fn overrun(&mut self) {
        answer(self.waiting.pop_back(), Err(NotTaken::Overrun));
    }

    /// Of the whole answer: 0 is its text, 1 its first call.
    pub(super) fn part(&self, place: u32) -> ModelResponseChunk {
        let call = (place as usize).checked_sub(1).and_then(|at| self.response.tool_calls.get(at));
        match call.cloned() {
            Some(call) => ModelResponseChunk::ToolCall { call },
            None => ModelResponseChunk::Text { text: self.response.content.clone() },
        }
    }

    pub(super) fn whole(&mut self) -> ModelResponse {
        std::mem::take(&mut self.response)
    }
}

fn answer(sent: Option<Sent>, taken: Result<(), NotTaken>) {
    if let Some(sent) = sent {
        // Whoever sent it may have stopped waiting.
        let _ = sent.taken.send(taken);
    }
}

/// Its value; an error goes into `slot`.
pub(super) fn keep<T>(result: Result<T, JobError>, slot: &mut Option<JobError>) -> Option<T> {
    result.map_err(|error| *slot = Some(error)).ok()
}
