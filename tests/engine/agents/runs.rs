//! Runs in random histories: against the loop as one would write it down, and, stopped anywhere, against what must hold.

mod expected;
mod script;
mod world;

use jobgate::engine::agents::{
    Cause, Command, Decision, Effect, End, History, MOST_WAITING, Outcome, Outline, Piece, Prompt, Run, Stays, Task,
    Verdict, WorkerState,
};
use proptest::prelude::*;

use self::expected::Expected;
use self::script::scripts;
use self::world::World;
use super::history::fault;

/// Where both the host and the model fail, whichever is first is the cause.
fn either(trace: &[String]) -> Vec<String> {
    trace.iter().map(|line| line.replace("fails with Provider", "fails with Host")).collect()
}

proptest! {
    #![proptest_config(crate::cases::config())]

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
fn a_run_that_goes_on_writes_no_prompt_down_and_asks_as_often_as_any() {
    let mut outline = Outline::default();
    let (mut run, told) = (Run::default(), Command::Told { ok: true });
    let entered = run.handle(&mut outline, Command::Start(Task::Further { max_turns: 1 }));
    assert_eq!(entered, [Effect::Enter(WorkerState::Working)]);
    assert_eq!(run.handle(&mut outline, told.clone()), [Effect::Enter(WorkerState::Requesting)]);
    assert_eq!(run.handle(&mut outline, told.clone()), [Effect::Ask]);
    run.handle(&mut outline, Command::Answered { says: false, calls: vec![0] });
    run.handle(&mut outline, told);
    run.handle(&mut outline, Command::Taken { ok: true });
    let failed = run.handle(&mut outline, Command::Over { timed_out: false });
    assert_eq!(failed.first(), Some(&Effect::Fail(Cause::Turns)));
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

#[test]
fn a_model_answers_once() {
    let answered = Command::Answered { says: true, calls: vec![] };
    for late in [Command::Answered { says: false, calls: vec![0] }, Command::Unanswered] {
        let mut outline = Outline::default();
        let mut run = talk(&mut outline);
        assert_eq!(run.handle(&mut outline, answered.clone()), [Effect::Enter(WorkerState::Receiving)]);
        let before = (run.clone(), outline.clone());
        assert_eq!(run.handle(&mut outline, late), []);
        assert_eq!((run, outline), before);
    }
}

/// Up to the one call of its answer, which waits for this.
fn calling(outline: &mut Outline, verdict: Verdict, waits: Effect) -> Run {
    let mut run = talk(outline);
    run.handle(outline, Command::Answered { says: false, calls: vec![0] });
    run.handle(outline, Command::Told { ok: true });
    assert_eq!(run.handle(outline, Command::Taken { ok: true }).last(), Some(&Effect::Look));
    run.handle(outline, Command::Looked(verdict));
    assert_eq!(run.handle(outline, Command::Told { ok: true }), [waits]);
    run
}

#[test]
fn asked_to_stop_a_run_waits_for_its_tool_and_not_for_the_hosts_word() {
    for (ok, outcome) in [(true, Outcome::Known), (false, Outcome::Cut)] {
        let mut outline = Outline::default();
        let mut run = calling(&mut outline, Verdict::Free, Effect::Use);
        assert_eq!(run.handle(&mut outline, Command::Stop), []);
        let used = run.handle(&mut outline, Command::Used { ok });
        assert_eq!(used, [Effect::Result(outcome), Effect::Conclude]);
    }
    let mut outline = Outline::default();
    let mut run = calling(&mut outline, Verdict::Confirm, Effect::Confirm);
    let stopped = run.handle(&mut outline, Command::Stop);
    assert_eq!(stopped, [Effect::Result(Outcome::Cut), Effect::Conclude]);
    assert_eq!(run.handle(&mut outline, Command::Decided(Some(Decision::Approve))), []);
}

#[test]
fn a_call_that_was_not_made_has_a_result_that_says_why() {
    assert_eq!(Outcome::Known.words(), None);
    assert_eq!(Outcome::Denied.words(), Some("The user denied this call. It was not made."));
    assert_eq!(Outcome::Cut.words(), Some("The run ended before this call had a result."));
}

#[test]
fn a_prompt_that_was_answered_does_not_give_way_when_another_task_fails() {
    let mut outline = Outline::default();
    let mut run = talk(&mut outline);
    run.handle(&mut outline, Command::Answered { says: true, calls: vec![] });
    run.handle(&mut outline, Command::Told { ok: true });
    run.handle(&mut outline, Command::Taken { ok: true });
    run.handle(&mut outline, Command::Over { timed_out: false });
    assert_eq!(run.handle(&mut outline, Command::Told { ok: true }), [Effect::End(End::Done)]);
    // Its answer is taken back.
    outline.truncate(1).unwrap();
    let mut other = Run::default();
    other.handle(&mut outline, Command::Start(Task::Other));
    other.handle(&mut outline, Command::Told { ok: true });
    other.handle(&mut outline, Command::Settled { ok: false });
    let failed = other.handle(&mut outline, Command::Over { timed_out: false });
    assert_eq!(failed, [Effect::Fail(Cause::Task), Effect::Enter(WorkerState::Failed)]);
    assert_eq!(outline.stays(), Stays::All);
}

#[test]
fn an_answer_without_text_and_calls_fails_the_run_and_its_prompt_gives_way() {
    for thought in [false, true] {
        let mut outline = Outline::default();
        let mut run = talk(&mut outline);
        if thought {
            run.handle(&mut outline, Command::Sent(Piece::Reasoning { says: true }));
            run.handle(&mut outline, Command::Told { ok: true });
            run.handle(&mut outline, Command::Taken { ok: true });
        }
        let effects = run.handle(&mut outline, Command::Answered { says: false, calls: vec![] });
        assert_eq!(effects, [Effect::Answer { some: false }, Effect::Conclude]);
        let effects = run.handle(&mut outline, Command::Over { timed_out: false });
        assert_eq!(effects, [Effect::Fail(Cause::Empty), Effect::Enter(WorkerState::Failed)]);
        assert_eq!(run.handle(&mut outline, Command::Told { ok: true }), [Effect::End(End::Failed)]);
        assert_eq!(outline.stays(), Stays::Until(0));
    }
}

#[test]
fn an_empty_answer_to_a_tools_result_is_an_end_like_any_other() {
    let mut outline = Outline::default();
    let mut run = calling(&mut outline, Verdict::Free, Effect::Use);
    run.handle(&mut outline, Command::Used { ok: true });
    assert_eq!(run.handle(&mut outline, Command::Told { ok: true }), [Effect::Ask]);
    run.handle(&mut outline, Command::Answered { says: false, calls: vec![] });
    let effects = run.handle(&mut outline, Command::Over { timed_out: false });
    assert_eq!(effects, [Effect::Enter(WorkerState::Inactive)]);
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
