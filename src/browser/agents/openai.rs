//! A provider for every server that speaks OpenAI's chat-completions stream.

use std::cell::Cell;

use futures::future::{Either, LocalBoxFuture, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Date, Function, JsString, Math, Reflect};
use serde_json::{Map, Value};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Headers, RequestInit};

use super::body::settled;
use super::cancellation::Cancellation;
use super::provider::{ModelProvider, RequestContext};
use super::reply::Reply;
use crate::browser::error::{Cancelled, JobError, Thrown};
use crate::engine::OutOfBounds;
use crate::engine::agents::openai::{
    Asking, Assembly, Attempts, END, Event, Lines, Next, Piece, Refused, StreamFault, address, message, refused,
};
use crate::engine::agents::{ModelRequest, ModelResponse, ModelResponseChunk, ToolSpec};

/// Bytes that are read of an error's body: more than any message takes.
const LONGEST_REFUSAL: usize = 65_536;

#[wasm_bindgen]
extern "C" {
    /// As pages and workers of every kind have it.
    /// One that the page has put in its place may throw.
    #[wasm_bindgen(catch, js_name = fetch)]
    fn fetch(url: &JsValue, options: &RequestInit) -> Result<JsValue, JsValue>;
}

/// Where the server is, and what it wants to know.
#[derive(Debug, Clone)]
pub struct OpenAiOptions {
    /// Up to and including the version: `https://api.openai.com/v1`, or `/v1` on the page's own server. A query in it is
    /// sent along.
    pub base_url: String,
    /// The model's name there.
    pub model: String,
    /// Sent as a bearer token.
    pub api_key: Option<String>,
    /// Sent along; they win over the ones made here.
    pub headers: Vec<(String, String)>,
    /// What sessions know it by; default the model's name.
    pub name: Option<String>,
    /// Merged into each request's body; it wins, but for `tools`, which are added to the session's, and without
    /// `messages`, which are the conversation's.
    pub body: Map<String, Value>,
    /// Asks for token counts with `stream_options`, unless the server has refused that once; default true.
    pub usage: bool,
    /// Sends what the model thought along with the answers that it led to, by the name it came by; default false.
    pub send_reasoning: bool,
    /// Called in place of the global `fetch`.
    pub fetch: Option<Function>,
}

impl Default for OpenAiOptions {
    fn default() -> Self {
        Self {
            base_url: String::new(),
            model: String::new(),
            api_key: None,
            headers: Vec::new(),
            name: None,
            body: Map::new(),
            usage: true,
            send_reasoning: false,
            fetch: None,
        }
    }
}

/// What became of a request.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenAiError {
    /// No answer; what `fetch` threw.
    #[error("no answer from {0}: {text}", text = message_of(.1))]
    Unreachable(String, JsValue),
    /// An error status.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The connection broke amid the answer; what reading threw.
    #[error("the connection ended before the answer did")]
    Broken(JsValue),
    /// The stream is not what it should be.
    #[error(transparent)]
    Stream(#[from] StreamFault),
}

/// Anything can be thrown, also what throws when it is looked at.
fn message_of(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.or_else(|| error.as_string()).unwrap_or_else(|| "fetch failed".to_owned())
}

/// Any server that speaks the OpenAI chat-completions stream, over `fetch`. Asked to end, it closes the connection.
///
/// A server that answers 429 or 503 is asked again, twice at most, after the time its `Retry-After` asks for and a
/// little more; never after the answer has begun. If the page may not see that header (`Access-Control-Expose-Headers`),
/// there is only the little more. Asked to wait for longer than a minute, or with the quota used up, it fails at once.
///
/// A server that does not stream and answers with JSON is understood, too.
#[derive(Debug)]
pub struct OpenAiCompatible {
    options: OpenAiOptions,
    /// The server takes no `stream_options`.
    usage_refused: Cell<bool>,
    reasoning_name: Cell<&'static str>,
}

