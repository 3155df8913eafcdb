//! Inflating zlib streams out of a file, a bounded piece at a time: what a header promises is never
//! believed, only what comes.

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

use super::file::Regular;
use super::objects::ObjectFault;

/// Bytes of input read at a time.
const INPUT: usize = 16 << 10;
/// Bytes by which an output grows.
const STEP: usize = 64 << 10;

/// A stream that is being inflated.
pub(super) struct Inflater<'f> {
    file: &'f Regular,
    offset: u64,
    state: Box<InflateState>,
    input: Vec<u8>,
    start: usize,
    ended: bool,
}

impl<'f> Inflater<'f> {
    /// The stream that begins at `offset` of `file`.
    pub(super) fn new(file: &'f Regular, offset: u64) -> Self {
        let state = InflateState::new_boxed(DataFormat::Zlib);
        Self { file, offset, state, input: Vec::new(), start: 0, ended: false }
    }

    /// Inflates into `output` until it is full or the stream ends; returns how many bytes came.
    pub(super) fn fill(&mut self, output: &mut [u8]) -> Result<usize, ObjectFault> {
        let mut done = 0;
        while done < output.len() && !self.ended {
            if self.start == self.input.len() {
                // Most objects are small: the first piece is, too.
                let size = if self.input.is_empty() { INPUT / 4 } else { INPUT };
                self.input.resize(size, 0);
                let read =
                    self.file.read_at(self.offset, &mut self.input).map_err(|e| ObjectFault::system(&e))?;
                self.input.truncate(read);
                self.offset += read as u64;
                self.start = 0;
            }
            let result =
                inflate(&mut self.state, &self.input[self.start..], &mut output[done..], MZFlush::None);
            self.start += result.bytes_consumed;
            done += result.bytes_written;
            match result.status {
                Ok(MZStatus::StreamEnd) => self.ended = true,
                // What was read before may hold more output; only without any the input is short.
                Ok(_) | Err(MZError::Buf) if result.bytes_consumed + result.bytes_written > 0 => {}
                Ok(_) | Err(MZError::Buf) => return Err(ObjectFault::broken("it is cut short")),
                Err(_) => return Err(ObjectFault::broken("it does not inflate")),
            }
        }
        Ok(done)
    }

    /// Appends exactly `size` bytes to `output`, which grows as they come.
    pub(super) fn append(&mut self, size: usize, output: &mut Vec<u8>) -> Result<(), ObjectFault> {
        let end = output.len() + size;
        while output.len() < end {
            let start = output.len();
            output.resize(end.min(start.max(STEP) * 2), 0);
            let wanted = output.len() - start;
            if self.fill(&mut output[start..])? < wanted {
                return Err(ObjectFault::broken("it is shorter than its header says"));
            }
        }
        Ok(())
    }
}
