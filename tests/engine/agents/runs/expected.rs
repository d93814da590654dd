//! The loop as one would write it down.

use jobgate::engine::agents::{Cause, Piece, Verdict, WorkerState};

use super::script::{Call, Script, Turn};

pub(super) struct Expected<'a> {
    script: &'a Script,
    host_calls: usize,
    trace: Vec<String>,
}

impl Expected<'_> {
    pub(super) fn of(script: &Script) -> Vec<String> {
        let mut expected = Expected { script, host_calls: 0, trace: vec![] };
        let outcome = if script.talks { expected.talk() } else { expected.task() };
        expected.end(outcome);
        expected.trace
    }

    fn host(&mut self) -> Result<(), Cause> {
        self.host_calls += 1;
        if self.script.host_throws_at == Some(self.host_calls - 1) { Err(Cause::Host) } else { Ok(()) }
    }

    fn enter(&mut self, state: WorkerState) -> Result<(), Cause> {
        self.trace.push(format!("{state:?}"));
        self.host()
    }

    fn task(&mut self) -> Result<(), Cause> {
        self.enter(WorkerState::Working)?;
        self.trace.push("task".into());
        if self.script.task_ok { Ok(()) } else { Err(Cause::Task) }
    }

    fn talk(&mut self) -> Result<(), Cause> {
        self.enter(WorkerState::Working)?;
        for asked in 1..=self.script.max_turns {
            let turn = &self.script.turns[asked as usize - 1];
            self.enter(WorkerState::Requesting)?;
            self.trace.push("ask".into());
            let calls = self.answer(turn)?;
            if calls.is_empty() {
                let says = matches!(turn.answers, Some((true, _))) || turn.sends.contains(&Piece::Text { says: true });
                return if says || asked > 1 { Ok(()) } else { Err(Cause::Empty) };
            }
            if asked == self.script.max_turns {
                self.trace.extend(calls.iter().map(|_| "Cut".to_owned()));
                return Err(Cause::Turns);
            }
            for at in 0..calls.len() {
                if let Err(cause) = self.call(calls[at]) {
                    self.trace.extend(calls[at..].iter().map(|_| "Cut".to_owned()));
                    return Err(cause);
                }
            }
        }
        Err(Cause::Turns)
    }

    fn answer(&mut self, turn: &Turn) -> Result<Vec<Call>, Cause> {
        let mut pieces = turn.sends.clone();
        let said = pieces.contains(&Piece::Text { says: true });
        let mut sent: Vec<u32> =
            pieces.iter().filter_map(|piece| if let Piece::Call(id) = piece { Some(*id) } else { None }).collect();
        if let Some((says, calls)) = &turn.answers {
            if *says && !said {
                pieces.push(Piece::Text { says: true });
            }
            for call in calls {
                match sent.iter().position(|id| *id == call.id) {
                    Some(at) => drop(sent.remove(at)),
                    None => pieces.push(Piece::Call(call.id)),
                }
            }
        }
        if !pieces.is_empty() {
            self.enter(WorkerState::Receiving)?;
        }
        for piece in pieces {
            self.trace.push(format!("{piece:?}"));
            self.host()?;
        }
        turn.answers.clone().map(|(_, calls)| calls).ok_or(Cause::Provider)
    }

    fn call(&mut self, call: Call) -> Result<(), Cause> {
        if call.verdict == Verdict::Confirm {
            self.enter(WorkerState::Waiting)?;
            self.trace.push("confirm".into());
            self.host()?;
            if !call.approve {
                self.trace.push("Denied".into());
                return Ok(());
            }
        }
        if call.verdict != Verdict::Refused {
            self.enter(WorkerState::UsingTool)?;
            self.trace.push("use".into());
        }
        self.trace.push("Known".into());
        Ok(())
    }

    fn end(&mut self, outcome: Result<(), Cause>) {
        match outcome.and_then(|()| self.enter(WorkerState::Inactive)) {
            Ok(()) => self.trace.push("Done".into()),
            Err(cause) => {
                self.trace.push(format!("fails with {cause:?}"));
                // It changes nothing how the host takes it.
                let _ = self.enter(WorkerState::Failed);
                self.trace.push("Failed".into());
            }
        }
    }
}
