//! Who is told, in which order, and from when on no longer.

use jobgate::engine::{
    Channel, Command, CompletionType, Event, KeyId, ListenerId, OnDuplicate, Reply, RetryOptions, Source, ValueId,
};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Seen, World, options};

fn called(world: &mut World, channel: Channel) -> Vec<ListenerId> {
    let call = |seen: &Seen| match seen {
        Seen::Called(listener, of, _) if *of == channel => Some(*listener),
        _ => None,
    };
    world.news().iter().filter_map(call).collect()
}

fn leave(world: &mut World, listener: ListenerId) {
    assert_eq!(world.send(Command::Unlisten(listener)), Reply::Done);
}

fn subject(world: &mut World) -> Source {
    match world.send(Command::CreateEmitter) {
        Reply::Emitter(emitter) => Source::Emitter(emitter),
        reply => panic!("no emitter but {reply:?}"),
    }
}

fn emit(world: &mut World, subject: Source) -> Reply {
    let Source::Emitter(emitter) = subject else { panic!("not a subject") };
    world.send(Command::Emit { emitter, value: ValueId::NONE })
}

#[test]
fn in_the_order_they_came_whoever_left_between() {
    let mut world = World::with(|_| ());
    let subject = subject(&mut world);
    let mut listeners: Vec<ListenerId> = (0..100).map(|_| world.listen(subject, Channel::Value)).collect();
    for index in [99, 50, 3, 0] {
        leave(&mut world, listeners.remove(index));
    }
    world.recycle();
    listeners.extend((0..4).map(|_| world.listen(subject, Channel::Value)));
    assert_eq!(emit(&mut world, subject), Reply::Told(100));
    assert_eq!(called(&mut world, Channel::Value), listeners, "used-again numbers do not jump the queue");
}

#[test]
fn a_late_listener_hears_only_what_comes_next() {
    let mut world = World::with(|_| ());
    let subject = subject(&mut world);
    assert_eq!(emit(&mut world, subject), Reply::Told(0));
    let listener = world.listen(subject, Channel::Value);
    assert_eq!(called(&mut world, Channel::Value), []);
    emit(&mut world, subject);
    assert_eq!(called(&mut world, Channel::Value), [listener]);
}

#[test]
fn leaving_twice_makes_no_difference_and_takes_nobody_along() {
    let mut world = World::with(|_| ());
    let subject = subject(&mut world);
    let [first, second] = [(); 2].map(|()| world.listen(subject, Channel::Value));
    leave(&mut world, first);
    assert_eq!(world.send(Command::Unlisten(first)), Reply::Ignored);
    emit(&mut world, subject);
    assert_eq!(called(&mut world, Channel::Value), [second]);
}

#[test]
fn a_dropped_subject_is_silent_and_takes_its_listeners_with_it() {
    let mut world = World::with(|_| ());
    let subject = subject(&mut world);
    let Source::Emitter(emitter) = subject else { panic!("not a subject") };
    let listener = world.listen(subject, Channel::Value);
    assert_eq!(world.engine.listener_count(emitter), 1);
    assert_eq!(world.send(Command::DropEmitter(emitter)), Reply::Done);
    for command in [
        Command::Emit { emitter, value: ValueId::NONE },
        Command::Open { emitter, value: ValueId::NONE },
        Command::DropEmitter(emitter),
        Command::Unlisten(listener),
        Command::Listen { source: subject, channel: Channel::Value, kept: ValueId::NONE },
    ] {
        assert_eq!(world.send(command), Reply::Ignored, "{command:?}");
    }
    assert_eq!(world.engine.live_records(), 1, "the manager");
}

// ── jobs ────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn each_channel_hears_its_own() {
    let mut world = World::with(|_| ());
    let job = world.run(1);
    let [state, progress, stopped] =
        [Channel::State, Channel::Progress, Channel::Stopped].map(|channel| world.listen(Source::Job(job), channel));
    world.news();
    assert_eq!(world.send(Command::SetState { job, attempt: 1, value: ValueId::NONE }), Reply::Told(1));
    assert_eq!(
        world.send(Command::Progress { job, attempt: 1, percent: 140.0, value: ValueId::NONE }),
        Reply::Percent(100.0)
    );
    assert_eq!(
        world.send(Command::Progress { job, attempt: 1, percent: -3.0, value: ValueId::NONE }),
        Reply::Percent(0.0)
    );
    assert_eq!(
        world.send(Command::Progress { job, attempt: 1, percent: 12.5, value: ValueId::NONE }),
        Reply::Percent(12.5)
    );
    world.resolve(job);
    let call = |listener, channel| Seen::Called(listener, channel, None);
    assert_eq!(
        world.news(),
        [
            call(state, Channel::State),
            call(progress, Channel::Progress),
            call(progress, Channel::Progress),
            call(progress, Channel::Progress),
            call(stopped, Channel::Stopped),
            Seen::Ended(job, CompletionType::Normal, None),
        ]
    );
}

