//! A barrier that opens once.

use jobgate::engine::{Channel, Command, EmitterId, ListenerId, Reply, Source, ValueId};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{Seen, World};

fn gate(world: &mut World) -> EmitterId {
    match world.send(Command::CreateEmitter) {
        Reply::Emitter(emitter) => emitter,
        reply => panic!("no emitter but {reply:?}"),
    }
}

fn listen(world: &mut World, gate: EmitterId) -> ListenerId {
    world.listen(Source::Emitter(gate), Channel::Value)
}

#[test]
fn it_opens_once_and_tells_those_who_wait_in_order() {
    let mut world = World::with(|_| ());
    let gate = gate(&mut world);
    assert!(!world.engine.is_open(gate));
    let waiting = [(); 3].map(|()| listen(&mut world, gate));
    world.send(Command::Unlisten(waiting[1]));
    assert_eq!(world.send(Command::Open { emitter: gate, value: ValueId::NONE }), Reply::Told(2));
    assert!(world.engine.is_open(gate));
    let call = |listener| Seen::Called(listener, Channel::Value, None);
    assert_eq!(world.news(), [call(waiting[0]), call(waiting[2])]);
    assert_eq!(world.send(Command::Open { emitter: gate, value: ValueId::NONE }), Reply::Ignored);
    assert_eq!(world.news(), []);
}

#[test]
fn late_is_never_too_late() {
    let mut world = World::with(|_| ());
    let gate = gate(&mut world);
    world.send(Command::Open { emitter: gate, value: ValueId::NONE });
    for _ in 0..2 {
        let command = Command::Listen { source: Source::Emitter(gate), channel: Channel::Value, kept: ValueId::NONE };
        assert_eq!(world.send(command), Reply::Latched);
    }
    assert_eq!(world.engine.listener_count(gate), 0);
}

#[test]
fn an_open_gate_holds_no_listener() {
    let mut world = World::with(|_| ());
    let gate = gate(&mut world);
    let listeners: Vec<ListenerId> = (0..1000).map(|_| listen(&mut world, gate)).collect();
    assert_eq!(world.engine.listener_count(gate), 1000);
    assert_eq!(world.send(Command::Open { emitter: gate, value: ValueId::NONE }), Reply::Told(1000));
    assert_eq!(world.engine.listener_count(gate), 0);
    assert_eq!(world.engine.live_records(), 2, "manager and gate");
    assert_eq!(world.send(Command::Unlisten(listeners[7])), Reply::Ignored);
    world.send(Command::DropEmitter(gate));
    assert_eq!(world.engine.live_records(), 1);
}

#[test]
fn a_dropped_gate_is_not_open() {
    let mut world = World::with(|_| ());
    let gate = gate(&mut world);
    world.send(Command::Open { emitter: gate, value: ValueId::NONE });
    world.send(Command::DropEmitter(gate));
    assert!(!world.engine.is_open(gate));
    assert_eq!(world.send(Command::Open { emitter: gate, value: ValueId::NONE }), Reply::Ignored);
}
