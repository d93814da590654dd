//! The loop: ask the model, stream its answer, use the tools it calls, ask again.

use std::collections::HashMap;
use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::chunks::stream_answer;
use super::execute::{TaskContext, WorkerTask};
use super::host::{Decision, WorkerToHostInterface};
use super::tool::Tool;
use crate::browser::error::JobError;
use crate::engine::agents::{
    CANCELLED, DENIED, History, ModelRequest, ModelResponse, ModelResponseChunk, Step, ToolCall, ToolSpec, Turns,
    WorkerState, check_call,
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
            let worker = context.worker();
            worker.edit(|history| history.ask(&self.prompt));
            let mut turns = Turns::new(self.max_turns);
            loop {
                context.cancellation().check()?;
                let step = worker.read(|history| turns.next(history))?;
                match step {
                    Step::Ask => {
                        let response = self.ask(context).await?;
                        worker.edit(|history| turns.answered(history, response));
                    }
                    Step::Use(call) => {
                        let result = self.use_tool(&call, context).await?;
                        worker.edit(|history| history.tool_result(result));
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
        self.enter(WorkerState::Requesting, context)?;
        context.cancellation().check()?;
        let tools: Vec<ToolSpec> = self.tools.iter().map(|tool| tool.spec().clone()).collect();
        let request = ModelRequest { messages: worker.read(History::settled), tools: Rc::new(tools) };
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
                context.worker().edit(|history| history.receive(text));
            }
            ModelResponseChunk::Reasoning { text } => context.worker().edit(|history| history.receive_reasoning(text)),
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
        let mut sent: HashMap<&str, usize> = HashMap::new();
        for id in &self.calls {
            *sent.entry(id).or_default() += 1;
        }
        let calls = response.tool_calls.iter().filter(move |call| match sent.get_mut(call.id.as_str()) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        });
        text.into_iter().chain(calls.map(|call| ModelResponseChunk::ToolCall { call: call.clone() })).collect()
    }
}
