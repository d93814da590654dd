//! The job manager.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::rc::Rc;

use super::barrier::Barrier;
use super::context::JobContext;
use super::driver::{Driver, Ran};
use super::erased_job::ErasedJob;
use super::error::JobError;
use super::job::Job;
use super::keys::Keys;
use super::listeners::JobEvent;
use super::record::{NewJob, Record};
use super::run_job::RunJob;
use super::subscription::Subscription;
use crate::engine::{Command, Engine, JobId, ManagerId, ManagerOptions, Refusal, RunOptions, Stats};

/// Starts each job at most once per key, runs as many at a time as its options allow, and stops them for certain.
///
/// `K` is what jobs are told apart by, `S` the state that a job shows while it runs, `A` what can be sent to it, `R`
/// what it returns. The key's `Hash`, `Eq` and `Clone` must not call the manager.
///
/// ```no_run
/// use jobgate::browser::{JobManager, ManagerOptions, Refusal, RunJob, RunOptions};
///
/// fn refresh(manager: &JobManager<String>) -> Result<(), Refusal> {
///     match manager.run_job("refresh".into(), |_| async { Ok(()) }, &RunOptions::default())? {
///         RunJob::Created(job) => println!("started as number {}", job.id()),
///         RunJob::AlreadyRunning(job) => println!("runs already: {:?}", job.status()),
///     }
///     Ok(())
/// }
/// ```
///
/// A clone is the same manager. When the last is dropped its jobs go on, seen through their handles; jobs that wait for
/// the end of a pause wait until they are stopped.
pub struct JobManager<K = String, S = (), A = (), R = ()> {
    shared: Rc<Shared<K, S, A, R>>,
}

struct Shared<K, S, A, R> {
    driver: Rc<Driver>,
    keys: Rc<Keys<K>>,
    types: PhantomData<(S, A, R)>,
}

impl<K, S, A, R> Drop for Shared<K, S, A, R> {
    fn drop(&mut self) {
        self.driver.tell(Command::DropManager);
    }
}