#[test]
fn the_end_comes_after_all_that_is_told_of_it() {
    let mut world = World::with(|_| ());
    let of_manager = world.listen(Source::Manager(world.manager), Channel::Event);
    let job = world.run(1);
    let of_job = world.listen(Source::Job(job), Channel::Event);
    let stopped = world.listen(Source::Job(job), Channel::Stopped);
    world.news();
    world.resolve(job);
    assert_eq!(
        world.news(),
        [
            Seen::Called(stopped, Channel::Stopped, None),
            Seen::Told(of_job, Event::Completed, Some(job)),
            Seen::Told(of_manager, Event::Completed, Some(job)),
            Seen::Told(of_job, Event::Removed, Some(job)),
            Seen::Told(of_manager, Event::Removed, Some(job)),
            Seen::Ended(job, CompletionType::Normal, None),
            Seen::Told(of_manager, Event::Stats, None),
        ]
    );
}

#[test]
fn an_ended_job_leaves_no_listener() {
    let mut world = World::with(|options| options.retain = 1.0);
    let job = world.run(1);
    for channel in [Channel::State, Channel::Progress, Channel::Stopped, Channel::Action, Channel::Event] {
        for _ in 0..100 {
            world.listen(Source::Job(job), channel);
        }
    }
    assert_eq!(world.engine.live_records(), 505, "manager, job, its extras, key, its emitter, listeners");
    world.resolve(job);
    world.recycle();
    assert_eq!(world.engine.live_records(), 2, "manager and kept job");
}

// ── actions ─────────────────────────────────────────────────────────────────────────────────────

#[test]
fn actions_are_kept_for_the_first_who_listens() {
    let mut world = World::of_concurrency(1.0);
    let first = world.run(0);
    let job = world.run(1);
    for _ in 0..3 {
        assert_eq!(world.send(Command::Dispatch { job, value: ValueId::NONE }), Reply::Kept, "pending");
    }
    world.resolve(first);
    assert_eq!(world.send(Command::Dispatch { job, value: ValueId::NONE }), Reply::Kept, "nobody listens yet");
    world.news();
    let reply = world.send(Command::Listen { source: Source::Job(job), channel: Channel::Action, kept: ValueId::NONE });
    let Reply::Listener { listener, kept: 4 } = reply else { panic!("{reply:?}") };
    assert_eq!(called(&mut world, Channel::Action), [listener; 4]);
    let reply = world.send(Command::Listen { source: Source::Job(job), channel: Channel::Action, kept: ValueId::NONE });
    assert!(matches!(reply, Reply::Listener { kept: 0, .. }), "{reply:?}");
    assert_eq!(world.send(Command::Dispatch { job, value: ValueId::NONE }), Reply::Told(2));
}

#[test]
fn actions_of_a_retry_wait_are_for_the_next_attempt() {
    let mut world = World::with(|_| ());
    let retry = jobgate::engine::RetryOptions { limit: 1.0, ..Default::default() };
    let job = world.run_with(1, &options(|options| options.retry = Some(retry)));
    let old = world.listen(Source::Job(job), Channel::Action);
    let watcher = world.listen(Source::Job(job), Channel::State);
    world.reject(job);
    world.send(Command::Retry { job, again: true, wait: None, random: 0.5 });
    assert_eq!(world.send(Command::Dispatch { job, value: ValueId::NONE }), Reply::Kept);
    world.pass(1000.0);
    world.news();
    let new = world.listen(Source::Job(job), Channel::Action);
    assert_ne!(new, old);
    assert_eq!(called(&mut world, Channel::Action), [new]);
    assert_eq!(world.send(Command::Unlisten(old)), Reply::Ignored, "it left with its attempt");
    world.send(Command::SetState { job, attempt: 2, value: ValueId::NONE });
    assert_eq!(called(&mut world, Channel::State), [watcher], "who watches the job stays");
}

// ── keys and managers ───────────────────────────────────────────────────────────────────────────

#[test]
fn a_keys_watchers_hear_who_stands_there() {
    let mut world = World::of_concurrency(1.0);
    let key = Source::Key(KeyId(1));
    let watcher = world.listen(key, Channel::Key);
    let first = world.run(1);
    let second = world.run_with(1, &options(|options| options.on_duplicate = Some(OnDuplicate::Replace)));
    world.resolve(first);
    world.resolve(second);
    let heard = |seen: &Seen| match seen {
        Seen::Called(listener, Channel::Key, standing) if *listener == watcher => Some(*standing),
        _ => None,
    };
    let heard: Vec<_> = world.news().iter().filter_map(heard).collect();
    assert_eq!(heard, [Some(first), Some(second), None]);
}

