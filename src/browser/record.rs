//! One job's record: what its handles, its body and the driver share.
//!
//! Invariant: the body, its result and what waits for its end are run and dropped while nothing is borrowed.

use std::cell::{Cell, RefCell};
use std::hash::Hash;
use std::mem::forget;
use std::pin::Pin;
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::actions::Inbox;
use super::attempt::Attempt;
use super::completion::{Completion, End};
use super::context::JobContext;
use super::continuations::Continuations;
use super::driver::Driver;
use super::erased_job::ErasedJob;
use super::error::{Cancelled, JobError, TimeoutError};
use super::guard::{drop_guarded, flat, guard, guard_and_report, guarded};
use super::keys::Keys;
use super::progress::Progress;
use super::watch::Watched;
use crate::engine::{AbortCause, Command, JobId, ListenerId, Outcome};

pub(crate) type Attempted<R> = Pin<Box<dyn Future<Output = Result<R, JobError>>>>;
pub(crate) type Body<S, A, R> = Box<dyn FnMut(JobContext<S, A>) -> Attempted<R>>;
type Continuation<K, S, A, R> = dyn FnOnce(Rc<Record<K, S, A, R>>, &Completion<R>);

pub(crate) struct Record<K, S, A, R> {
    pub(crate) driver: Rc<Driver>,
    pub(crate) id: JobId,
    pub(crate) serial: u64,
    pub(crate) key: K,
    pub(crate) state: Rc<Watched<S>>,
    pub(crate) progress: Rc<Watched<Progress>>,
    pub(crate) inbox: Rc<Inbox<A>>,
    pub(crate) end: Rc<End<R>>,
    keys: Rc<Keys<K>>,
    body: RefCell<Option<Body<S, A, R>>>,
    attempts: Cell<u32>,
    attempt: RefCell<Option<Rc<Attempt>>>,
    outcome: RefCell<Option<Result<Rc<R>, Rc<JobError>>>>,
    pub(crate) continuations: Continuations<Continuation<K, S, A, R>>,
}

/// What a job is made of.
pub(crate) struct NewJob<K, S, A, R> {
    pub(crate) key: K,
    pub(crate) state: S,
    pub(crate) body: Body<S, A, R>,
}

