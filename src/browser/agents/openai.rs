//! A provider for every server that speaks OpenAI's chat-completions stream.

use std::rc::Rc;

use futures::StreamExt;
use futures::future::{Either, LocalBoxFuture, select};
use js_sys::{Date, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestInit, Response};

use super::body::Body;
use super::cancellation::Cancellation;
use super::provider::{ModelProvider, RequestContext};
use crate::browser::completion::Completion;
use crate::browser::context::JobContext;
use crate::browser::error::{Cancelled, JobError, Thrown};
use crate::browser::manager::JobManager;
use crate::engine::agents::openai::{Assembly, Broken, Refused, StreamFault, address, body, events, refused};
use crate::engine::agents::{ModelRequest, ModelResponse, ModelResponseChunk};
use crate::engine::{ManagerOptions, RetryOptions, RunOptions};

/// How often a server that says "later" is asked again.
const RETRIES: u32 = 2;
/// Milliseconds before the first retry, on top of what the server asks for, drawn from 0 up to this and doubling: so
/// that not everyone comes back in the same moment.
const SPREAD: f64 = 500.0;
/// Bytes that are read of an error's body: more than any message takes.
const LONGEST_REFUSAL: usize = 65_536;

#[wasm_bindgen]
extern "C" {
    /// As pages and workers of every kind have it.
    /// One that the page has put in its place may throw.
    #[wasm_bindgen(catch, js_name = fetch)]
    fn fetch(url: &str, options: &RequestInit) -> Result<Promise, JsValue>;
}

/// Where the server is, and what it wants to know.
#[derive(Debug, Clone, Default)]
pub struct OpenAiOptions {
    /// Up to and including the version: `https://api.openai.com/v1`. A query in it is sent along.
    pub base_url: String,
    /// The model's name there.
    pub model: String,
    /// Sent as a bearer token.
    pub api_key: Option<String>,
    /// Sent along; they win over the ones made here.
    pub headers: Vec<(String, String)>,
    /// What sessions know it by; default the model's name.
    pub name: Option<String>,
}

/// What became of a request.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenAiError {
    /// No answer; what `fetch` threw.
    #[error("no answer from {0}: {text}", text = js_sys::Error::from(.1.clone()).message())]
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
}

impl OpenAiCompatible {
    /// A provider; nothing is sent yet.
    #[must_use]
    pub fn new(options: OpenAiOptions) -> Self {
        Self { options }
    }

    fn prepare(&self, request: &ModelRequest, cancellation: &Cancellation) -> Result<Call, JsValue> {
        let OpenAiOptions { base_url, model, api_key, headers: given, .. } = &self.options;
        let headers = Headers::new()?;
        headers.set("Content-Type", "application/json")?;
        headers.set("Accept", "text/event-stream")?;
        if let Some(key) = api_key {
            headers.set("Authorization", &format!("Bearer {key}"))?;
        }
        for (name, value) in given {
            headers.set(name, value)?;
        }
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_headers(&headers);
        init.set_body(&JsValue::from_str(&body(model, request).to_string()));
        init.set_signal(Some(cancellation.signal()));
        Ok(Call { url: address(base_url), init, cancellation: cancellation.clone() })
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
        Box::pin(async move {
            let call = self.prepare(request, &context.cancellation).map_err(Thrown)?;
            let response = open(call, &context.cancellation).await?;
            let answer = read(&response, request.messages.len(), context).await?;
            for call in &answer.tool_calls {
                context.chunks.send(ModelResponseChunk::ToolCall { call: call.clone() }).await?;
            }
            Ok(answer)
        })
    }
}

struct Call {
    url: String,
    init: RequestInit,
    cancellation: Cancellation,
}

