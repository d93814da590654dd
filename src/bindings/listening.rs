//! Subjects, gates and watching, seen from JavaScript.
#![allow(clippy::inline_always)]

use wasm_bindgen::prelude::*;

use super::engine::{NO_DIFFERENCE, WasmEngine};
use crate::engine::{Channel, Command, EmitterId, JobId, KeyId, ListenerId, ManagerId, Reply, Source, ValueId};

#[wasm_bindgen]
impl WasmEngine {
    /// A subject or gate.
    #[wasm_bindgen(js_name = createEmitter)]
    pub fn create_emitter(&self) -> i32 {
        match self.handle_timeless(Command::CreateEmitter) {
            Ok(Reply::Emitter(emitter)) => emitter.0 as i32,
            _ => NO_DIFFERENCE,
        }
    }

    /// Nobody holds it any more.
    #[wasm_bindgen(js_name = dropEmitter)]
    pub fn drop_emitter(&self, emitter: u32) {
        self.tell_timeless(Command::DropEmitter(EmitterId(emitter)));
        self.inner.borrow_mut().recycle_if_idle();
    }

    /// `kind`: 0 emitter, 1 job, 2 manager, 3 key. `kept`: the number of the first of the actions that wait for a
    /// listener. A listener's number, −1 nothing to hear, −2 latched: call it soon.
    pub fn listen(&self, kind: u32, source: u32, channel: u32, kept: Option<u32>) -> i32 {
        let source = match kind {
            0 => Source::Emitter(EmitterId(source)),
            1 => Source::Job(JobId(source)),
            2 => Source::Manager(ManagerId(source)),
            _ => Source::Key(KeyId(source)),
        };
        let channel = match channel {
            0 => Channel::Value,
            1 => Channel::State,
            2 => Channel::Progress,
            3 => Channel::Stopped,
            4 => Channel::Action,
            5 => Channel::Event,
            6 => Channel::Change,
            7 => Channel::Key,
            _ => Channel::Order,
        };
        match self.handle_timeless(Command::Listen { source, channel, kept: kept.map_or(ValueId::NONE, ValueId) }) {
            Ok(Reply::Listener { listener, .. }) => listener.0 as i32,
            Ok(Reply::Latched) => -2,
            _ => NO_DIFFERENCE,
        }
    }

    /// It is told nothing more.
    pub fn unlisten(&self, listener: u32) {
        self.tell_timeless(Command::Unlisten(ListenerId(listener)));
        self.inner.borrow_mut().recycle_if_idle();
    }

    /// How many are told.
    pub fn emit(&self, emitter: u32, value: u32) -> i32 {
        self.tell_timeless(Command::Emit { emitter: EmitterId(emitter), value: ValueId(value) })
    }

    /// How many are told; −1: it was open.
    pub fn open(&self, emitter: u32, value: u32) -> i32 {
        self.tell_timeless(Command::Open { emitter: EmitterId(emitter), value: ValueId(value) })
    }

    /// Whether a gate has opened.
    #[wasm_bindgen(js_name = isOpen)]
    pub fn is_open(&self, emitter: u32) -> bool {
        self.ask(|engine| engine.is_open(EmitterId(emitter)))
    }

    /// Listeners of a subject or gate.
    #[wasm_bindgen(js_name = listenerCount)]
    pub fn listener_count(&self, emitter: u32) -> u32 {
        self.ask(|engine| engine.listener_count(EmitterId(emitter)))
    }
}
