//! One tab's part in one shared queue, and what the transactions of its runs write. Jobs, types and lock requests are numbers; ids, params, results and the store stay on the JavaScript side. Times are
//! milliseconds of the page's clock, `wall` those of its wall clock.

use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::bindings::panic;
use crate::engine::Time;
use crate::engine::shared::transactions;
use crate::engine::shared::{
    Claim, Command, Lock, Now, RequestId, SharedJobId, SlotRow, Tab, TabOptions, TypeRules, remaining,
};

use super::numbers::{read_answer, read_kind, read_outcome, write_effect, write_recovered, write_waiting};
use super::requests::{range, written};
use super::wire::{read_row, tell};

fn read_slot(numbers: &[u32]) -> SlotRow {
    match *numbers {
        [generation, beat] => SlotRow { generation, beat },
        _ => SlotRow::default(),
    }
}

/// One tab. Commands answer with the effects, nine numbers each.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WasmTab {
    inner: RefCell<Tab>,
}

impl WasmTab {
    fn handle(&self, now: f64, wall: f64, command: Command) -> Vec<f64> {
        let effects = self.inner.borrow_mut().handle(Now { time: Time::from_millis(now), wall }, command);
        let mut numbers = Vec::new();
        for effect in effects {
            write_effect(effect, &mut numbers);
        }
        numbers
    }
}

#[wasm_bindgen]
impl WasmTab {
    /// Knows nothing yet.
    ///
    /// # Errors
    ///
    /// A `RangeError` that names the option and its bound.
    #[wasm_bindgen(constructor)]
    pub fn new(concurrency: f64, take_over_after: f64, max_interruptions: f64, execute: bool) -> Result<Self, JsValue> {
        let tab = Tab::new(&TabOptions { concurrency, take_over_after, max_interruptions, execute }).map_err(range)?;
        Ok(Self { inner: RefCell::new(tab) })
    }

    /// `on_panic(message)` is called when the binary breaks; nothing can be called after that.
    #[wasm_bindgen(js_name = reportPanics)]
    pub fn report_panics(on_panic: Function) {
        panic::report_to(on_panic);
    }

    /// Types are numbered in the order in which they come. `online` is negative for those that do not ask for it.
    ///
    /// # Errors
    ///
    /// A `RangeError` that names the rule and its bound.
    #[wasm_bindgen(js_name = addType)]
    pub fn add_type(
        &self,
        version: f64,
        strict: bool,
        fail_interrupted: bool,
        online: Option<f64>,
        visible: bool,
    ) -> Result<u32, JsValue> {
        let rules = TypeRules { version, strict, fail_interrupted, online, visible };
        self.inner.borrow_mut().add_type(&rules).map(|kind| kind.0).map_err(range)
    }

    // ── what has happened ───────────────────────────────────────────────────────────────────────

    /// As the store has it; `kind` is negative for a type that is not known here.
    pub fn seen(&self, now: f64, wall: f64, job: u32, kind: i32, row: &[f64]) -> Vec<f64> {
        let Some(row) = read_row(row) else { return Vec::new() };
        self.handle(now, wall, Command::Seen { job: SharedJobId(job), kind: read_kind(kind), row })
    }

    /// As the store has it.
    pub fn slot(&self, now: f64, wall: f64, slot: u32, generation: u32, beat: u32) -> Vec<f64> {
        self.handle(now, wall, Command::Slot { slot, row: SlotRow { generation, beat } })
    }

    /// What has nothing but a number or a yes to say. A read that is not done has failed; a yes of leaving: at once.
    pub fn tell(&self, now: f64, wall: f64, what: u32, number: u32) -> Vec<f64> {
        let yes = number != 0;
        let command = match what {
            tell::GONE => Command::Gone(SharedJobId(number)),
            tell::READ_DONE if yes => Command::ReadDone,
            tell::READ_DONE => Command::ReadFailed,
            tell::HINT => Command::Hint,
            tell::GRANTED => Command::Granted(RequestId(number)),
            tell::LOCK_LOST => Command::LockLost(RequestId(number)),
            tell::PARKED => Command::Parked(SharedJobId(number)),
            tell::VISIBLE => Command::Visible(yes),
            tell::ONLINE => Command::Online(yes),
            tell::TICK => Command::Tick,
            tell::GOING => Command::Going,
            tell::LEAVE => Command::Leave { at_once: yes },
            _ => Command::Return,
        };
        self.handle(now, wall, command)
    }

    /// Of the transaction that enters a slot, or, with `retired`, gives up its holder.
    pub fn answered(&self, now: f64, wall: f64, slot: u32, generation: u32, retired: bool, answer: u32) -> Vec<f64> {
        let (lock, answer) = (Lock { slot, generation }, read_answer(answer));
        let command = if retired { Command::Retired { lock, answer } } else { Command::Entered { lock, answer } };
        self.handle(now, wall, command)
    }

    /// Of the transaction that records what came of a run, or, with `action`, that an action is done with.
    pub fn recorded(&self, now: f64, wall: f64, job: u32, epoch: u32, action: bool, answer: u32) -> Vec<f64> {
        let (job, answer) = (SharedJobId(job), read_answer(answer));
        let command = if action {
            Command::Acknowledged { job, epoch, answer }
        } else {
            Command::Recorded { job, epoch, answer }
        };
        self.handle(now, wall, command)
    }

