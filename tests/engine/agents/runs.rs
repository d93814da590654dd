//! Runs in random histories: against the loop as one would write it down, and, stopped anywhere, against what must hold.

use std::collections::VecDeque;

use jobgate::engine::agents::{
    Cause, Command, Decision, Effect, End, History, MOST_WAITING, Outcome, Outline, Piece, Prompt, Run, Task, ToolCall,
    Verdict, WorkerState,
};
use proptest::prelude::*;
use serde_json::json;

use super::history::fault;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Call {
    id: u32,
    verdict: Verdict,
    approve: bool,
    ok: bool,
}

/// What a model does when it is asked.
#[derive(Debug, Clone)]
struct Turn {
    sends: Vec<Piece>,
    /// Nothing: it fails.
    answers: Option<(bool, Vec<Call>)>,
}

#[derive(Debug, Clone)]
struct Script {
    talks: bool,
    max_turns: u32,
    turns: Vec<Turn>,
    task_ok: bool,
    /// Which of the calls to the host throws.
    host_throws_at: Option<usize>,
}

fn scripts() -> impl Strategy<Value = Script> {
    let piece = prop_oneof![
        any::<bool>().prop_map(|says| Piece::Text { says }),
        any::<bool>().prop_map(|says| Piece::Reasoning { says }),
        (0..3_u32).prop_map(Piece::Call),
    ];
    let verdict = prop_oneof![Just(Verdict::Refused), Just(Verdict::Confirm), Just(Verdict::Free)];
    let call = (0..3_u32, verdict, any::<bool>(), any::<bool>()).prop_map(|(id, verdict, approve, ok)| Call {
        id,
        verdict,
        approve,
        ok,
    });
    let answer = (any::<bool>(), prop::collection::vec(call, 0..3));
    let turn = (prop::collection::vec(piece, 0..4), prop::option::weighted(0.85, answer))
        .prop_map(|(sends, answers)| Turn { sends, answers });
    let throws = prop::option::weighted(0.3, 0..14_usize);
    (prop::bool::weighted(0.9), 1..4_u32, prop::collection::vec(turn, 4), any::<bool>(), throws).prop_map(
        |(talks, max_turns, turns, task_ok, host_throws_at)| Script {
            talks,
            max_turns,
            turns,
            task_ok,
            host_throws_at,
        },
    )
}

// ── the loop as one would write it down ─────────────────────────────────────────────────────────

struct Expected<'a> {
    script: &'a Script,
    host_calls: usize,
    trace: Vec<String>,
}

impl Expected<'_> {
    fn of(script: &Script) -> Vec<String> {
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
                return Ok(());
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

// ── a driver whose world is a script ────────────────────────────────────────────────────────────

/// What it waits for beside the model.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Doing {
    Giving,
    Confirming(Call),
    Using(Call),
    Task,
}