impl<K, S, A, R> Record<K, S, A, R> {
    pub(crate) fn new(driver: Rc<Driver>, keys: Rc<Keys<K>>, id: JobId, serial: u64, new: NewJob<K, S, A, R>) -> Self {
        Self {
            driver,
            id,
            serial,
            key: new.key,
            state: Watched::new(new.state),
            progress: Watched::new(Progress::default()),
            inbox: Inbox::new(),
            end: Rc::default(),
            keys,
            body: RefCell::new(Some(new.body)),
            attempts: Cell::new(0),
            attempt: RefCell::default(),
            outcome: RefCell::default(),
            continuations: Continuations::default(),
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.end.completion.get().is_some()
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.get()
    }

    /// The body's future, unless it was asked to end before it could begin.
    fn begin(&self, attempt: &Rc<Attempt>) -> Result<Attempted<R>, JobError> {
        if attempt.asked.is_open() {
            return Err(Cancelled.into());
        }
        let context = JobContext {
            driver: self.driver.clone(),
            job: self.id,
            attempt: attempt.clone(),
            state: self.state.clone(),
            progress: self.progress.clone(),
            inbox: self.inbox.clone(),
        };
        let Some(mut body) = self.body.take() else { return Err(Cancelled.into()) };
        let attempted = match guard(|| body(context)) {
            Ok(attempted) => attempted,
            Err(thrown) => {
                forget(body);
                return Err(JobError::non_retriable(thrown));
            }
        };
        self.body.replace(Some(body));
        self.driver.tell(|_| Command::Called(self.id));
        Ok(attempted)
    }

    async fn run(&self, attempt: Rc<Attempt>) {
        attempt.begin_turn();
        let result = match self.begin(&attempt) {
            Ok(attempted) => flat(guarded(|| attempted).await),
            Err(error) => Err(error),
        };
        if attempt.is_over() {
            // Abandoned: by now another job may have its number.
            guard_and_report(move || drop(result));
            return;
        }
        attempt.finish();
        let outcome = match &result {
            Ok(_) => Outcome::Resolved,
            Err(error) if error.is_retriable() => Outcome::Rejected,
            Err(_) => Outcome::NotRetriable,
        };
        let previous = self.outcome.replace(Some(result.map(Rc::new).map_err(Rc::new)));
        if let Some(Err(error)) = previous {
            drop_guarded(error);
        }
        let (job, attempt) = (self.id, attempt.number);
        self.driver.tell(|_| Command::Settle { job, attempt, outcome });
    }

    pub(crate) fn add_continuation(self: &Rc<Self>, name: String, continuation: Box<Continuation<K, S, A, R>>)
    where
        Self: 'static,
    {
        let known = self.continuations.number(&name);
        // Of a job that has ended the number may be another's.
        let listener = known.or_else(|| if self.has_ended() { None } else { self.driver.on_end(self.id) });
        if let Some(listener) = listener {
            self.continuations.put(listener, name, continuation);
        } else {
            let record = self.clone();
            spawn_local(async move { record.run_continuation(continuation) });
        }
    }

    /// Whether there was one.
    pub(crate) fn remove_continuation(&self, name: &str) -> bool {
        let Some(listener) = self.continuations.number(name) else { return false };
        self.driver.unlisten(listener);
        self.continuations.take(listener).is_some()
    }

    fn run_continuation(self: Rc<Self>, continuation: Box<Continuation<K, S, A, R>>) {
        if let Some(completion) = self.end.completion.get().cloned() {
            guard_and_report(move || continuation(self, &completion));
        }
    }
}

impl<K, S, A, R> ErasedJob for Record<K, S, A, R>
where
    K: Clone + Eq + Hash + 'static,
    S: 'static,
    A: 'static,
    R: 'static,
{
    fn note_start(&self, attempt: u32) {
        self.attempts.set(attempt);
    }

    fn note_end(&self, cause: Option<AbortCause>) {
        let completion = match (cause, self.outcome.borrow().as_ref()) {
            (Some(AbortCause::Timeout), _) => Completion::Failed(Rc::new(TimeoutError.into())),
            (Some(cause), _) => Completion::Cancelled(cause),
            (None, Some(Ok(result))) => Completion::Normal(result.clone()),
            (None, Some(Err(error))) => Completion::Failed(error.clone()),
            // Whoever was not asked to end ends by itself.
            (None, None) => Completion::Cancelled(AbortCause::Stop),
        };
        // A job ends once.
        let _ = self.end.completion.set(completion);
    }

    fn start(self: Rc<Self>) {
        let attempt = Attempt::new(self.attempts.get());
        self.attempt.replace(Some(attempt.clone()));
        spawn_local(async move {
            self.run(attempt).await;
            drop_guarded(self);
        });
    }

    fn abort(&self, cause: AbortCause) {
        let attempt = self.attempt.borrow().clone();
        if let Some(attempt) = attempt {
            attempt.ask(cause);
        }
    }

    fn end(self: Rc<Self>, continuations: &[ListenerId]) {
        let attempt = self.attempt.take();
        if let Some(attempt) = &attempt {
            attempt.finish();
        }
        let key = self.keys.release(&self.key, &self.driver);
        let spent = (self.body.take(), self.outcome.take(), attempt, self.inbox.close(), key);
        guard_and_report(move || drop(spent));
        self.state.close();
        self.progress.close();
        self.end.notify.open();
        for listener in continuations {
            if let Some(continuation) = self.continuations.take(*listener) {
                self.clone().run_continuation(continuation);
            }
        }
        drop_guarded(self);
    }
}
