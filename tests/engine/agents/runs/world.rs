//! A driver whose world is a script.

use std::collections::VecDeque;

use jobgate::engine::agents::{
    Cause, Command, Decision, Effect, End, History, Outcome, Piece, Prompt, Run, Task, ToolCall, WorkerState,
};
use serde_json::json;

use super::script::{Call, Script, Turn};
use crate::agents::history::fault;

/// What it waits for beside the model.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Doing {
    Giving,
    Confirming(Call),
    Using(Call),
    Task,
}

pub(super) struct World<'a> {
    script: &'a Script,
    run: Run,
    history: &'a mut History,
    prompt: &'static str,
    place: Prompt,
    trace: Vec<String>,
    commands: VecDeque<Command>,
    host_calls: usize,
    doing: Option<Doing>,
    /// The model is being asked: which turn, and how many pieces it has sent.
    asked: Option<(usize, usize)>,
    turns: usize,
    waiting: VecDeque<Piece>,
    accepts: usize,
    stopped: bool,
    stopped_at: Option<usize>,
    timed_out: bool,
    end: Option<End>,
}

impl<'a> World<'a> {
    pub(super) fn new(script: &'a Script, history: &'a mut History, prompt: &'static str, timed_out: bool) -> Self {
        let place = history.place(prompt);
        let task = if script.talks { Task::Talk { prompt: place, max_turns: script.max_turns } } else { Task::Other };
        Self {
            script,
            run: Run::default(),
            history,
            prompt,
            place,
            trace: vec![],
            commands: [Command::Start(task)].into(),
            host_calls: 0,
            doing: None,
            asked: None,
            turns: 0,
            waiting: VecDeque::new(),
            accepts: 0,
            stopped: false,
            stopped_at: None,
            timed_out,
            end: None,
        }
    }

    /// Ends in the end, whatever comes first of what may come.
    pub(super) fn run(mut self, choices: &[u8], stop_at: Option<usize>) -> (Vec<String>, Option<usize>, End) {
        for step in 0.. {
            assert!(step < 1000, "it goes on for ever: {:?}", self.trace);
            if stop_at == Some(step) && self.end.is_none() {
                self.commands.push_back(Command::Stop);
            }
            self.tell();
            if let Some(end) = self.end {
                return (self.trace, self.stopped_at, end);
            }
            let choice = choices[step % choices.len()];
            let model_next = self.asked.is_some() && (self.doing.is_none() || choice.is_multiple_of(2));
            if model_next { self.model() } else { self.settle() }
        }
        unreachable!()
    }

    fn tell(&mut self) {
        while let Some(command) = self.commands.pop_front() {
            if command == Command::Stop {
                self.stopped = true;
                self.stopped_at = Some(self.trace.len());
            }
            let effects = self.run.handle(self.history.outline(), command);
            let waits = effects.iter().rposition(|effect| waits_for(*effect));
            assert!(waits.is_none_or(|at| at + 1 == effects.len()), "{effects:?}");
            for effect in effects {
                assert!(self.end.is_none(), "{effect:?} after the end");
                self.apply(effect);
                assert_eq!(fault(&self.history.messages(), false), None, "{:?}", self.trace);
            }
            assert_eq!(self.run.is_over(), self.end.is_some());
        }
    }

    /// The model sends its next piece, or settles.
    fn model(&mut self) {
        let (turn, sent) = self.asked.unwrap();
        let Turn { sends, answers } = &self.script.turns[turn];
        if let Some(piece) = sends.get(sent) {
            self.asked = Some((turn, sent + 1));
            self.waiting.push_back(*piece);
            self.commands.push_back(Command::Sent(*piece));
            return;
        }
        self.asked = None;
        self.commands.push_back(match answers {
            Some((says, calls)) => Command::Answered { says: *says, calls: calls.iter().map(|call| call.id).collect() },
            None => Command::Unanswered,
        });
    }

    fn settle(&mut self) {
        let doing = self.doing.take().expect("it waits for something");
        let command = match doing {
            Doing::Giving => Command::Taken { ok: self.host() },
            Doing::Confirming(call) => {
                let decision = if call.approve { Decision::Approve } else { Decision::Deny };
                Command::Decided(self.host().then_some(decision))
            }
            Doing::Using(call) => Command::Used { ok: call.ok },
            Doing::Task => Command::Settled { ok: self.script.task_ok },
        };
        self.commands.push_back(command);
    }