struct World<'a> {
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
    fn new(script: &'a Script, history: &'a mut History, prompt: &'static str, timed_out: bool) -> Self {
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
    fn run(mut self, choices: &[u8], stop_at: Option<usize>) -> (Vec<String>, Option<usize>, End) {
        for step in 0.. {
            assert!(step < 1000, "it goes on for ever: {:?}", self.trace);
            if stop_at == Some(step) && self.end.is_none() {
                self.commands.push_back(Command::Stop);
            }
            self.tell();
            if let Some(end) = self.end {
                assert!(self.run.is_over());
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

/// Where both the host and the model fail, whichever is first is the cause.
fn either(trace: &[String]) -> Vec<String> {
    trace.iter().map(|line| line.replace("fails with Provider", "fails with Host")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_run_does_what_the_loop_says(script in scripts(), choices in prop::collection::vec(any::<u8>(), 16)) {
        let mut history = History::default();
        let (trace, _, _) = World::new(&script, &mut history, "go", false).run(&choices, None);
        let expected = Expected::of(&script);
        if script.host_throws_at.is_some() {
            prop_assert_eq!(either(&trace), either(&expected));
        } else {
            prop_assert_eq!(trace, expected);
        }
        prop_assert_eq!(fault(&history.messages(), true), None);
    }

    #[test]
    fn stopped_anywhere_it_ends_and_has_done_nothing_else(
        script in scripts(),
        choices in prop::collection::vec(any::<u8>(), 16),
        stop_at in 0..24_usize,
        timed_out in any::<bool>(),
    ) {
        let mut history = History::default();
        let (trace, stopped, end) = World::new(&script, &mut history, "go", timed_out).run(&choices, Some(stop_at));
        let expected = either(&Expected::of(&script));
        match stopped {
            // It may have been too late, but for the last word.
            Some(at) => {
                prop_assert_eq!(either(&trace[..at]), &expected[..at]);
                let late = trace[at..].iter().all(|line| !matches!(line.as_str(), "ask" | "confirm" | "use" | "Denied"));
                prop_assert!(late, "{:?}", &trace[at..]);
                let concluded = expected[..at].iter().any(|line| line.starts_with("fails") || line == "Inactive");
                let right = if timed_out { end == End::Failed } else { end == End::Cancelled };
                prop_assert!(right || concluded, "{:?}", trace);
            }
            None => prop_assert_eq!(either(&trace), expected),
        }
        prop_assert_eq!(fault(&history.messages(), true), None);
    }

    #[test]
    fn runs_that_follow_each_other_leave_a_conversation_that_servers_accept(
        runs in prop::collection::vec((scripts(), prop::option::of(0..24_usize), 0..3_usize), 1..6),
        choices in prop::collection::vec(any::<u8>(), 16),
    ) {
        let mut history = History::resume(Some("Be brief.".into()), vec![]).unwrap();
        for (script, stop_at, prompt) in &runs {
            World::new(script, &mut history, ["one", "two", ""][*prompt], false).run(&choices, *stop_at);
            prop_assert_eq!(fault(&history.messages(), true), None);
            prop_assert_eq!(history.outline().len(), history.settled().len());
        }
    }
}

fn talk(outline: &mut Outline) -> Run {
    let mut run = Run::default();
    let prompt = Prompt { length: 0, again: None };
    run.handle(outline, Command::Start(Task::Talk { prompt, max_turns: 9 }));
    run.handle(outline, Command::Told { ok: true });
    assert_eq!(run.handle(outline, Command::Told { ok: true }), [Effect::Ask]);
    run
}

#[test]
fn who_does_not_wait_overruns_the_host_and_the_run_fails_with_that() {
    let mut outline = Outline::default();
    let mut run = talk(&mut outline);
    let sent = Command::Sent(Piece::Text { says: true });
    assert_eq!(run.handle(&mut outline, sent.clone()), [Effect::Enter(WorkerState::Receiving)]);
    assert_eq!(run.handle(&mut outline, Command::Told { ok: true }), [Effect::Take]);
    for _ in 0..MOST_WAITING {
        assert_eq!(run.handle(&mut outline, sent.clone()), []);
    }
    assert_eq!(run.handle(&mut outline, sent.clone()), [Effect::Overrun]);
    let taken = run.handle(&mut outline, Command::Taken { ok: true });
    assert_eq!(taken, [Effect::Abort(Cause::Overrun), Effect::Refuse]);
    assert_eq!(run.handle(&mut outline, sent), [Effect::Refuse]);
    let kept = run.handle(&mut outline, Command::Unanswered);
    assert_eq!(kept, [Effect::Keep { some: true }, Effect::Conclude]);
    let failed = run.handle(&mut outline, Command::Over { timed_out: false });
    assert_eq!(failed, [Effect::Fail(Cause::Overrun), Effect::Enter(WorkerState::Failed)]);
}

#[test]
fn what_comes_too_late_changes_nothing() {
    let mut outline = Outline::default();
    let mut run = talk(&mut outline);
    run.handle(&mut outline, Command::Stop);
    assert_eq!(run.handle(&mut outline, Command::Stop), []);
    run.handle(&mut outline, Command::Answered { says: true, calls: vec![] });
    for late in [
        Command::Taken { ok: false },
        Command::Decided(Some(Decision::Approve)),
        Command::Used { ok: true },
        Command::Unanswered,
        Command::Told { ok: true },
    ] {
        let before = (run.clone(), outline.clone());
        assert_eq!(run.handle(&mut outline, late), []);
        assert_eq!((run.clone(), outline.clone()), before);
    }
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn a_long_answer_costs_its_length() {
    let cost = |pieces: usize| {
        let mut outline = Outline::default();
        let mut run = talk(&mut outline);
        let begun = cpu_time::ThreadTime::now();
        for at in 0..pieces {
            run.handle(&mut outline, Command::Sent(Piece::Text { says: true }));
            if at == 0 {
                run.handle(&mut outline, Command::Told { ok: true });
            }
            run.handle(&mut outline, Command::Taken { ok: true });
        }
        begun.elapsed().as_secs_f64()
    };
    cost(50_000);
    let (one, four) = (cost(50_000), cost(200_000));
    assert!(four < one * 12.0 + 0.05, "{one} {four}");
}