/// The head of the answer, from a job of its own: the retries are the engine's.
async fn open(call: Call, cancellation: &Cancellation) -> Result<Response, JobError> {
    let call = Rc::new(call);
    let manager: JobManager<(), (), (), Response> = JobManager::new(&ManagerOptions::default())?;
    let retry = RetryOptions { limit: f64::from(RETRIES), delay: SPREAD, ..RetryOptions::default() };
    let options = RunOptions { retry: Some(retry), ..RunOptions::default() };
    let job = manager.run_job((), move |job| attempt(job, call.clone()), &options)?.into_job();
    match select(job.result(), cancellation.aborted()).await {
        Either::Right(_) => {
            // During a retry's wait it ends at once; else the same signal ends its fetch.
            job.stop().await;
            Err(Cancelled.into())
        }
        Either::Left((Completion::Normal(response), _)) => Ok(Clone::clone(&*response)),
        Either::Left((Completion::Cancelled(_), _)) => Err(Cancelled.into()),
        Either::Left((Completion::Failed(error), _)) => match error.downcast_ref::<OpenAiError>() {
            Some(error) => Err(error.clone().into()),
            None => Err(JobError::new(error.to_string())),
        },
    }
}

async fn attempt(job: JobContext<(), ()>, call: Rc<Call>) -> Result<Response, JobError> {
    let unreachable = |error| JobError::non_retriable(OpenAiError::Unreachable(call.url.clone(), error));
    let asked = fetch(&call.url, &call.init).map_err(unreachable)?;
    let response = JsFuture::from(asked).await.map_err(unreachable)?;
    let response: Response = response.dyn_into().map_err(unreachable)?;
    if response.ok() {
        return Ok(response);
    }
    // One that breaks off says nothing; the status says enough.
    let text = text(&response, &call.cancellation, LONGEST_REFUSAL).await.unwrap_or_default();
    let retry_after = header(&response, "retry-after");
    let refused = refused(response.status(), &response.status_text(), retry_after.as_deref(), &text, Date::now());
    if !refused.retriable {
        return Err(JobError::non_retriable(OpenAiError::Refused(refused)));
    }
    if job.attempt() <= RETRIES {
        job.sleep(refused.wait).await?;
    }
    Err(OpenAiError::Refused(refused).into())
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).ok().flatten()
}

/// What the body says; of one that is longer than `most` bytes, a little more than so many.
async fn text(response: &Response, cancellation: &Cancellation, most: usize) -> Result<String, JsValue> {
    let mut bytes = Vec::new();
    if let Some(body) = response.body() {
        let mut chunks = Body::new(&body, cancellation)?.into_chunks();
        while let Some(chunk) = chunks.next().await {
            bytes.extend(chunk?);
            if bytes.len() > most {
                break;
            }
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The answer, passed on as it arrives.
async fn read(response: &Response, turn: usize, context: &RequestContext) -> Result<ModelResponse, JobError> {
    let mut assembly = Assembly::default();
    let kind = header(response, "content-type").unwrap_or_default();
    if kind.contains("html") {
        // A page where the model was thought to be.
        return Err(OpenAiError::from(StreamFault::Unreadable(kind)).into());
    }
    if kind.contains("json") {
        let whole = text(response, &context.cancellation, usize::MAX).await;
        context.cancellation.check()?;
        let piece = assembly.take(&whole.map_err(OpenAiError::Broken)?).map_err(OpenAiError::from)?;
        if let Some(text) = piece {
            context.chunks.send(ModelResponseChunk::Text { text }).await?;
        }
        return Ok(assembly.finish(turn).map_err(OpenAiError::from)?);
    }
    let Some(body) = response.body() else { return Err(OpenAiError::from(StreamFault::Cut).into()) };
    let bytes = Body::new(&body, &context.cancellation).map_err(Thrown)?;
    let mut events = events(bytes.into_chunks());
    while let Some(event) = events.next().await {
        match event {
            Ok(data) => {
                if let Some(text) = assembly.take(&data).map_err(OpenAiError::from)? {
                    context.chunks.send(ModelResponseChunk::Text { text }).await?;
                }
            }
            Err(broken) => {
                context.cancellation.check()?;
                // Where all has been said, it does not matter how the connection ends.
                return assembly.finish(turn).map_err(|_| {
                    JobError::new(match broken {
                        Broken::Stream(error) => OpenAiError::Broken(error),
                        Broken::Garbled => StreamFault::Unreadable("it is not UTF-8".to_owned()).into(),
                    })
                });
            }
        }
        if assembly.is_done() {
            break;
        }
    }
    context.cancellation.check()?;
    Ok(assembly.finish(turn).map_err(OpenAiError::from)?)
}
