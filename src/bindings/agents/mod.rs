//! The exports of `jobgate/agents`: the rules of its workers' runs, and of requests that are refused. Numbers alone cross;
//! texts, calls and errors stay on the JavaScript side.

mod wire;

use std::cell::{Cell, RefCell};

use js_sys::Function;
use wasm_bindgen::prelude::*;

use self::wire::{EFFECT_BITS, NONE, decision, effect, outcome, piece, role, tell, usage_refused, verdict};
use crate::bindings::panic;
use crate::engine::agents::openai::{Attempts, Next, Refusal, UsageRefused};
use crate::engine::agents::{
    Command, Decision, Effect, Kind, Outcome, Outline, Piece, Prompt, Run, Stays, Task, Verdict,
};

/// An effect as one number: what in the lowest bits, which above them.
fn word(asked: Effect) -> u32 {
    let (what, which) = match asked {
        Effect::Enter(state) => (effect::ENTER, state as u32),
        Effect::Prompt(asked) => (effect::PROMPT, asked as u32),
        Effect::Ask => (effect::ASK, 0),
        Effect::Take => (effect::TAKE, 0),
        Effect::Accept => (effect::ACCEPT, 0),
        Effect::Refuse => (effect::REFUSE, 0),
        Effect::Overrun => (effect::OVERRUN, 0),
        Effect::Abort(cause) => (effect::ABORT, cause as u32),
        Effect::Give(place) => (effect::GIVE, place),
        Effect::Answer { some } => (effect::ANSWER, u32::from(some)),
        Effect::Look => (effect::LOOK, 0),
        Effect::Confirm => (effect::CONFIRM, 0),
        Effect::Use => (effect::USE, 0),
        Effect::Result(outcome) => (effect::RESULT, outcome as u32),
        Effect::Run => (effect::RUN, 0),
        Effect::Conclude => (effect::CONCLUDE, 0),
        Effect::Fail(cause) => (effect::FAIL, cause as u32),
        Effect::End(end) => (effect::END, end as u32),
        Effect::Keep { some } => (effect::KEEP, u32::from(some)),
    };
    what | which << EFFECT_BITS
}

/// The rules of one worker: its conversation, and the run under way. Commands answer with how many effects there are in
/// the outbox until the next command.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct WasmWorker {
    outline: RefCell<Outline>,
    run: RefCell<Run>,
    /// Which run that is: a host may answer one that has ended.
    number: Cell<u32>,
    /// The calls of the answer that is being told of.
    calls: RefCell<Vec<u32>>,
    outbox: RefCell<Vec<u32>>,
}

impl WasmWorker {
    fn handle(&self, command: Command) -> u32 {
        let effects = self.run.borrow_mut().handle(&mut self.outline.borrow_mut(), command);
        let mut outbox = self.outbox.borrow_mut();
        outbox.clear();
        outbox.extend(effects.into_iter().map(word));
        outbox.len() as u32
    }
}

#[wasm_bindgen]
impl WasmWorker {
    /// A conversation in which nothing was said.
    #[wasm_bindgen(constructor)]
    pub fn new() -> WasmWorker {
        Self::default()
    }

    /// Before anything else. `on_panic(message)` is called when the binary breaks; nothing can be called after that.
    #[wasm_bindgen(js_name = reportPanics)]
    pub fn report_panics(on_panic: Function) {
        panic::report_to(on_panic);
    }

    /// Takes up a message that was said before. `flag`: an answer says something; a result fits the first call that has
    /// none. `calls`: so many tools an answer calls. Returns why it may not stand there, if so.
    pub fn add(&self, whose: u32, flag: bool, calls: u32) -> Option<String> {
        let kind = match whose {
            role::SYSTEM => Kind::System,
            role::USER => Kind::User,
            role::ASSISTANT => Kind::Assistant { says: flag, calls },
            _ => Kind::Tool { fits: flag },
        };
        self.outline.borrow_mut().add(kind).err().map(str::to_owned)
    }

    /// No more are taken up. Returns what is wrong with that, if so.
    pub fn complete(&self) -> Option<String> {
        self.outline.borrow().complete().err().map(str::to_owned)
    }

    /// Drops the message of that index and all after it. Returns why it may not, if so.
    pub fn truncate(&self, length: u32) -> Option<String> {
        self.outline.borrow_mut().truncate(length as usize).err().map(str::to_owned)
    }

    /// Puts the other's conversation in the place of this one's. `stays`: what [`Self::stays`] has said of it before.
    #[wasm_bindgen(js_name = takeOver)]
    pub fn take_over(&self, other: WasmWorker, stays: f64) {
        let mut outline = other.outline.into_inner();
        if stays >= 0.0 && stays.is_finite() {
            outline.has_failed(stays as u32);
        }
        self.outline.replace(outline);
    }