#[test]
fn a_key_is_in_use_while_someone_watches_it() {
    let mut world = World::with(|_| ());
    let key = KeyId(5);
    assert!(world.engine.is_vacant(key));
    let [one, two] = [(); 2].map(|()| world.listen(Source::Key(key), Channel::Key));
    let job = world.run(5);
    leave(&mut world, one);
    world.resolve(job);
    assert!(!world.engine.is_vacant(key));
    leave(&mut world, two);
    assert!(world.engine.is_vacant(key));
    world.recycle();
    assert_eq!(world.engine.live_records(), 1);
    world.listen(Source::Key(key), Channel::Key);
    world.news();
    world.run(5);
    assert_eq!(called(&mut world, Channel::Key).len(), 1, "a key used again is watched again");
}

#[test]
fn a_key_that_was_watched_in_several_ways_is_vacant_when_all_have_left() {
    let mut world = World::with(|_| ());
    let channels = [Channel::Key, Channel::State, Channel::Progress];
    // Many are kept apart by what they listen to.
    for many in [1, 50] {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let watchers = channels.map(|channel| {
                let watch = |_| world.listen(Source::Key(KeyId(5)), channel);
                (0..many).map(watch).collect::<Vec<_>>()
            });
            for at in order {
                for watcher in &watchers[at] {
                    assert!(!world.engine.is_vacant(KeyId(5)));
                    leave(&mut world, *watcher);
                }
            }
            assert!(world.engine.is_vacant(KeyId(5)), "{many} of each left as {order:?}");
            assert_eq!(world.engine.live_records(), 1);
        }
    }
}

#[test]
fn a_managers_watchers_hear_once_of_each_command() {
    let mut world = World::of_concurrency(1.0);
    let watcher = world.listen(Source::Manager(world.manager), Channel::Change);
    let first = world.run(1);
    assert_eq!(called(&mut world, Channel::Change), [watcher], "created and started at once");
    for key in 2..5 {
        world.run(key);
    }
    called(&mut world, Channel::Change);
    world.resolve(first);
    assert_eq!(called(&mut world, Channel::Change), [watcher], "one ended, one started");
    world.send(Command::StopAll(world.manager));
    assert_eq!(called(&mut world, Channel::Change), [watcher], "three changed");
}

#[test]
fn continuations_are_called_in_the_order_they_came_once_the_job_has_ended() {
    let mut world = World::with(|options| options.retain = 1.0);
    let job = world.run(1);
    let continuations = [(); 3].map(|()| world.listen(Source::Job(job), Channel::Continuation));
    let stopped = world.listen(Source::Job(job), Channel::Stopped);
    leave(&mut world, continuations[1]);
    world.news();
    world.resolve(job);
    let told = |listener, channel| Seen::Called(listener, channel, None);
    assert_eq!(
        world.news(),
        [
            told(stopped, Channel::Stopped),
            Seen::Ended(job, CompletionType::Normal, None),
            told(continuations[0], Channel::Continuation),
            told(continuations[2], Channel::Continuation),
        ]
    );
    let late = Command::Listen { source: Source::Job(job), channel: Channel::Continuation, kept: ValueId::NONE };
    assert_eq!(world.send(late), Reply::Latched);
}

#[test]
fn what_is_left_of_an_attempt_hears_no_action_and_takes_none_from_the_next() {
    let mut world = World::with(|_| ());
    let job = world
        .run_with(1, &options(|options| options.retry = Some(RetryOptions { limit: 1.0, ..RetryOptions::default() })));
    world.listen(Source::Job(job), Channel::Action);
    world.reject(job);
    let listen = Command::Listen { source: Source::Job(job), channel: Channel::Action, kept: ValueId(0) };
    let dispatch = |number| Command::Dispatch { job, value: ValueId(number) };
    assert_eq!(world.send(dispatch(0)), Reply::Kept, "asked whether to retry");
    assert_eq!(world.send(listen), Reply::Ignored);
    world.send(Command::Retry { job, again: true, wait: Some(10.0), random: 1.0 });
    assert_eq!(world.send(dispatch(1)), Reply::Kept, "in the wait");
    assert_eq!(world.send(listen), Reply::Ignored);
    world.pass(10.0);
    assert!(matches!(world.send(listen), Reply::Listener { kept: 2, .. }));
}
