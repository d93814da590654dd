/// What a worker is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WorkerState {
    /// Nothing: its last run ended well or was cancelled, or there was none.
    #[default]
    Inactive,
    /// A run has begun.
    Working,
    /// The model has been asked and has not begun to answer.
    Requesting,
    /// The answer is arriving.
    Receiving,
    /// The host has been asked whether a tool may run.
    Waiting,
    /// A tool runs.
    UsingTool,
    /// Its last run failed.
    Failed,
}

impl WorkerState {
    /// As the npm API writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Working => "working",
            Self::Requesting => "requesting",
            Self::Receiving => "receiving",
            Self::Waiting => "waiting",
            Self::UsingTool => "using_tool",
            Self::Failed => "failed",
        }
    }
}
