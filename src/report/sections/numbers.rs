//! Numbers of summaries that tables show: the header, what it is, and where it stands.

/// What is compared between runs.
pub(super) const COMPARED: [Number; 6] = [
    (
        "steady loss",
        "on the batches of the iterations, which have chosen the weights, so that it may lie below the \
         noise; mean over the steady state and the normal agents",
        &["steady", "loss", "mean"],
    ),
    (
        "final loss",
        "at the end, over all training rows in tasks with rows, else on the last batch; mean over the \
         normal agents",
        &["final", "loss", "mean"],
    ),
    (
        "test loss",
        "on test data in the end, mean over the normal agents",
        &["final", "test_loss", "mean"],
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
        "share of weight that Byzantine neighbors have in the steady state; none for rules that give no \
         weights",
        &["filter", "byzantine_weight"],
    ),
];

/// What is told of each run too.
pub(super) const OTHERS: [Number; 7] = [
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
        "shut out after [ms]",
        "where nobody waits: simulated time from the beginning of attacks until no normal agent gives \
         Byzantine models a weight again",
        &["filter", "shut_out_ms"],
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
