//! What a session does not take.

use std::cell::Cell;
use std::rc::Rc;

use jobgate::browser::RunOptions;
use jobgate::browser::agents::{ModelProvider, Scripted, Session, SessionError, SessionOptions, Tool, WorkerOptions};
use wasm_bindgen_test::wasm_bindgen_test;

use super::stage::{Act, Adder, Stage, named, spec};
use crate::suite::support::{Trace, plain};

#[wasm_bindgen_test]
fn what_makes_no_sense_is_refused() {
    let scripted = |name: &str| Rc::new(Scripted::new(name.into(), Vec::new(), 0)) as Rc<dyn ModelProvider>;
    let tool = || Rc::new(Adder { spec: spec("add"), trace: Trace::default(), next: Cell::default() }) as Rc<dyn Tool>;
    let refused = |options: SessionOptions| Session::new(options).map(|_| ()).unwrap_err().to_string();
    let plain = SessionOptions::default;
    assert_eq!(refused(SessionOptions { max_turns: 0, ..plain() }), "max_turns must be at least 1");
    assert!(refused(SessionOptions { concurrency: 0.0, ..plain() }).starts_with("concurrency must be"));
    let twice = "there are two of the name";
    assert_eq!(
        refused(SessionOptions { providers: vec![scripted("x"), scripted("x")], ..plain() }),
        format!("{twice} \"x\"")
    );
    assert_eq!(refused(SessionOptions { tools: vec![tool(), tool()], ..plain() }), format!("{twice} \"add\""));

    let session = Session::new(SessionOptions { providers: vec![scripted("x"), scripted("y")], ..plain() }).unwrap();
    let of = |provider: &str| WorkerOptions { provider: Some(provider.into()), ..named("helper") };
    assert_eq!(session.create_worker(of("y")).unwrap().provider().name(), "y");
    assert_eq!(session.create_worker(of("z")).unwrap_err(), SessionError::UnknownProvider("z".into()));
}

#[wasm_bindgen_test]
async fn a_run_is_not_abandoned_while_it_is_at_its_workers_conversation() {
    let stage = Stage::new(&[&[Act::Say("well")]]);
    let within = |after: f64| RunOptions { abandon_after: Some(after), ..plain() };
    for after in [0.0, 50.0] {
        let refused = stage.try_run(&within(after)).unwrap_err();
        assert!(refused.to_string().starts_with("abandon_after must be left out"), "{refused}");
    }
    assert_eq!((stage.session.jobs().len(), stage.said().len()), (0, 0));
    assert!(stage.run(&within(f64::INFINITY)).wait().await.ok().is_some());
}
