//! The loop: ask the model, stream its answer, use the tools it calls, ask again.

use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::chunks::stream_answer;
use super::execute::{TaskContext, WorkerTask};
use super::host::{Decision, WorkerToHostInterface};
use super::tool::Tool;
use crate::browser::error::JobError;
use crate::engine::agents::{
    CANCELLED, DENIED, ModelRequest, ModelResponse, ModelResponseChunk, Step, ToolCall, ToolSpec, Turns, WorkerState,
    check_call,
};

/// One prompt and all that it takes to answer it.
pub(crate) struct Talk {
    pub(crate) prompt: String,
    pub(crate) host: Rc<dyn WorkerToHostInterface>,
    pub(crate) tools: Rc<[Rc<dyn Tool>]>,
    pub(crate) max_turns: u32,
}

impl WorkerTask for Talk {
    fn run<'a>(&'a self, context: &'a TaskContext) -> LocalBoxFuture<'a, Result<(), JobError>> {
        Box::pin(async move {
            let history = &context.worker().history;
            history.borrow_mut().ask(&self.prompt);
            let mut turns = Turns::new(self.max_turns);
            loop {
                context.cancellation().check()?;
                let step = turns.next(&history.borrow())?;
                match step {
                    Step::Ask => {
                        let response = self.ask(context).await?;
                        turns.answered(&mut history.borrow_mut(), response);
                    }
                    Step::Use(call) => {
                        let result = self.use_tool(&call, context).await?;
                        history.borrow_mut().tool_result(result);
                    }
                    Step::Done => return Ok(()),
                }
            }
        })
    }

    fn host(&self) -> Option<&dyn WorkerToHostInterface> {
        Some(&*self.host)
    }
}

impl Talk {
    fn enter(&self, state: WorkerState, context: &TaskContext) -> Result<(), JobError> {
        context.enter(state, None, Some(&*self.host))
    }

    async fn ask(&self, context: &TaskContext) -> Result<ModelResponse, JobError> {
        let worker = context.worker();
        let tools: Vec<ToolSpec> = self.tools.iter().map(|tool| tool.spec().clone()).collect();
        self.enter(WorkerState::Requesting, context)?;
        context.cancellation().check()?;
        let request = ModelRequest { messages: worker.messages(), tools };
        let mut sent = Sent::default();
        let deliver = async |chunk| self.deliver(chunk, &mut sent, context).await;
        let response = stream_answer(&**worker.provider(), &request, &context.scope, deliver).await?;
        context.cancellation().check()?;
        for chunk in sent.missing(&response) {
            let delivered = self.deliver(chunk, &mut sent, context);
            context.cancellation().or_aborted(delivered).await?;
        }
        Ok(response)
    }

    async fn deliver(&self, chunk: ModelResponseChunk, sent: &mut Sent, context: &TaskContext) -> Result<(), JobError> {
        if !std::mem::replace(&mut sent.any, true) {
            self.enter(WorkerState::Receiving, context)?;
            context.cancellation().check()?;
        }
        match &chunk {
            ModelResponseChunk::Text { text } => {
                sent.text |= !text.is_empty();
                context.worker().history.borrow_mut().receive(text);
            }
            ModelResponseChunk::ToolCall { call } => sent.calls.push(call.id.clone()),
        }
        self.host.response_chunk_received(context.worker().id(), &chunk).await
    }

    /// What the model is told of its call.
    async fn use_tool(&self, call: &ToolCall, context: &TaskContext) -> Result<String, JobError> {
        let tool = match check_call(call, self.tools.iter().map(|tool| tool.spec())) {
            Ok(index) => self.tools.get(index),
            Err(fault) => return Ok(fault),
        };
        let Some(tool) = tool else { return Ok(CANCELLED.to_owned()) };
        if let Err(fault) = tool.check(&call.arguments) {
            return Ok(format!("The arguments do not fit the tool's schema: {fault}. Nothing was run."));
        }
        let cancellation = context.cancellation();
        if tool.spec().confirm {
            self.enter(WorkerState::Waiting, context)?;
            let answer = async {
                cancellation.check()?;
                self.host.tool_confirmation(context.worker().id(), call, cancellation).await
            };
            if cancellation.or_aborted(answer).await? == Decision::Deny {
                return Ok(DENIED.to_owned());
            }
        }
        self.enter(WorkerState::UsingTool, context)?;
        cancellation.check()?;
        // Not left alone when asked to end: it has the signal, and the job ends when it has.
        match tool.run(&call.arguments, cancellation).await {
            Ok(result) => Ok(result),
            // It was cut short, which is not its fault.
            Err(_) if cancellation.is_aborted() => Ok(CANCELLED.to_owned()),
            Err(fault) => Ok(format!("Error: {fault}")),
        }
    }
}

/// What of an answer the host has.
#[derive(Default)]
struct Sent {
    any: bool,
    text: bool,
    calls: Vec<String>,
}

impl Sent {
    fn missing(&self, response: &ModelResponse) -> Vec<ModelResponseChunk> {
        let text = (!self.text && !response.content.is_empty())
            .then(|| ModelResponseChunk::Text { text: response.content.clone() });
        // Models give the same id twice, too.
        let mut sent: Vec<&str> = self.calls.iter().map(String::as_str).collect();
        let calls = response.tool_calls.iter().filter(move |call| {
            let known = sent.iter().position(|id| *id == call.id);
            known.map(|at| sent.swap_remove(at)).is_none()
        });
        text.into_iter().chain(calls.map(|call| ModelResponseChunk::ToolCall { call: call.clone() })).collect()
    }
}
