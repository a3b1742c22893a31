//! One module for each command.

pub(crate) mod check;
pub(crate) mod convert;
pub(crate) mod demo;
pub(crate) mod gallery;
pub(crate) mod inspect;
pub(crate) mod prove;
pub(crate) mod verify;
