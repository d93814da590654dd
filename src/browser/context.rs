//! What a job's body is given.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use super::actions::{Actions, Inbox};
use super::attempt::Attempt;
use super::barrier::Barrier;
use super::driver::Driver;
use super::error::Cancelled;
use super::progress::Progress;
use super::timer::Sleep;
use super::turn;
use super::watch::Watched;
use crate::engine::{AbortCause, Command, JobId, Refusal, Reply, ValueId};

/// Milliseconds that a body may hold the event loop before [`JobContext::checkpoint`] lets go of it.
const LONGEST_TURN: f64 = 8.0;

/// One attempt's side of a job: its body hears and speaks through it.
///
/// A clone is the same context, for the parts of a body. Once the attempt is over, whatever a clone says is ignored.
pub struct JobContext<S, A> {
    pub(crate) driver: Rc<Driver>,
    pub(crate) job: JobId,
    pub(crate) attempt: Rc<Attempt>,
    pub(crate) state: Rc<Watched<S>>,
    pub(crate) progress: Rc<Watched<Progress>>,
    pub(crate) inbox: Rc<Inbox<A>>,
}

impl<S, A> JobContext<S, A> {
    /// 1 for the first.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt.number
    }

    // ── being asked to end ──────────────────────────────────────────────────────────────────────

    /// Opens when this attempt is asked to end: by stop, by a job that replaces it, by its timeout; at the latest when
    /// the attempt is over. The job holds its slot and its key until its body has returned.
    ///
    /// ```no_run
    /// use futures::future::{Either, select};
    /// use jobgate::browser::{Cancelled, JobContext, JobError, Thrown};
    /// use wasm_bindgen_futures::{JsFuture, js_sys::Promise};
    ///
    /// async fn fetched(job: JobContext<(), ()>, answer: Promise) -> Result<(), JobError> {
    ///     match select(JsFuture::from(answer), job.cancelled()).await {
    ///         Either::Left((answer, _)) => answer.map(|_| ()).map_err(|error| Thrown(error).into()),
    ///         // The place to abort the request.
    ///         Either::Right(((), _)) => Err(Cancelled.into()),
    ///     }
    /// }
    /// ```
    ///
    /// # Cancellation safety
    ///
    /// May be dropped and asked for again: once open, it is open for everyone.
    #[must_use]
    pub fn cancelled(&self) -> Barrier {
        Barrier::at(&self.attempt.asked)
    }

    /// Whether [`JobContext::cancelled`] is open.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.attempt.asked.is_open()
    }

    /// Why it was asked to end: the first reason, if there were several.
    #[must_use]
    pub fn cancel_reason(&self) -> Option<AbortCause> {
        self.attempt.reason()
    }

    /// Why it was asked to end as it counts, if the attempt is not over.
    pub(crate) fn cause(&self) -> Option<AbortCause> {
        if self.attempt.is_over() { None } else { self.driver.ask(|engine, _| engine.cause(self.job)) }
    }

    /// For loops that compute: gives the event loop a turn if this attempt has not done so for 8 milliseconds, so that
    /// the page stays responsive and a stop gets through. Costs next to nothing otherwise.
    ///
    /// ```no_run
    /// # use jobgate::browser::{JobContext, JobError};
    /// async fn primes(job: JobContext<u32, ()>) -> Result<u32, JobError> {
    ///     for candidate in 2_u32.. {
    ///         if (2..candidate).take_while(|divisor| divisor * divisor <= candidate).all(|divisor| candidate % divisor != 0) {
    ///             job.set_state(candidate);
    ///         }
    ///         job.checkpoint().await?;
    ///     }
    ///     Ok(job.state())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cancelled`] once the attempt was asked to end, before or during the turn.
    ///
    /// # Cancellation safety
    ///
    /// Dropped, it leaves nothing behind.
    pub async fn checkpoint(&self) -> Result<(), Cancelled> {
        if !self.is_cancelled() && self.attempt.held_for() > LONGEST_TURN {
            turn::next_turn().await;
            self.attempt.begin_turn();
        }
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    /// Waits, counted from now. Ends early with [`Cancelled`] when the attempt is asked to end. No duration is too
    /// long; the shortest takes a turn of the event loop. In a hidden tab browsers may stretch it to a second or more.
    ///
    /// # Cancellation safety
    ///
    /// Dropped, it takes its timer along.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(duration, &self.attempt)
    }

    // ── what others see ─────────────────────────────────────────────────────────────────────────

    /// Changes the job's state. Ignored once the attempt is over.
    pub fn set_state(&self, state: S) {
        let (job, attempt) = (self.job, self.attempt());
        if self.attempt.is_over() {
            return;
        }
        // A state is never refused.
        let _ = self.driver.command_then(
            |_| Command::SetState { job, attempt, value: ValueId::NONE },
            |reply| {
                if let Reply::Told(_) = reply {
                    self.state.set(state);
                }
            },
        );
    }

    /// Reports progress: `percent` is clamped to 0..=100. Ignored once the attempt is over.
    ///
    /// # Errors
    ///
    /// [`Refusal::OutOfBounds`] if `percent` is not finite; then nothing has changed.
    pub fn progress(&self, percent: f64, message: impl Into<Rc<str>>) -> Result<(), Refusal> {
        if self.attempt.is_over() {
            return Ok(());
        }
        let (job, attempt) = (self.job, self.attempt());
        let message = message.into();
        self.driver
            .command_then(
                |_| Command::Progress { job, attempt, percent, value: ValueId::NONE },
                |reply| {
                    if let Reply::Percent(percent) = reply {
                        self.progress.set(Progress { percent, message });
                    }
                },
            )
            .map(|_| ())
    }

    /// Tells those who listen with [`JobManager::on_event`](super::JobManager::on_event); kept nowhere. Ignored once
    /// the attempt is over.
    pub fn log(&self, message: impl Into<Rc<str>>) {
        if !self.attempt.is_over() {
            self.driver.log(self.job, self.attempt(), message.into());
        }
    }

    /// What is dispatched to the job, from the first action that no attempt has taken on.
    ///
    /// ```no_run
    /// use futures::StreamExt;
    /// # use jobgate::browser::{JobContext, JobError};
    ///
    /// enum Knob { Faster, Slower }
    ///
    /// async fn spin(job: JobContext<i32, Knob>) -> Result<(), JobError> {
    ///     let mut knobs = job.actions();
    ///     while let Some(knob) = knobs.next().await {
    ///         job.update_state(|speed| *speed += match knob { Knob::Faster => 1, Knob::Slower => -1 });
    ///     }
    ///     Ok(()) // asked to end
    /// }
    /// ```
    pub fn actions(&self) -> Actions<A> {
        Actions::of(&self.inbox, &self.attempt)
    }
}

impl<S: Clone, A> JobContext<S, A> {
    /// The job's state as it is now.
    #[must_use]
    pub fn state(&self) -> S {
        self.state.get()
    }

    /// Changes a copy of the state, then sets it. Ignored once the attempt is over.
    pub fn update_state(&self, change: impl FnOnce(&mut S)) {
        if !self.attempt.is_over() {
            let mut state = self.state();
            change(&mut state);
            self.set_state(state);
        }
    }
}

impl<S, A> Clone for JobContext<S, A> {
    fn clone(&self) -> Self {
        Self {
            driver: self.driver.clone(),
            job: self.job,
            attempt: self.attempt.clone(),
            state: self.state.clone(),
            progress: self.progress.clone(),
            inbox: self.inbox.clone(),
        }
    }
}

impl<S, A> fmt::Debug for JobContext<S, A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("JobContext")
            .field("attempt", &self.attempt())
            .field("is_cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}
