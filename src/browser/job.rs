//! A job, as seen from outside its body.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::barrier::Barrier;
use super::completion::{Completion, Ended};
use super::erased_job::ErasedJob;
use super::error::StopTimeout;
use super::notify::Waiter;
use super::progress::Progress;
use super::record::Record;
use super::watch::Watch;
use crate::engine::{Command, Engine, JobId, JobStatus, Refusal};

/// A job that a [`JobManager`](super::JobManager) runs: watch it, talk to it, stop it, wait for its end.
///
/// A clone is the same job. Dropping handles does nothing to it: it goes on.
pub struct Job<K, S, A, R> {
    pub(crate) record: Rc<Record<K, S, A, R>>,
}

impl<K: 'static, S: 'static, A: 'static, R: 'static> Job<K, S, A, R> {
    /// `None` if it is of other types.
    pub(crate) fn of(job: Rc<dyn ErasedJob>) -> Option<Self> {
        let job: Rc<dyn Any> = job;
        Some(Self { record: job.downcast().ok()? })
    }
}

impl<K, S, A, R> Job<K, S, A, R> {
    /// Its number: unique in its manager, higher for later jobs.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.record.serial
    }

    /// What it runs under.
    #[must_use]
    pub fn key(&self) -> &K {
        &self.record.key
    }

    /// Where it is in its life.
    #[must_use]
    pub fn status(&self) -> JobStatus {
        match self.record.end.completion.get() {
            Some(completion) => completion.status(),
            None => self.ask_engine(Engine::status).unwrap_or(JobStatus::Pending),
        }
    }

    /// Asked to end, and its body has not returned yet. It still runs: it keeps its key and its slot.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        !self.record.has_ended() && self.ask_engine(Engine::is_stopping)
    }

    /// How often its body was started: 0 before the first start.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.record.attempts()
    }

    /// Higher runs first; `None` once it has ended.
    #[must_use]
    pub fn priority(&self) -> Option<f64> {
        (!self.record.has_ended()).then(|| self.ask_engine(Engine::priority))
    }

    /// Any finite number. Puts the job at the back of its new level, if that is new; ignored once it has ended.
    ///
    /// # Errors
    ///
    /// [`Refusal::OutOfBounds`]; then nothing has changed.
    pub fn set_priority(&self, priority: f64) -> Result<(), Refusal> {
        if self.record.has_ended() {
            return Ok(());
        }
        let job = self.record.id;
        self.record.driver.command(|_| Command::SetPriority { job, priority }).map(|_| ())
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.record.progress.get()
    }

    /// [`Job::progress`] as it changes.
    pub fn watch_progress(&self) -> Watch<Progress> {
        Watch::of(&self.record.progress)
    }

    /// The state as it changes, beginning with the present one.
    ///
    /// ```no_run
    /// use futures::StreamExt;
    /// # use jobgate::browser::Job;
    ///
    /// async fn show(upload: Job<String, u32, (), ()>) {
    ///     let mut percent = upload.watch();
    ///     while let Some(percent) = percent.next().await {
    ///         println!("{percent} %");
    ///     }
    /// }
    /// ```
    pub fn watch(&self) -> Watch<S> {
        Watch::of(&self.record.state)
    }

    /// Sends an action to its body, which takes it from [`JobContext::actions`](super::JobContext::actions). Kept for
    /// a body that does not run yet; ignored once the job has ended.
    pub fn dispatch(&self, action: A) {
        if !self.record.has_ended() {
            self.record.inbox.put(action);
        }
    }

    // ── the end ─────────────────────────────────────────────────────────────────────────────────

    /// Asks the job to end. The barrier opens when it has: when its body has returned, not when it was asked to.
    ///
    /// A pending job ends at once and its body never starts. Calling it again, or on a job that has ended, is fine.
    ///
    /// ```no_run
    /// # use jobgate::browser::Job;
    /// async fn leave(upload: Job<String, u32, (), ()>) {
    ///     upload.stop().await;
    ///     assert!(upload.completion().is_some());
    /// }
    /// ```
    ///
    /// # Cancellation safety
    ///
    /// The request is made by the call, not by awaiting; dropping the barrier does not take it back.
    #[allow(clippy::must_use_candidate, reason = "whoever only stops need not wait")]
    pub fn stop(&self) -> Barrier {
        if !self.record.has_ended() {
            let job = self.record.id;
            self.record.driver.tell(|_| Command::Stop(job));
        }
        self.ended()
    }

    /// As [`Job::stop`], but waits no longer than `limit`, counted from the call. The job is left stopping then.
    ///
    /// # Cancellation safety
    ///
    /// As [`Job::stop`].
    #[allow(clippy::must_use_candidate, reason = "whoever only stops need not wait")]
    pub fn stop_within(&self, limit: Duration) -> StopWithin {
        drop(self.stop());
        let ended = Waiter::at(&self.record.end.notify);
        if self.record.has_ended() {
            return StopWithin { ended, limit: None };
        }
        let limit = self.record.driver.stop_limit(self.record.id, limit.as_secs_f64() * 1000.0);
        StopWithin { ended, limit: Some(Waiter::at(&limit)) }
    }

    /// Opens when the job has ended, without asking it to.
    #[must_use]
    pub fn ended(&self) -> Barrier {
        Barrier::at(&self.record.end.notify)
    }

    /// How it ended, once it has.
    #[must_use]
    pub fn completion(&self) -> Option<Completion<R>> {
        self.record.end.completion.get().cloned()
    }

    /// Waits for its end and tells how it ended.
    pub fn result(&self) -> Ended<R> {
        Ended::of(&self.record.end)
    }

    /// Calls `continuation` when the job has ended: those of a job one after another, in the order they came. On a job
    /// that has ended it is called in the next microtask. The same name again replaces the one that waits.
    ///
    /// ```no_run
    /// # use jobgate::browser::{Completion, Job};
    /// # fn example(upload: Job<String, u32, (), u64>) {
    /// upload.on_end("toast", |upload, completion| match completion {
    ///     Completion::Normal(bytes) => println!("{}: {bytes} bytes", upload.key()),
    ///     Completion::Cancelled(_) => println!("{}: stopped", upload.key()),
    ///     Completion::Failed(error) => println!("{}: {error}", upload.key()),
    /// });
    /// # }
    /// ```
    pub fn on_end(&self, name: impl Into<String>, continuation: impl FnOnce(&Self, &Completion<R>) + 'static)
    where
        Self: 'static,
    {
        self.record.add_continuation(
            name.into(),
            Box::new(move |record, completion| continuation(&Self { record }, completion)),
        );
    }

    /// Takes a continuation back. Whether there was one that had not been called yet.
    #[allow(clippy::must_use_candidate, reason = "often it does not matter")]
    pub fn remove_on_end(&self, name: &str) -> bool {
        self.record.remove_continuation(name)
    }

    fn ask_engine<T>(&self, read: impl FnOnce(&Engine, JobId) -> T) -> T {
        self.record.driver.ask(|engine, _| read(engine, self.record.id))
    }
}

