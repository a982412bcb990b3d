//! Numbers of summaries that tables show: the header, what it is, and where it stands.

/// What is compared between runs.
pub(super) const COMPARED: [Number; 5] = [
    (
        "steady loss",
        "mean over the steady state and the normal agents",
        &["steady", "loss", "mean"],
    ),
    (
        "final loss",
        "mean over the normal agents in the end",
        &["final", "loss", "mean"],
    ),
    (
        "accuracy",
        "on test data in the end, mean over the normal agents",
        &["final", "accuracy", "mean"],
    ),
    (
        "steady regret",
        "r(θ) − r(θ*), mean over the steady state and the normal agents",
        &["steady", "regret", "mean"],
    ),
    (
        "Byzantine weight",
        "share of weight that Byzantine neighbors have in the steady state",
        &["filter", "byzantine_weight"],
    ),
];

/// What is told of each run too.
pub(super) const OTHERS: [Number; 8] = [
    (
        "test loss",
        "on test data in the end, mean over the normal agents",
        &["final", "test_loss", "mean"],
    ),
    (
        "deviation",
        "‖θ − θ*‖ in the end, mean over the normal agents",
        &["final", "deviation", "mean"],
    ),
    (
        "shut out at",
        "first iteration, from the beginning of attacks, from which Byzantine models have no weight",
        &["filter", "shut_out_iteration"],
    ),
    (
        "starved",
        "share of combinations with too few models",
        &["steady", "starved"],
    ),
    ("iterations", "", &["iterations"]),
    ("simulated ms", "simulated time", &["simulated_ms"]),
    ("wall s", "wall-clock time of the run", &["wall_s"]),
    (
        "models/s",
        "models sent per second of wall-clock time",
        &["models_per_s"],
    ),
];

pub(super) type Number = (&'static str, &'static str, &'static [&'static str]);
