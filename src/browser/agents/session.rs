//! Workers and their jobs.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt;
use std::rc::Rc;

use super::host::WorkerToHostInterface;
use super::job::WorkerJob;
use super::key::WorkerKey;
use super::provider::ModelProvider;
use super::run::{Ended, run};
use super::task::{Talk, Work, WorkerTask};
use super::tool::Tool;
use super::worker::Worker;
use crate::browser::barrier::Barrier;
use crate::browser::context::JobContext;
use crate::browser::error::JobError;
use crate::browser::manager::JobManager;
use crate::browser::run_job::RunJob;
use crate::engine::agents::{History, Message, Unfit, WorkerState};
use crate::engine::{ManagerOptions, OutOfBounds, Refusal, RunOptions};

const NOT_ABANDONED: &str = "left out: a worker begins no run while another is at its conversation";

/// What a session is made of.
pub struct SessionOptions {
    /// The models; a worker that names none gets the first. Their names differ.
    pub providers: Vec<Rc<dyn ModelProvider>>,
    /// What they may have done. Their names differ.
    pub tools: Vec<Rc<dyn Tool>>,
    /// Jobs at once: an integer of at least 1, or infinity, which is the default.
    pub concurrency: f64,
    /// How often one run, or one attempt at it, may ask the model; at least 1; default 16.
    pub max_turns: u32,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self { providers: Vec::new(), tools: Vec::new(), concurrency: f64::INFINITY, max_turns: 16 }
    }
}

impl fmt::Debug for SessionOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SessionOptions").field("max_turns", &self.max_turns).finish_non_exhaustive()
    }
}

/// What a worker is made of.
#[derive(Debug, Clone, Default)]
pub struct WorkerOptions {
    /// For people.
    pub name: String,
    /// A provider's name; default the first.
    pub provider: Option<String>,
    /// How the model is to behave.
    pub system: Option<String>,
    /// What was said before: a conversation that was stored, or one up to an answer that is not wanted. It has to be one
    /// that servers accept, as [`Worker::messages`] is between runs; with a system message in it, `system` is left out.
    pub messages: Vec<Message>,
}

/// What a run begins with.
#[derive(Debug, Clone, Default)]
pub struct WorkerInput {
    /// What the user says.
    pub prompt: String,
}

/// Why a session did not do what it was asked to; then nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// An option is out of its bounds, or the session is closed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Two providers, or two tools, of this name.
    #[error("there are two of the name {0:?}")]
    Ambiguous(String),
    /// No provider of that name.
    #[error("there is no provider {0:?}")]
    UnknownProvider(String),
    /// No server would accept those messages.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The worker was removed, or is another session's.
    #[error("the session has no such worker")]
    UnknownWorker,
}

/// A run failed with this error, which its worker shows as [`Worker::last_failure`].
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct RunFailed(
    /// The error.
    pub Rc<JobError>,
);

/// The answer to a request to run.
#[derive(Debug, Clone)]
pub enum RunWorker {
    /// It has begun, or waits for a slot.
    Created(WorkerJob),
    /// The worker is busy with this; what was asked for was not taken.
    AlreadyRunning(WorkerJob),
}

impl RunWorker {
    /// The worker's job, whoever began it.
    #[must_use]
    pub fn into_job(self) -> WorkerJob {
        let (Self::Created(job) | Self::AlreadyRunning(job)) = self;
        job
    }
}

/// A chat application's workers. Each runs one job at a time, under its id as the key.
///
/// ```no_run
/// use std::rc::Rc;
///
/// use jobgate::browser::agents::{Scripted, Session, SessionOptions, WorkerInput, WorkerOptions};
/// # use jobgate::browser::RunOptions;
/// # use jobgate::browser::agents::{SessionError, WorkerToHostInterface};
///
/// # async fn example(host: Rc<dyn WorkerToHostInterface>) -> Result<(), SessionError> {
/// let model = Scripted::new("demo".into(), vec![Scripted::words("Hello, I am a script.")], 50);
/// let session = Session::new(SessionOptions { providers: vec![Rc::new(model)], ..SessionOptions::default() })?;
/// let worker = session.create_worker(WorkerOptions { name: "helper".into(), ..WorkerOptions::default() })?;
/// let input = WorkerInput { prompt: "introduce yourself".into() };
/// let job = session.run(&worker, input, host, &RunOptions::default())?.into_job();
/// println!("{:?}: {:?}", job.wait().await, worker.messages());
/// # Ok(())
/// # }
/// ```
pub struct Session {
    manager: JobManager<WorkerKey, WorkerState>,
    providers: Vec<Rc<dyn ModelProvider>>,
    tools: Rc<[Rc<dyn Tool>]>,
    max_turns: u32,
    workers: RefCell<Vec<Rc<Worker>>>,
    closed: Cell<bool>,
}

impl Session {
    /// A session without workers.
    ///
    /// # Errors
    ///
    /// [`SessionError::Refused`] names the option and its bound; [`SessionError::Ambiguous`].
    pub fn new(options: SessionOptions) -> Result<Self, SessionError> {
        let SessionOptions { providers, tools, concurrency, max_turns } = options;
        if max_turns == 0 {
            return Err(Refusal::from(OutOfBounds { field: "max_turns", bound: "at least 1" }).into());
        }
        all_differ(providers.iter().map(|provider| provider.name()))?;
        all_differ(tools.iter().map(|tool| tool.spec().name.as_str()))?;
        let manager = JobManager::new(&ManagerOptions { concurrency, ..ManagerOptions::default() })?;
        let (workers, closed) = (RefCell::default(), Cell::default());
        Ok(Self { manager, providers, tools: tools.into(), max_turns, workers, closed })
    }