impl<K, S, A, R> JobManager<K, S, A, R>
where
    K: Clone + Eq + Hash + 'static,
    S: 'static,
    A: 'static,
    R: 'static,
{
    /// A manager without jobs.
    ///
    /// # Errors
    ///
    /// [`Refusal::OutOfBounds`] names the option and its bound.
    pub fn new(options: &ManagerOptions) -> Result<Self, Refusal> {
        let shared = Shared { driver: Driver::new(options)?, keys: Rc::default(), types: PhantomData };
        Ok(Self { shared: Rc::new(shared) })
    }

    /// Runs `body` as a job under `key`, unless one runs or waits there already: what happens then is
    /// [`RunOptions::on_duplicate`].
    ///
    /// With a free slot the job is running when this returns, and its body is called in a microtask: bodies in the
    /// order of their starts, never inside `run_job`. It is called once per attempt; one that is stopped before that
    /// is not called any more.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; then nothing has changed.
    ///
    /// # Panics
    ///
    /// Never itself. A body that panics ends the whole wasm instance, as any panic on this target does: return errors.
    pub fn run_job<F>(
        &self,
        key: K,
        body: impl FnMut(JobContext<S, A>) -> F + 'static,
        options: &RunOptions,
    ) -> Result<RunJob<K, S, A, R>, Refusal>
    where
        F: Future<Output = Result<R, JobError>> + 'static,
        S: Default,
    {
        self.run_job_from(key, S::default(), body, options)
    }

    /// As [`JobManager::run_job`], with a state to begin with.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; then nothing has changed.
    pub fn run_job_from<F>(
        &self,
        key: K,
        state: S,
        mut body: impl FnMut(JobContext<S, A>) -> F + 'static,
        options: &RunOptions,
    ) -> Result<RunJob<K, S, A, R>, Refusal>
    where
        F: Future<Output = Result<R, JobError>> + 'static,
    {
        let Shared { driver, keys, .. } = &*self.shared;
        let name = key.clone();
        let number = keys.intern(&name);
        let order = NewJob { key, state, body: Box::new(move |context| Box::pin(body(context))) };
        let make =
            |id, serial| Rc::new(Record::new(driver.clone(), keys.clone(), id, serial, order)) as Rc<dyn ErasedJob>;
        let ran = driver.run(number, options, make);
        if ran.is_err() {
            drop(keys.release(&name, driver));
        }
        match ran? {
            Ran::Created(job) => Job::of(job).map(RunJob::Created),
            Ran::AlreadyRunning(job) => Job::of(job).map(RunJob::AlreadyRunning),
        }
        // Every job of this manager is of its types.
        .ok_or(Refusal::Closed)
    }

    /// Takes no more jobs and asks all to end. The barrier opens when all have.
    ///
    /// # Cancellation safety
    ///
    /// The request is made by the call; dropping the barrier does not take it back.
    pub fn close(&self) -> Barrier {
        self.stop_by(Command::Close)
    }

    /// Running jobs go on; none starts.
    pub fn pause(&self) {
        self.shared.driver.tell(Command::Pause);
    }

    /// Ends the pause.
    pub fn resume(&self) {
        self.shared.driver.tell(Command::Resume);
    }

    /// Whether it is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.shared.driver.ask(Engine::is_paused)
    }

    /// Jobs running at once: an integer of at least 1, or infinity. Raising it starts what it can; lowering it ends
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`Refusal::OutOfBounds`]; then nothing has changed.
    pub fn set_concurrency(&self, concurrency: f64) -> Result<(), Refusal> {
        self.shared.driver.command(|manager| Command::SetConcurrency { manager, concurrency }).map(|_| ())
    }

    /// At most `.0` bodies called in any window of `.1` milliseconds; `None`: no limit. What was started counts in the new
    /// window, too, since there first was a limit.
    ///
    /// # Errors
    ///
    /// [`Refusal::OutOfBounds`]; then nothing has changed.
    pub fn set_rate_limit(&self, rate_limit: Option<(f64, f64)>) -> Result<(), Refusal> {
        self.shared.driver.command(|manager| Command::SetRateLimit { manager, rate_limit }).map(|_| ())
    }

    // ── looking ─────────────────────────────────────────────────────────────────────────────────

    /// The job that runs or waits under `key`; where another waits behind it, the one in front.
    pub fn running_job<Q>(&self, key: &Q) -> Option<Job<K, S, A, R>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let number = self.shared.keys.find(key)?;
        self.job(self.shared.driver.ask(|engine, _| engine.standing(number))?)
    }

    /// All jobs, oldest first: those that have not ended, and of those that have the last
    /// [`retain`](ManagerOptions::retain).
    #[must_use]
    pub fn jobs(&self) -> Vec<Job<K, S, A, R>> {
        let ids: Vec<JobId> = self.shared.driver.ask(|engine, manager| engine.jobs(manager).collect());
        ids.into_iter().filter_map(|id| self.job(id)).collect()
    }

    /// How many jobs there are and were.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.driver.ask(Engine::stats).unwrap_or_default()
    }

    /// How many records it keeps, of whatever kind, besides its own. 0 when all jobs have ended, none is retained and
    /// nobody has listened; 1 if someone once did. For tests, and for finding leaks.
    #[must_use]
    pub fn live_records(&self) -> usize {
        self.shared.driver.live_records() + self.shared.keys.len()
    }

    /// Opens when nothing is pending, at once if that is so now.
    #[must_use]
    pub fn on_empty(&self) -> Barrier {
        // One is not refused.
        self.on_pending_below(1).unwrap_or_else(|_| Barrier::at_all([]))
    }

    /// Opens when fewer than `size` are pending, at once if that is so now: for producers that wait.
    ///
    /// # Errors
    ///
    /// [`Refusal::OutOfBounds`] if `size` is 0.
    pub fn on_pending_below(&self, size: u32) -> Result<Barrier, Refusal> {
        Ok(Barrier::at_all(&self.shared.driver.pending_below(size)?))
    }

    /// Opens when nothing is pending and nothing is running, at once if that is so now. A job that was asked to end
    /// runs until its body has returned.
    #[must_use]
    pub fn on_idle(&self) -> Barrier {
        Barrier::at_all(&self.shared.driver.idle())
    }

    /// Calls `listener` whenever a job was created, changed in status, or is no longer shown; once for what one call
    /// has changed. It may call anything: what that causes is told afterwards, so all listeners see one order.
    ///
    /// ```no_run
    /// # use jobgate::browser::JobManager;
    /// # fn example(manager: &JobManager) {
    /// let jobs = manager.clone();
    /// let subscription = manager.subscribe(move || println!("{} running", jobs.stats().running));
    /// // Until it is dropped: keep it with what shows the number.
    /// # drop(subscription);
    /// # }
    /// ```
    ///
    /// A listener that holds the manager keeps it alive until the subscription is dropped.
    pub fn subscribe(&self, listener: impl FnMut() + 'static) -> Subscription {
        let driver = &self.shared.driver;
        Subscription::new(driver, driver.on_change(Rc::new(RefCell::new(listener))))
    }

    /// Calls `listener` with each thing that happens to a job, in order, as [`JobManager::subscribe`] does.
    pub fn on_event(&self, mut listener: impl FnMut(&Job<K, S, A, R>, &JobEvent) + 'static) -> Subscription {
        let driver = &self.shared.driver;
        let listener = move |job: &Rc<dyn ErasedJob>, event: &JobEvent| {
            if let Some(job) = Job::of(job.clone()) {
                listener(&job, event);
            }
        };
        Subscription::new(driver, driver.on_event(Rc::new(RefCell::new(listener))))
    }

    // ── stopping ────────────────────────────────────────────────────────────────────────────────

    /// Asks the job under `key` to end, and the one that waits behind it. The barrier opens when both have; at once if
    /// there is none.
    ///
    /// # Cancellation safety
    ///
    /// The request is made by the call; dropping the barrier does not take it back.
    pub fn stop_job<Q>(&self, key: &Q) -> Barrier
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let Some(number) = self.shared.keys.find(key) else { return Barrier::at_all([]) };
        let (standing, waiting) = self.shared.driver.ask(|engine, _| (engine.standing(number), engine.waiting(number)));
        let jobs: Vec<_> = [waiting, standing].into_iter().flatten().filter_map(|id| self.job(id)).collect();
        self.shared.driver.tell(|_| Command::StopKey(number));
        Barrier::at_all(jobs.iter().map(|job| &job.record.end.notify))
    }

    /// Asks all jobs to end. The barrier opens when those have that there are now.
    ///
    /// # Cancellation safety
    ///
    /// The request is made by the call; dropping the barrier does not take it back.
    pub fn stop_all(&self) -> Barrier {
        self.stop_by(Command::StopAll)
    }

    fn stop_by(&self, command: fn(ManagerId) -> Command<'static>) -> Barrier {
        let jobs = self.jobs();
        self.shared.driver.tell(command);
        Barrier::at_all(jobs.iter().map(|job| &job.record.end.notify))
    }

    fn job(&self, id: JobId) -> Option<Job<K, S, A, R>> {
        Job::of(self.shared.driver.job(id)?)
    }
}

impl<K, S, A, R> Clone for JobManager<K, S, A, R> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<K, S, A, R> fmt::Debug for JobManager<K, S, A, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stats = self.shared.driver.ask(Engine::stats);
        formatter.debug_struct("JobManager").field("stats", &stats).finish_non_exhaustive()
    }
}
