//! Mistakes that the oracle makes on purpose, to show that a comparison finds them.

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slip {
    None,
    /// Rule (10) with < in the place of ≤.
    StrictFilter,
    /// One weight of agent 3 in iteration 10 is the next `f64`.
    WeightUp,
    /// One parameter of agent 3 in iteration 10 is the next `f32`.
    ParameterUp,
    /// A model that arrives at the moment of a combination comes too late for it.
    ArrivalStrict,
    /// A model as old as it may be is too old.
    AgeStrict,
    /// A sender's uplink serves the last neighbor first.
    QueueBackwards,
    /// Of two models from one sender, the one that came first counts.
    OldestWins,
    /// A missing model is held for ever in the place of being used once, or the other way round.
    HoldSwapped,
    /// A quorum is rounded down.
    QuorumDown,
    /// An agent that comes up at a moment is still down at it.
    UpLate,
    /// The upper median ends an asynchronous run.
    UpperMedian,
    /// φ of a neighbor without a model stays as it was.
    UnseenKept,
    /// A replayed payload is one iteration too young.
    ReplayYounger,
}

impl Slip {
    /// All that any scenario may happen to show.
    pub const ALL: [Slip; 10] = [
        Slip::ArrivalStrict,
        Slip::AgeStrict,
        Slip::QueueBackwards,
        Slip::OldestWins,
        Slip::HoldSwapped,
        Slip::QuorumDown,
        Slip::UpLate,
        Slip::UpperMedian,
        Slip::UnseenKept,
        Slip::ReplayYounger,
    ];
}