    /// How much of the last message the next prompt is joined to; Infinity: all of it, -1: it is no prompt.
    pub fn stays(&self) -> f64 {
        match self.outline.borrow().stays() {
            Stays::Nothing => -1.0,
            Stays::All => f64::INFINITY,
            Stays::Until(length) => f64::from(length),
        }
    }

    /// Begins a run of that number, which no other has had; the one before is over. `max_turns` of 0: of the app's own
    /// task. `length` and `again`: see [`Prompt`]; 2³² − 1 if it does not end so.
    pub fn start(&self, run: u32, max_turns: u32, length: u32, again: u32) -> u32 {
        self.run.replace(Run::default());
        self.number.set(run);
        let prompt = Prompt { length, again: Some(again).filter(|again| *again != NONE) };
        let task = if max_turns == 0 { Task::Other } else { Task::Talk { prompt, max_turns } };
        self.handle(Command::Start(task))
    }

    /// A call of the answer that is told of next, by its id's number.
    #[wasm_bindgen(js_name = answerCalls)]
    pub fn answer_calls(&self, id: u32) {
        self.calls.borrow_mut().push(id);
    }

    /// Something has happened in the run of that number. Of one that another has followed it is of no interest.
    pub fn tell(&self, run: u32, what: u32, which: u32) -> u32 {
        if run != self.number.get() {
            return 0;
        }
        let ok = which == 1;
        self.handle(match what {
            tell::STOP => Command::Stop,
            tell::TOLD => Command::Told { ok },
            tell::SENT => Command::Sent(match which {
                ..piece::REASONING => Piece::Text { says: ok },
                piece::REASONING..piece::FIRST_CALL => Piece::Reasoning { says: which > piece::REASONING },
                id => Piece::Call(id - piece::FIRST_CALL),
            }),
            tell::TAKEN => Command::Taken { ok },
            tell::ANSWERED => Command::Answered { says: ok, calls: self.calls.take() },
            tell::UNANSWERED => Command::Unanswered,
            tell::LOOKED => Command::Looked(match which {
                verdict::REFUSED => Verdict::Refused,
                verdict::FREE => Verdict::Free,
                _ => Verdict::Confirm,
            }),
            tell::DECIDED => Command::Decided(match which {
                decision::NONE => None,
                decision::APPROVE => Some(Decision::Approve),
                _ => Some(Decision::Deny),
            }),
            tell::USED => Command::Used { ok },
            tell::SETTLED => Command::Settled { ok },
            _ => Command::Over { timed_out: ok },
        })
    }

    /// What a result of that kind says to the model, where it is always the same.
    #[wasm_bindgen(js_name = resultWords)]
    pub fn result_words(what: u32) -> Option<String> {
        let result = if what == outcome::DENIED { Outcome::Denied } else { Outcome::Cut };
        result.words().map(str::to_owned)
    }

    /// Where the outbox begins, in bytes. Any command may move it.
    pub fn outbox(&self) -> *const u32 {
        self.outbox.borrow().as_ptr()
    }
}

/// One request to a server, however often it is made.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WasmAttempts {
    attempts: Cell<Attempts>,
}

#[wasm_bindgen]
impl WasmAttempts {
    /// `usage`: whether to ask for token counts.
    #[wasm_bindgen(constructor)]
    pub fn new(usage: bool) -> WasmAttempts {
        Self { attempts: Cell::new(Attempts::new(usage)) }
    }

    /// Whether the next attempt asks for token counts.
    #[wasm_bindgen(js_name = asksForUsage)]
    pub fn asks_for_usage(&self) -> bool {
        self.attempts.get().asks_for_usage()
    }

    /// Whether this server is not to be asked for token counts any more.
    #[wasm_bindgen(js_name = usageIsRefused)]
    pub fn usage_is_refused(&self) -> bool {
        self.attempts.get().usage_is_refused()
    }

    /// The server has taken the last attempt.
    pub fn taken(&self) {
        let mut attempts = self.attempts.get();
        attempts.taken();
        self.attempts.set(attempts);
    }

    /// The server has refused it. `usage`: whether for `stream_options`. Returns after how many milliseconds to ask
    /// again; -1: not at all.
    pub fn refused(&self, status: u16, wait: f64, used_up: bool, usage: u32, chance: f64) -> f64 {
        let usage = match usage {
            usage_refused::NO => UsageRefused::No,
            usage_refused::MAYBE => UsageRefused::Maybe,
            _ => UsageRefused::Yes,
        };
        let mut attempts = self.attempts.get();
        let next = attempts.refused(&Refusal { status, wait, used_up, usage }, chance);
        self.attempts.set(attempts);
        match next {
            Next::WithoutUsage => 0.0,
            Next::Wait(pause) => pause,
            Next::Fail => -1.0,
        }
    }
}