    fn host(&mut self) -> bool {
        self.host_calls += 1;
        self.script.host_throws_at != Some(self.host_calls - 1)
    }

    fn begin(&mut self, doing: Doing, trace: String) {
        assert!(!self.stopped || doing == Doing::Task, "{doing:?} after it was asked to stop");
        assert_eq!(self.doing, None, "one thing at a time");
        assert!(self.asked.is_none() || doing == Doing::Giving, "{doing:?} while the model answers");
        self.doing = Some(doing);
        self.trace.push(trace);
    }

    fn give(&mut self, piece: Piece) {
        match piece {
            Piece::Text { says: true } => self.history.receive("x"),
            Piece::Reasoning { says: true } => self.history.receive_reasoning("y"),
            _ => {}
        }
        self.begin(Doing::Giving, format!("{piece:?}"));
    }

    fn answers(&self) -> &'a (bool, Vec<Call>) {
        self.script.turns[self.turns - 1].answers.as_ref().unwrap()
    }

    fn open_call(&self) -> Call {
        let call = self.history.open_call().expect("a call without a result");
        self.answers().1[call.name.parse::<usize>().unwrap()]
    }

    fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Enter(state) => {
                let last = matches!(state, WorkerState::Inactive | WorkerState::Failed);
                assert!(!self.stopped || last || state == WorkerState::Working, "{state:?} after it was asked to stop");
                assert_eq!(self.doing, None);
                self.trace.push(format!("{state:?}"));
                let ok = self.host();
                self.commands.push_back(Command::Told { ok });
            }
            Effect::Prompt(asked) => self.history.prompt(asked, self.place, self.prompt),
            Effect::Ask => {
                assert!(!self.stopped && self.asked.is_none() && self.doing.is_none());
                self.asked = Some((self.turns, 0));
                self.turns += 1;
                self.trace.push("ask".into());
            }
            Effect::Take => {
                let piece = self.waiting.pop_front().expect("a piece that waits");
                self.give(piece);
            }
            Effect::Give(place) => {
                let piece = match place.checked_sub(1) {
                    None => Piece::Text { says: true },
                    Some(at) => Piece::Call(self.answers().1[at as usize].id),
                };
                self.give(piece);
            }
            Effect::Accept => self.accepts += 1,
            Effect::Refuse => {
                self.waiting.clear();
                self.doing = None;
            }
            Effect::Abort(cause) => {
                assert!(self.asked.is_some(), "nothing to abort");
                assert_eq!(cause, Cause::Host);
            }
            Effect::Overrun => panic!("so few wait"),
            Effect::Answer { some } => {
                let (says, calls) = self.answers();
                let call = |(at, call): (usize, &Call)| ToolCall {
                    id: call.id.to_string(),
                    name: at.to_string(),
                    arguments: json!({}),
                };
                let calls = calls.iter().enumerate().map(call).collect();
                self.history.answer(some, if *says { "x".into() } else { String::new() }, calls);
            }
            Effect::Keep { some } => self.history.answer(some, String::new(), vec![]),
            Effect::Look => {
                assert!(!self.stopped);
                let verdict = self.open_call().verdict;
                self.commands.push_back(Command::Looked(verdict));
            }
            Effect::Confirm => self.begin(Doing::Confirming(self.open_call()), "confirm".into()),
            Effect::Use => self.begin(Doing::Using(self.open_call()), "use".into()),
            Effect::Result(outcome) => {
                assert!(outcome != Outcome::Denied || outcome.words().is_some());
                self.trace.push(format!("{outcome:?}"));
                self.history.result("ok".into());
            }
            Effect::Run => self.begin(Doing::Task, "task".into()),
            Effect::Conclude => {
                // Asked to stop, nobody waits for the host.
                if self.stopped && matches!(self.doing, Some(Doing::Confirming(_))) {
                    self.doing = None;
                }
                assert_eq!((self.doing, self.asked), (None, None), "all has settled");
                let timed_out = self.stopped && self.timed_out;
                self.commands.push_front(Command::Over { timed_out });
            }
            Effect::Fail(cause) => self.trace.push(format!("fails with {cause:?}")),
            Effect::End(end) => {
                self.trace.push(format!("{end:?}"));
                self.end = Some(end);
            }
        }
    }
}

fn waits_for(effect: Effect) -> bool {
    use Effect::{Ask, Conclude, Confirm, Enter, Give, Look, Run, Take, Use};
    matches!(effect, Enter(_) | Ask | Take | Give(_) | Look | Confirm | Use | Run | Conclude)
}