    /// The body has settled; `wait` is NaN where none was asked for.
    pub fn settled(&self, now: f64, wall: f64, job: u32, epoch: u32, outcome: u32, wait: f64) -> Vec<f64> {
        let outcome = read_outcome(outcome, wait);
        self.handle(now, wall, Command::Settled { job: SharedJobId(job), epoch, outcome })
    }

    /// The body listens to actions, or, with `handled`, has done with the latest.
    pub fn action(&self, now: f64, wall: f64, job: u32, epoch: u32, handled: bool) -> Vec<f64> {
        let job = SharedJobId(job);
        let command = if handled { Command::Handled { job, epoch } } else { Command::Listening { job, epoch } };
        self.handle(now, wall, command)
    }

    // ── what can be asked ───────────────────────────────────────────────────────────────────────

    /// When to tell it [`tell::TICK`]; Infinity: no need.
    #[wasm_bindgen(js_name = wakeAt)]
    pub fn wake_at(&self) -> f64 {
        self.inner.borrow().wake_at().map_or(f64::INFINITY, Time::as_millis)
    }

    /// While the page goes: until when what a step rejects with is no failure of its own; else 0.
    #[wasm_bindgen(js_name = goingUntil)]
    pub fn going_until(&self, now: f64, job: u32, epoch: u32) -> f64 {
        let until = self.inner.borrow().going_until(Time::from_millis(now), SharedJobId(job), epoch);
        until.map_or(0.0, Time::as_millis)
    }

    /// Slots and generations of the locks that are held.
    pub fn held(&self) -> Vec<u32> {
        self.inner.borrow().held().flat_map(|lock| [lock.slot, lock.generation]).collect()
    }

    /// In the order in which they will start.
    pub fn pending(&self) -> Vec<u32> {
        self.inner.borrow().pending().into_iter().map(|job| job.0).collect()
    }

    /// What a pending job waits for; negative: it is not pending.
    #[wasm_bindgen(js_name = waitingFor)]
    pub fn waiting_for(&self, now: f64, job: u32) -> i32 {
        self.inner.borrow_mut().waiting_for(Time::from_millis(now), SharedJobId(job)).map_or(-1, write_waiting)
    }

    // ── inside transactions ─────────────────────────────────────────────────────────────────────

    /// For a slot that is entered: nothing, if it is refused; else its beat, what became of the job that was left there
    /// (see [`write_recovered`]), then the row of the job that was claimed, if it was. `target` is empty where none is to
    /// be. `stored` is generation and beat.
    #[allow(clippy::too_many_arguments)]
    pub fn enter(
        &self,
        wall: f64,
        slot: u32,
        generation: u32,
        stored: &[u32],
        within: &[f64],
        target: &[f64],
        claim: &[f64],
    ) -> Vec<f64> {
        let (within, target) = (read_row(within), read_row(target));
        let claim = match *claim {
            [epoch, version, strict, fail] => Some(Claim {
                epoch: epoch as u32,
                version: version as u32,
                strict: strict != 0.0,
                fail_interrupted: fail != 0.0,
            }),
            _ => None,
        };
        let stored = read_slot(stored);
        let most = self.inner.borrow().max_interruptions();
        let target = target.as_ref().zip(claim);
        let Some(entered) = transactions::enter((slot, generation), stored, within.as_ref(), target, wall, most) else {
            return Vec::new();
        };
        let mut numbers = vec![f64::from(entered.slot.beat)];
        write_recovered(entered.recovered, &mut numbers);
        numbers.extend(written(entered.claimed));
        numbers
    }

    /// For a slot whose holder is given up: nothing, if it is refused; else what became of the job that was left there
    /// (see [`write_recovered`]). The slot's generation is the next then.
    pub fn retire(&self, wall: f64, slot: u32, generation: u32, beat: u32, stored: &[u32], within: &[f64]) -> Vec<f64> {
        let within = read_row(within);
        let stored = read_slot(stored);
        let most = self.inner.borrow().max_interruptions();
        let retired = transactions::retire((slot, generation), beat, stored, within.as_ref(), wall, most);
        let mut numbers = Vec::new();
        if let Some((_, recovered)) = retired {
            write_recovered(recovered, &mut numbers);
        }
        numbers
    }

    /// What a run writes that is over. `random` is in 0..1.
    pub fn settle(row: &[f64], epoch: u32, outcome: u32, wait: f64, wall: f64, random: f64) -> Vec<f64> {
        written(
            read_row(row).and_then(|row| transactions::settle(&row, epoch, read_outcome(outcome, wait), wall, random)),
        )
    }

    /// Whether the run of that epoch may still write.
    #[wasm_bindgen(js_name = isOwned)]
    pub fn is_owned(row: &[f64], epoch: u32) -> bool {
        read_row(row).is_some_and(|row| row.is_owned(epoch))
    }

    /// Of an action.
    pub fn send(row: &[f64]) -> Vec<f64> {
        written(read_row(row).and_then(|row| transactions::send(&row)))
    }

    /// Of an action that is done with.
    pub fn acknowledge(row: &[f64], epoch: u32, number: u32) -> Vec<f64> {
        written(read_row(row).and_then(|row| transactions::acknowledge(&row, epoch, number)))
    }

    /// How long is left until `until`, of a wait of `whole`.
    pub fn remaining(until: f64, whole: f64, wall: f64) -> f64 {
        remaining(until, whole, wall)
    }
}