impl<K, S: Clone, A, R> Job<K, S, A, R> {
    /// Its state as it is now, or as it was when the job ended.
    #[must_use]
    pub fn state(&self) -> S {
        self.record.state.get()
    }
}

impl<K, S, A, R> Clone for Job<K, S, A, R> {
    fn clone(&self) -> Self {
        Self { record: self.record.clone() }
    }
}

/// Two handles are equal if they are of the same job.
impl<K, S, A, R> PartialEq for Job<K, S, A, R> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.record, &other.record)
    }
}

impl<K, S, A, R> Eq for Job<K, S, A, R> {}

impl<K: fmt::Debug, S, A, R> fmt::Debug for Job<K, S, A, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Job")
            .field("id", &self.id())
            .field("key", self.key())
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

/// A stop barrier with a limit; made by [`Job::stop_within`].
///
/// # Cancellation safety
///
/// Dropping it does not take the stop back.
#[derive(Debug)]
pub struct StopWithin {
    ended: Waiter,
    limit: Option<Waiter>,
}

impl Future for StopWithin {
    type Output = Result<(), StopTimeout>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.ended.is_open() {
            return Poll::Ready(Ok(()));
        }
        self.ended.wait(context);
        match &self.limit {
            Some(limit) if limit.is_open() => Poll::Ready(Err(StopTimeout)),
            Some(limit) => {
                limit.wait(context);
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}
