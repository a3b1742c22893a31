//! Stretches of rows of one shape: as many gates of each kind in each of them.
//!
//! Circuits have them by the hundred, as a bus is as wide as a word. Their gates stand one after another
//! in the lists, so that a kernel over a stretch asks neither where a row's gates are nor how many.

use core::ops::Range;

use prover_core::{BackendError, Field, LayerWiring, host};

/// Gates of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) muls: u32,
    pub(crate) adds: u32,
    pub(crate) consts: u32,
    pub(crate) publics: u32,
}

/// A layer's rows by `z` in stretches.
#[derive(Debug)]
pub(crate) struct Shapes {
    /// Where each stretch ends, ascending, and the shape of its rows.
    stretches: Vec<(u32, Shape)>,
}

impl Shapes {
    /// # Errors
    /// If there is too little memory.
    pub(crate) fn new<B: Field>(wiring: &LayerWiring<B>) -> Result<Self, BackendError> {
        let mut list = host::with_capacity(stretches(wiring).count())?;
        list.extend(stretches(wiring));
        Ok(Self { stretches: list })
    }

    /// The stretches within a range of rows: how many rows each has there, and their shape.
    pub(crate) fn over(&self, range: Range<usize>) -> impl Iterator<Item = (usize, Shape)> + '_ {
        let first = (self.stretches).partition_point(|&(end, _)| end as usize <= range.start);
        let mut start = range.start;
        self.stretches[first..]
            .iter()
            .map_while(move |&(end, shape)| {
                let end = range.end.min(end as usize);
                let len = end.checked_sub(start).filter(|&len| len > 0)?;
                start = end;
                Some((len, shape))
            })
    }
}

/// The stretches of a layer, found by looking at every row.
fn stretches<B: Field>(wiring: &LayerWiring<B>) -> impl Iterator<Item = (u32, Shape)> + '_ {
    let rows = 1u32 << wiring.output_vars;
    let mut publics = &wiring.publics[..];
    let mut shapes = (0..rows)
        .map(move |z| {
            let here = publics.iter().take_while(|&&(row, _)| row == z).count();
            publics = &publics[here..];
            let z = z as usize;
            Shape {
                muls: wiring.mul_by_z.row(z).len() as u32,
                adds: wiring.add_by_z.row(z).len() as u32,
                consts: wiring.const_by_z.row(z).len() as u32,
                publics: here as u32,
            }
        })
        .peekable();
    let mut end = 0;
    core::iter::from_fn(move || {
        let shape = shapes.next()?;
        end += 1;
        while shapes.next_if_eq(&shape).is_some() {
            end += 1;
        }
        Some((end, shape))
    })
}

#[cfg(test)]
mod tests {
    use super::{Shape, Shapes};

    fn shape(muls: u32) -> Shape {
        Shape {
            muls,
            adds: 0,
            consts: 1,
            publics: 0,
        }
    }

    #[test]
    fn a_range_has_the_parts_of_stretches_that_lie_in_it() {
        let stretches = vec![(3, shape(0)), (4, shape(1)), (10, shape(2))];
        let shapes = Shapes { stretches };
        for start in 0..10 {
            for end in start..=10 {
                let rows: Vec<_> = shapes
                    .over(start..end)
                    .flat_map(|(len, shape)| core::iter::repeat_n(shape.muls, len))
                    .collect();
                let all = [0, 0, 0, 1, 2, 2, 2, 2, 2, 2];
                assert_eq!(rows, all[start..end]);
                assert!(shapes.over(start..end).all(|(len, _)| len > 0));
            }
        }
    }
}
