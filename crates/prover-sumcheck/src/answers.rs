//! What a run asked for, and the values that come back.

use prover_core::Pending;

use crate::SumcheckError;
use crate::metrics::Phase;

/// What was asked for with the last submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The sums of a window of so many variables.
    Sums(usize),
    /// The tables, to go on with them on the host.
    HandOff,
    /// The tables of no variables.
    FinalEvals,
}

impl Asked {
    /// What its time is counted as.
    pub(crate) fn phase(self) -> Phase {
        match self {
            Self::Sums(_) => Phase::RoundEvaluate,
            Self::HandOff => Phase::Transfer,
            Self::FinalEvals => Phase::Fold,
        }
    }

    /// What its values are, for errors.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::Sums(_) => "sums",
            Self::HandOff => "values of tables",
            Self::FinalEvals => "final evaluations",
        }
    }
}

/// Values under way, or arrived by an earlier poll.
pub(crate) enum Answer<P, F> {
    UnderWay(P),
    Arrived(Vec<F>),
}

impl<F, P: Pending<F>> Answer<P, F> {
    /// Whether the values are there; never blocks.
    pub(crate) fn poll(&mut self) -> Result<bool, SumcheckError> {
        if let Self::UnderWay(pending) = self
            && let Some(values) = pending.poll()?
        {
            *self = Self::Arrived(values);
        }
        Ok(matches!(self, Self::Arrived(_)))
    }

    pub(crate) fn wait(self) -> Result<Vec<F>, SumcheckError> {
        match self {
            Self::UnderWay(pending) => Ok(pending.wait()?),
            Self::Arrived(values) => Ok(values),
        }
    }
}

/// Values under way.
pub(crate) struct InFlight<P, Q, F> {
    pub(crate) asked: Asked,
    pub(crate) answers: Answers<P, Q, F>,
}

pub(crate) enum Answers<P, Q, F> {
    /// The only shard's: what nearly every round is, without a vector around it.
    Device(Answer<P, F>),
    /// One of each shard.
    Shards(Vec<Answer<P, F>>),
    Host(Answer<Q, F>),
}

impl<F, P: Pending<F>, Q: Pending<F>> Answers<P, Q, F> {
    pub(crate) fn poll(&mut self) -> Result<bool, SumcheckError> {
        match self {
            Self::Device(answer) => answer.poll(),
            Self::Shards(answers) => answers
                .iter_mut()
                .try_fold(true, |all, answer| Ok(answer.poll()? && all)),
            Self::Host(answer) => answer.poll(),
        }
    }

    pub(crate) fn wait(self) -> Result<Values<F>, SumcheckError> {
        Ok(match self {
            Self::Device(answer) => Values::Whole(answer.wait()?),
            Self::Shards(answers) => {
                let values = answers.into_iter().map(Answer::wait);
                Values::Shards(values.collect::<Result<_, _>>()?)
            }
            Self::Host(answer) => Values::Whole(answer.wait()?),
        })
    }
}

/// Values that arrived.
pub(crate) enum Values<F> {
    /// Of whole tables.
    Whole(Vec<F>),
    /// Of each shard's tables.
    Shards(Vec<Vec<F>>),
}

impl<F> Values<F> {
    /// Each answer's.
    pub(crate) fn answers(&self) -> &[Vec<F>] {
        match self {
            Self::Whole(values) => core::slice::from_ref(values),
            Self::Shards(answers) => answers,
        }
    }
}
