//! Inflates zlib streams from a file in bounded parts. Memory grows with the data, because sizes in headers
//! are not trusted.

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

use super::file::RegularFile;
use super::objects::ObjectFault;

/// Number of input bytes read at a time.
const INPUT: usize = 16 << 10;
/// Minimum growth of an output, in bytes.
const STEP: usize = 64 << 10;

/// A zlib stream.
pub(super) struct Inflater<'f> {
    file: &'f RegularFile,
    offset: u64,
    state: Box<InflateState>,
    input: Vec<u8>,
    start: usize,
    ended: bool,
}

impl<'f> Inflater<'f> {
    /// Creates the stream that begins at `offset` of `file`.
    pub(super) fn new(file: &'f RegularFile, offset: u64) -> Self {
        let state = InflateState::new_boxed(DataFormat::Zlib);
        Self { file, offset, state, input: Vec::new(), start: 0, ended: false }
    }

    /// Inflates into `output` until it is full or the stream ends; returns the number of bytes written.
    pub(super) fn fill(&mut self, output: &mut [u8]) -> Result<usize, ObjectFault> {
        let mut done = 0;
        while done < output.len() && !self.ended {
            if self.start == self.input.len() {
                // Most objects are small, so the first read is small, too.
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
                // Buffered input may produce more output; without any progress, the input is truncated.
                Ok(_) | Err(MZError::Buf) if result.bytes_consumed + result.bytes_written > 0 => {}
                Ok(_) | Err(MZError::Buf) => return Err(ObjectFault::broken("it is truncated")),
                Err(_) => return Err(ObjectFault::broken("invalid zlib data")),
            }
        }
        Ok(done)
    }

    /// Appends exactly `size` bytes to `output`, which grows with the data.
    pub(super) fn append(&mut self, size: usize, output: &mut Vec<u8>) -> Result<(), ObjectFault> {
        let end = output.len() + size;
        while output.len() < end {
            let start = output.len();
            output.resize(end.min(start.max(STEP) * 2), 0);
            let wanted = output.len() - start;
            if self.fill(&mut output[start..])? < wanted {
                return Err(ObjectFault::broken("it is shorter than its header states"));
            }
        }
        Ok(())
    }
}