impl OpenAiCompatible {
    /// A provider; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`OutOfBounds`] names what cannot be sent.
    pub fn new(options: OpenAiOptions) -> Result<Self, OutOfBounds> {
        if options.body.contains_key("messages") {
            return Err(OutOfBounds { field: "body.messages", bound: "left out: they are the conversation's" });
        }
        Ok(Self { options, usage_refused: Cell::default(), reasoning_name: Cell::new("reasoning_content") })
    }

    /// By which name what the model thought is sent, if at all.
    fn reasoning_name(&self) -> Option<&'static str> {
        self.options.send_reasoning.then(|| self.reasoning_name.get())
    }

    /// Asks with messages that are JSON already, with commas between; `turn` is how many.
    async fn ask(
        &self,
        messages: &JsValue,
        turn: usize,
        tools: &[ToolSpec],
        context: &RequestContext,
    ) -> Result<ModelResponse, JobError> {
        let reply = self.open(messages, tools, &context.cancellation).await?;
        let answer = self.read(&reply, turn, context).await?;
        for call in &answer.tool_calls {
            context.chunks.send(ModelResponseChunk::ToolCall { call: call.clone() }).await?;
        }
        Ok(answer)
    }

    /// The head of the answer.
    async fn open(
        &self,
        messages: &JsValue,
        tools: &[ToolSpec],
        cancellation: &Cancellation,
    ) -> Result<Reply, JobError> {
        let mut attempts = Attempts::new(self.options.usage && !self.usage_refused.get());
        let opened = self.attempt(messages, tools, cancellation, &mut attempts).await;
        if attempts.usage_is_refused() {
            self.usage_refused.set(true);
        }
        opened
    }

    async fn attempt(
        &self,
        messages: &JsValue,
        tools: &[ToolSpec],
        cancellation: &Cancellation,
        attempts: &mut Attempts,
    ) -> Result<Reply, JobError> {
        let url = address(&self.options.base_url);
        loop {
            let call = self.prepare(messages, tools, attempts.asks_for_usage(), cancellation).map_err(Thrown)?;
            let asked = match &self.options.fetch {
                Some(fetch) => fetch.call2(&JsValue::UNDEFINED, &url.as_str().into(), &call),
                None => fetch(&url.as_str().into(), &call),
            };
            let answered = match asked {
                Ok(asked) => answered(&asked, cancellation).await?,
                Err(error) => Err(error),
            };
            cancellation.check()?;
            let reply = answered.map_err(|error| OpenAiError::Unreachable(url.clone(), error))?;
            if reply.is_ok() {
                attempts.taken();
                return Ok(reply);
            }
            // One that breaks off says nothing; the status says enough.
            let text = text(&reply, cancellation).await.unwrap_or_default();
            cancellation.check()?;
            let retry_after = reply.header("retry-after");
            let refused = refused(reply.status, &reply.status_text, retry_after.as_deref(), &text, Date::now());
            match attempts.refused(&refused.refusal, Math::random()) {
                Next::WithoutUsage => {}
                Next::Wait(pause) => cancellation.or_aborted(slept(pause)).await?,
                Next::Fail => return Err(OpenAiError::Refused(refused).into()),
            }
        }
    }

    fn prepare(
        &self,
        messages: &JsValue,
        tools: &[ToolSpec],
        usage: bool,
        cancellation: &Cancellation,
    ) -> Result<RequestInit, JsValue> {
        let OpenAiOptions { model, api_key, headers: given, body, .. } = &self.options;
        let headers = Headers::new()?;
        headers.set("Content-Type", "application/json")?;
        headers.set("Accept", "text/event-stream")?;
        if let Some(key) = api_key {
            headers.set("Authorization", &format!("Bearer {key}"))?;
        }
        for (name, value) in given {
            headers.set(name, value)?;
        }
        let begin = Asking { model, tools, body, usage }.begin();
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_headers(&headers);
        init.set_body(&JsString::from(begin).concat(messages).concat(&END.into()));
        init.set_signal(Some(cancellation.signal()));
        Ok(init)
    }

    /// The answer, passed on as it arrives.
    async fn read(&self, reply: &Reply, turn: usize, context: &RequestContext) -> Result<ModelResponse, JobError> {
        let kind = reply.header("content-type").unwrap_or_default();
        if kind.contains("html") {
            // A page where the model was thought to be.
            reply.close(&context.cancellation);
            return Err(OpenAiError::from(StreamFault::Unreadable(kind)).into());
        }
        let (mut lines, mut assembly) = (Lines::default(), Assembly::default());
        let mut body = reply.body(&context.cancellation).await.map_err(Thrown)?;
        let mut broken = None;
        while !assembly.is_done() {
            let events = match body.next().await {
                Some(Ok(bytes)) => lines.take(&bytes),
                Some(Err(error)) => {
                    broken = Some(error);
                    lines.finish()
                }
                None if lines.is_over() => break,
                None => lines.finish(),
            };
            // What it says of a server whose connection was closed from here counts for nothing.
            context.cancellation.check()?;
            for event in events {
                self.pass(&event, &mut assembly, context).await?;
            }
        }
        // Where all has been said, it does not matter how the connection ends.
        Ok(assembly.finish(turn).map_err(|fault| match (broken, fault) {
            (Some(error), StreamFault::Cut) => OpenAiError::Broken(error),
            (_, fault) => OpenAiError::from(fault),
        })?)
    }

    async fn pass(&self, event: &Event, assembly: &mut Assembly, context: &RequestContext) -> Result<(), JobError> {
        let Piece { text, reasoning } = assembly.take(event).map_err(OpenAiError::from)?;
        if !reasoning.is_empty() {
            if let Some(name) = assembly.reasoning_name() {
                self.reasoning_name.set(name);
            }
            context.chunks.send(ModelResponseChunk::Reasoning { text: reasoning }).await?;
        }
        if !text.is_empty() {
            context.chunks.send(ModelResponseChunk::Text { text }).await?;
        }
        Ok(())
    }
}