    /// A worker, inactive.
    ///
    /// # Errors
    ///
    /// [`SessionError::UnknownProvider`], [`SessionError::Unfit`]; [`SessionError::Refused`] once it is closed.
    pub fn create_worker(&self, options: WorkerOptions) -> Result<Rc<Worker>, SessionError> {
        if self.closed.get() {
            return Err(Refusal::Closed.into());
        }
        let WorkerOptions { name, provider, system, messages } = options;
        let wanted = |known: &&Rc<dyn ModelProvider>| provider.as_deref().is_none_or(|name| known.name() == name);
        let Some(found) = self.providers.iter().find(wanted) else {
            return Err(SessionError::UnknownProvider(provider.unwrap_or_default()));
        };
        let worker = Rc::new(Worker::new(name, found.clone(), History::resume(system, messages)?));
        self.workers.borrow_mut().push(worker.clone());
        Ok(worker)
    }

    /// All workers, oldest first.
    #[must_use]
    pub fn workers(&self) -> Vec<Rc<Worker>> {
        self.workers.borrow().clone()
    }

    /// The jobs that have not ended, oldest first; also those of workers that were removed meanwhile.
    #[must_use]
    pub fn jobs(&self) -> Vec<WorkerJob> {
        self.manager.jobs().into_iter().map(WorkerJob).collect()
    }

    /// Asks the model, streams its answer to `host`, runs the tools it calls and the host approves, asks again, until
    /// it calls none.
    ///
    /// With retries, another attempt goes on where the last one failed: the prompt is not repeated, nor is a call that has
    /// a result; an answer that ends the conversation is taken back, and the model is asked for another. To the host it is
    /// another run, from `Working` on. Not retried are [`OutOfTurns`](super::OutOfTurns) and what is not
    /// [retriable](JobError::is_retriable). `abandon_after` is refused: the job has ended when all under it has returned.
    ///
    /// # Errors
    ///
    /// [`SessionError`]; then nothing has changed.
    pub fn run(
        &self,
        worker: &Rc<Worker>,
        input: WorkerInput,
        host: Rc<dyn WorkerToHostInterface>,
        options: &RunOptions,
    ) -> Result<RunWorker, SessionError> {
        let (tools, max_turns) = (self.tools.clone(), self.max_turns);
        let talk = Talk { prompt: input.prompt, host, tools, max_turns, asked: Cell::default() };
        self.start(worker, Work::Talk(talk), options)
    }

    /// Any other task, under the same rules.
    ///
    /// # Errors
    ///
    /// [`SessionError`]; then nothing has changed.
    pub fn run_task(
        &self,
        worker: &Rc<Worker>,
        task: Rc<dyn WorkerTask>,
        options: &RunOptions,
    ) -> Result<RunWorker, SessionError> {
        self.start(worker, Work::Other(task), options)
    }

    fn start(&self, worker: &Rc<Worker>, work: Work, options: &RunOptions) -> Result<RunWorker, SessionError> {
        if !self.workers.borrow().iter().any(|known| Rc::ptr_eq(known, worker)) {
            return Err(SessionError::UnknownWorker);
        }
        if options.abandon_after.is_some_and(|after| after != f64::INFINITY) {
            return Err(Refusal::from(OutOfBounds { field: "abandon_after", bound: NOT_ABANDONED }).into());
        }
        let (whose, state) = (worker.clone(), worker.state());
        let work = Rc::new(work);
        let body = move |context| attempt(whose.clone(), work.clone(), context);
        Ok(match self.manager.run_job_from(WorkerKey(worker.clone()), state, body, options)? {
            RunJob::Created(job) => RunWorker::Created(WorkerJob(job)),
            RunJob::AlreadyRunning(job) => RunWorker::AlreadyRunning(WorkerJob(job)),
        })
    }

    /// Removes a worker at once, and asks its job to end. The barrier opens when it has; at once if there is none.
    ///
    /// # Cancellation safety
    ///
    /// The request is made by the call; dropping the barrier does not take it back.
    #[allow(clippy::must_use_candidate, reason = "whoever only removes need not wait")]
    pub fn remove_worker(&self, id: &str) -> Barrier {
        let is_it = |worker: &mut Rc<Worker>| worker.id() == id;
        // Dropped when nothing is borrowed any more.
        let _gone: Vec<_> = self.workers.borrow_mut().extract_if(.., is_it).collect();
        self.manager.stop_job(id)
    }

    /// Takes no more jobs and workers, and asks all jobs to end. The barrier opens when all have.
    #[allow(clippy::must_use_candidate, reason = "whoever only closes need not wait")]
    pub fn close(&self) -> Barrier {
        self.closed.set(true);
        self.manager.close()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("manager", &self.manager).finish_non_exhaustive()
    }
}

fn all_differ<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), SessionError> {
    let mut known = HashSet::new();
    for name in names {
        if !known.insert(name) {
            return Err(SessionError::Ambiguous(name.to_owned()));
        }
    }
    Ok(())
}

async fn attempt(worker: Rc<Worker>, work: Rc<Work>, context: JobContext<WorkerState, ()>) -> Result<(), JobError> {
    match run(worker, &work, &context).await {
        // A cancelled job's result counts for nothing.
        Ended::Done | Ended::Cancelled => Ok(()),
        Ended::Failed(error) if error.is_retriable() => Err(RunFailed(error).into()),
        Ended::Failed(error) => Err(JobError::non_retriable(RunFailed(error))),
    }
}
