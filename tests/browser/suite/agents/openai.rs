//! A provider whose `fetch` is the test's own.

use std::rc::Rc;

use jobgate::browser::agents::{
    Message, OpenAiCompatible, OpenAiOptions, Session, SessionOptions, Worker, WorkerInput, WorkerJob,
};
use js_sys::Function;
use serde_json::json;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::stage::{Host, named};
use crate::suite::support::{Trace, plain, until};

/// No signal is followed; `answer()` gives what `kind` is called after.
const FETCH: &str = "
    const state = { asked: false, reading: false, closed: false };
    const stream = (chunks) => new ReadableStream({
        pull(stream) {
            state.reading = true;
            if (chunks.length > 0) stream.enqueue(chunks.shift());
            return chunks.length > 0 ? undefined : new Promise(() => {});
        },
        cancel() { state.closed = true; },
    }, { highWaterMark: 0 });
    const text = (text) => {
        state.reading = true;
        return new TextEncoder().encode(text);
    };
    const hello = (part) => 'data: {\"choices\":[{\"delta\":{\"content\":\"' + part + '\"}}]}\\n\\n';
    const viewed = (make, text) => {
        const bytes = new TextEncoder().encode(text.length % 2 ? text + '\\n' : text);
        const buffer = new Uint8Array(bytes.length + 8);
        buffer.set(bytes, 4);
        return make(buffer.buffer, 4, bytes.length);
    };
    const answer = (body, type = 'text/event-stream') => ({ status: 200, headers: new Headers({ 'content-type': type }), body });
    const answers = {
        head: () => new Promise((resolve) => { state.late = () => resolve(answer(stream([]))); }),
        stream: () => answer(stream([])),
        text: () => ({ ...answer(null), text: () => { state.reading = true; return new Promise(() => {}); } }),
        page: () => answer(stream([]), 'text/html'),
        numbers: () => answer(stream([5])),
        views: () => answer(stream([
            text(hello('one ')),
            viewed((buffer, at, length) => new DataView(buffer, at, length), hello('two ')),
            viewed((buffer, at, length) => new Uint16Array(buffer, at, length / 2), hello('three')),
            text('data: [DONE]\\n\\n'),
        ])),
    };
    state.fetch = async () => { state.asked = true; return answers[kind](); };
    return state;
";

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type Server;
    #[wasm_bindgen(method, getter)]
    fn fetch(this: &Server) -> Function;
    #[wasm_bindgen(method, getter)]
    fn asked(this: &Server) -> bool;
    #[wasm_bindgen(method, getter)]
    fn reading(this: &Server) -> bool;
    #[wasm_bindgen(method, getter)]
    fn closed(this: &Server) -> bool;
    #[wasm_bindgen(method)]
    fn late(this: &Server);
}

fn server(kind: &str) -> Server {
    Function::new_with_args("kind", FETCH).call1(&JsValue::NULL, &kind.into()).unwrap().unchecked_into()
}

fn options(server: &Server) -> OpenAiOptions {
    OpenAiOptions {
        base_url: "/v1".into(),
        model: "model".into(),
        fetch: Some(server.fetch()),
        ..OpenAiOptions::default()
    }
}

fn ask(server: &Server) -> (Session, Rc<Worker>, WorkerJob) {
    let provider = Rc::new(OpenAiCompatible::new(options(server)).unwrap());
    let session = Session::new(SessionOptions { providers: vec![provider], ..SessionOptions::default() }).unwrap();
    let worker = session.create_worker(named("helper")).unwrap();
    let host = Rc::new(Host::new(Trace::default()));
    let job = session.run(&worker, WorkerInput { prompt: "go".into() }, host, &plain()).unwrap().into_job();
    (session, worker, job)
}

#[wasm_bindgen_test]
async fn a_stop_does_not_wait_for_a_connection_that_does_not_follow_it() {
    for kind in ["head", "stream", "text"] {
        let server = server(kind);
        let (_session, _, job) = ask(&server);
        until(|| if kind == "head" { server.asked() } else { server.reading() }).await;
        job.cancel();
        until(|| job.completion().is_some()).await;
        assert!(job.completion().unwrap().is_cancelled(), "{kind}");
        if kind == "head" {
            server.late();
        }
        if kind != "text" {
            until(|| server.closed()).await;
        }
    }
}

#[wasm_bindgen_test]
async fn a_page_in_place_of_an_answer_is_not_read_and_its_connection_is_closed() {
    let server = server("page");
    let (_session, _, job) = ask(&server);
    assert!(job.wait().await.error().unwrap().to_string().contains("text/html"));
    until(|| server.closed()).await;
    assert!(!server.reading());
}

#[wasm_bindgen_test]
async fn the_connection_of_an_answer_that_is_no_bytes_is_closed() {
    let server = server("numbers");
    let (_session, _, job) = ask(&server);
    assert!(job.wait().await.error().is_some());
    until(|| server.closed()).await;
}

#[wasm_bindgen_test]
async fn bytes_are_read_whatever_they_are_a_view_of() {
    let server = server("views");
    let (_session, worker, job) = ask(&server);
    assert!(job.wait().await.error().is_none());
    let said = worker.messages().pop();
    assert!(matches!(&said, Some(Message::Assistant { content, .. }) if content == "one two three"), "{said:?}");
}

#[wasm_bindgen_test]
fn a_body_may_not_hold_the_conversation() {
    let body = json!({ "messages": [] }).as_object().unwrap().clone();
    let refused = OpenAiCompatible::new(OpenAiOptions { body, ..options(&server("stream")) }).map(|_| ()).unwrap_err();
    assert_eq!(refused.to_string(), "body.messages must be left out: they are the conversation's");
}