impl ModelProvider for OpenAiCompatible {
    fn name(&self) -> &str {
        self.options.name.as_deref().unwrap_or(&self.options.model)
    }

    fn request<'a>(
        &'a self,
        request: &'a ModelRequest,
        context: &'a RequestContext,
    ) -> LocalBoxFuture<'a, Result<ModelResponse, JobError>> {
        let messages: Vec<String> = request.messages.iter().map(|said| message(said, self.reasoning_name())).collect();
        let messages = JsValue::from_str(&messages.join(","));
        Box::pin(async move { self.ask(&messages, request.messages.len(), &request.tools, context).await })
    }
}

/// The head of the answer. One that comes after the request was to end is closed.
async fn answered(asked: &JsValue, cancellation: &Cancellation) -> Result<Result<Reply, JsValue>, Cancelled> {
    match select(settled(asked), cancellation.aborted()).await {
        Either::Left((answer, _)) if !cancellation.is_aborted() => Ok(answer.and_then(Reply::read)),
        Either::Left((answer, _)) => {
            close(answer, cancellation);
            Err(Cancelled)
        }
        Either::Right(((), late)) => {
            let cancellation = cancellation.clone();
            spawn_local(async move { close(late.await, &cancellation) });
            Err(Cancelled)
        }
    }
}

fn close(answer: Result<JsValue, JsValue>, cancellation: &Cancellation) {
    if let Ok(reply) = answer.and_then(Reply::read) {
        reply.close(cancellation);
    }
}

async fn slept(milliseconds: f64) -> Result<(), Cancelled> {
    TimeoutFuture::new(milliseconds as u32).await;
    Ok(())
}

/// What the body says; of one that is longer than any message, a little more than that.
async fn text(reply: &Reply, cancellation: &Cancellation) -> Result<String, JsValue> {
    let mut bytes = Vec::new();
    let mut body = reply.body(cancellation).await?;
    while let Some(chunk) = body.next().await {
        bytes.extend(chunk?);
        if bytes.len() > LONGEST_REFUSAL {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
