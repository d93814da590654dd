//! Subjects, gates and watching, seen from JavaScript.
#![allow(clippy::inline_always, unreachable_pub)]

use wasm_bindgen::prelude::*;

use super::engine::{Inner, NO_DIFFERENCE, ask, handle_timeless, tell_timeless, with};
use super::wire::{channel_of, listening, source as kind};
use crate::engine::{Command, EmitterId, JobId, KeyId, ListenerId, ManagerId, Reply, Source, ValueId};

/// A subject or gate.
#[wasm_bindgen(js_name = createEmitter)]
pub fn create_emitter() -> i32 {
    match handle_timeless(Command::CreateEmitter) {
        Ok(Reply::Emitter(emitter)) => emitter.0 as i32,
        _ => NO_DIFFERENCE,
    }
}

/// Nobody holds it any more.
#[wasm_bindgen(js_name = dropEmitter)]
pub fn drop_emitter(emitter: u32) {
    tell_timeless(Command::DropEmitter(EmitterId(emitter)));
    with(Inner::recycle_if_idle);
}

/// `kind` and `channel` as `wire.rs` has them. `kept`: the number of the first of the actions that wait for a
/// listener. A listener's number, −1 nothing to hear, −2 latched: call it soon.
#[wasm_bindgen]
pub fn listen(kind: u32, source: u32, channel: u32, kept: u32) -> i32 {
    let source = match kind {
        kind::EMITTER => Source::Emitter(EmitterId(source)),
        kind::JOB => Source::Job(JobId(source)),
        kind::MANAGER => Source::Manager(ManagerId(source)),
        _ => Source::Key(KeyId(source)),
    };
    let channel = channel_of(channel);
    match handle_timeless(Command::Listen { source, channel, kept: ValueId(kept) }) {
        Ok(Reply::Listener { listener, .. }) => listener.0 as i32,
        Ok(Reply::Latched) => listening::LATCHED,
        _ => NO_DIFFERENCE,
    }
}

/// It is told nothing more.
#[wasm_bindgen]
pub fn unlisten(listener: u32) {
    tell_timeless(Command::Unlisten(ListenerId(listener)));
    with(Inner::recycle_if_idle);
}

/// How many are told.
#[wasm_bindgen]
pub fn emit(emitter: u32, value: u32) -> i32 {
    tell_timeless(Command::Emit { emitter: EmitterId(emitter), value: ValueId(value) })
}

/// How many are told; −1: it was open.
#[wasm_bindgen]
pub fn open(emitter: u32, value: u32) -> i32 {
    tell_timeless(Command::Open { emitter: EmitterId(emitter), value: ValueId(value) })
}

/// Whether a gate has opened.
#[wasm_bindgen(js_name = isOpen)]
pub fn is_open(emitter: u32) -> bool {
    ask(|engine| engine.is_open(EmitterId(emitter)))
}

/// Listeners of a subject or gate.
#[wasm_bindgen(js_name = listenerCount)]
pub fn listener_count(emitter: u32) -> u32 {
    ask(|engine| engine.listener_count(EmitterId(emitter)))
}
