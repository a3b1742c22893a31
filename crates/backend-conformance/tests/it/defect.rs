//! What can be wrong with a backend.

macro_rules! defects {
    ($($defect:ident),+ $(,)?) => {
        /// What is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Defect {
            $($defect),+
        }

        impl Defect {
            /// Everything that can be.
            pub(crate) const ALL: &[Self] = &[$(Self::$defect),+];
        }
    };
}

defects! {
    FoldOffByOne,
    FoldForgetsLaterChallenges,
    FoldLiftsBaseWrongly,
    FoldWritesSharedTables,
    SumsDropTheLastRow,
    SumsCountLowerTermsAtInfinity,
    SumsWeighByThePrefix,
    SumsReturnTheImpliedPoint,
    WindowTransposed,
    FusedSumsAreStale,
    FusedTablesAreStale,
    SubmissionMixesChallenges,
    SubmissionSwapsResults,
    EqForgetsScale,
    EqForgetsLaterTerms,
    BindTakesTheFirstVariables,
    PollForgetsValues,
    EvaluateSwapsInstances,
    EvaluateAlwaysLifts,
    EvaluateForgetsPublics,
    WeightsForgetAsserts,
    PhaseOneSwapsInstances,
    PhaseOneForgetsConstants,
    PhaseTwoForgetsAdds,
    PhaseTwoAlwaysHasATable,
    SlotsSwapped,
    SlotsCutTo8Bits,
    SlotsCutTo16Bits,
    MisfitAnswered,
    EvaluateTakesShortCoefs,
    PhaseOneTakesShortCoefs,
    PhaseTwoTakesShortCoefs,
    LimitIgnored,
    OutOfMemoryPanics,
}
