//! What commands and effects name: the numbers of things, and where a listener listens for what.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(
            /// The number that crosses boundaries.
            pub u32,
        );
    };
}

id!(
    /// A manager.
    ManagerId
);
id!(
    /// A job, until its [`Effect::Ended`](super::Effect::Ended) with `forgotten` or its [`Effect::Forgotten`](super::Effect::Forgotten) has been applied.
    JobId
);
id!(
    /// A key, numbered by the host. The engine decides what a taken key means; what a key *is* stays outside.
    KeyId
);
id!(
    /// A subject or a gate.
    EmitterId
);
id!(
    /// One subscription.
    ListenerId
);
id!(
    /// One wait of a body, or for a stop barrier, that ends with the job or after a time.
    WaiterId
);
id!(
    /// A value of the host's (a state, an action, a message), which the engine never sees: the number comes with the
    /// command that brings the value and goes with every effect that carries it. Good until the effects under way have
    /// been applied.
    ValueId
);

impl ValueId {
    /// For what carries no value.
    pub const NONE: Self = Self(u32::MAX);
}

/// What a listener listens for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Channel {
    /// A subject's values, a gate's opening.
    Value,
    /// A job's state changed.
    State,
    /// A job's progress changed.
    Progress,
    /// A job ended.
    Stopped,
    /// An action for a job's body.
    Action,
    /// [`Event`](super::Event)s of a job or of all jobs of a manager.
    Event,
    /// Any job of a manager created, changed in status, or forgotten.
    Change,
    /// The job that stands under a key changed.
    Key,
    /// A job of a manager is listed elsewhere, or has another priority, and no event tells of it: see
    /// [`super::Engine::rank`].
    Order,
    /// What goes on where a job has ended: called once its promises are settled, as [`super::Effect::Ended`] names them.
    Continuation,
}

/// Whom to listen to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// A subject or gate.
    Emitter(EmitterId),
    /// A job.
    Job(JobId),
    /// A manager.
    Manager(ManagerId),
    /// Whoever stands under a key.
    Key(KeyId),
}
