//! Reads the output of a worker. A broken worker may send anything, in any amount: the buffer never exceeds
//! the length of one answer, and each read is bounded.

use std::io::{self, Read};

use super::end_reason::WorkerEnd;
use super::protocol::{LENGTHS, WorkerAnswer, answer_length, decode};

/// Number of bytes of standard error that are kept.
const STDERR_TAIL_BYTES: usize = 4096;
/// Maximum number of chunks per read of standard error and standard output: a worker that never stops writing
/// must not block its parent.
const MAX_STDERR_CHUNKS: usize = 32;
const MAX_CHUNKS: usize = 64;
/// Maximum capacity of an empty buffer, in bytes; a larger one is freed.
const MAX_SPARE_BYTES: usize = 256 << 10;

/// Buffer for the answer that is being received.
#[derive(Debug, Default)]
pub(super) struct Inbox(Vec<u8>);

impl Inbox {
    /// Reads the available output, up to a limit, and appends the complete answers to `answers`.
    ///
    /// # Errors
    /// If the stream has ended or contains an invalid answer.
    pub(super) fn read_from(
        &mut self,
        from: &mut impl Read,
        answers: &mut Vec<WorkerAnswer>,
    ) -> Result<(), WorkerEnd> {
        let mut chunk = [0; 16 << 10];
        for _ in 0..MAX_CHUNKS {
            match from.read(&mut chunk) {
                Ok(0) => return Err(WorkerEnd::Exited),
                Ok(count) => {
                    self.0.extend_from_slice(&chunk[..count]);
                    self.take_answers(answers).map_err(|_| WorkerEnd::InvalidAnswer)?;
                    if count < chunk.len() {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(_) => return Err(WorkerEnd::Exited),
            }
        }
        Ok(())
    }

    /// Decodes the complete answers. An announced length allocates no memory.
    fn take_answers(&mut self, answers: &mut Vec<WorkerAnswer>) -> io::Result<()> {
        let mut at = 0;
        while let Some(bytes) = self.0.get(at..at + LENGTHS) {
            let mut start = [0; LENGTHS];
            start.copy_from_slice(bytes);
            let broken = || io::Error::new(io::ErrorKind::InvalidData, "invalid message");
            let length = answer_length(start).ok_or_else(broken)?;
            let Some(bytes) = self.0.get(at + LENGTHS..at + LENGTHS + length) else { break };
            answers.push(decode(bytes)?);
            at += LENGTHS + length;
        }
        self.0.drain(..at);
        if self.0.is_empty() && self.0.capacity() > MAX_SPARE_BYTES {
            self.0 = Vec::new();
        }
        Ok(())
    }
}

/// End of a worker's standard error output.
#[derive(Debug, Default)]
pub(super) struct StderrTail(Vec<u8>);

impl StderrTail {
    /// Reads the available output, up to a limit. Returns whether more may follow.
    pub(super) fn read_from(&mut self, from: &mut impl Read) -> bool {
        let mut chunk = [0; STDERR_TAIL_BYTES];
        for _ in 0..MAX_STDERR_CHUNKS {
            match from.read(&mut chunk) {
                Ok(count @ 1..) => {
                    self.0.extend_from_slice(&chunk[..count]);
                    self.0.drain(..self.0.len().saturating_sub(STDERR_TAIL_BYTES));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Ok(_) | Err(_) => return false,
            }
        }
        true
    }

    /// Returns the stored bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::{MAX_ANSWER, encode_answer};
    use super::*;

    /// Repeats the same bytes endlessly.
    struct Endless(Vec<u8>, usize);

    impl Read for Endless {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            for byte in &mut *into {
                *byte = self.0[self.1 % self.0.len()];
                self.1 += 1;
            }
            Ok(into.len())
        }
    }

    /// Returns the start of a frame of this length.
    fn announced(length: usize) -> Vec<u8> {
        let length = u32::try_from(length).expect("small").to_le_bytes();
        [&length[..], &[0; 4]].concat()
    }

    #[test]
    fn an_answer_that_is_too_long_is_refused_before_it_is_read() {
        for length in [MAX_ANSWER + 1, 48 << 20, u32::MAX as usize] {
            let (mut inbox, mut answers) = (Inbox::default(), Vec::new());
            let result = inbox.read_from(&mut announced(length).chain(io::repeat(0)), &mut answers);
            assert_eq!((result, answers.len()), (Err(WorkerEnd::InvalidAnswer), 0), "{length}");
            assert!(inbox.0.capacity() <= MAX_SPARE_BYTES, "{}", inbox.0.capacity());
        }
    }

    #[test]
    fn an_answer_uses_memory_only_as_it_arrives_and_frees_it() {
        let problem = crate::engine::SpecProblem::new(&[], "x".repeat(8 << 20));
        let frame = encode_answer(&WorkerAnswer::Problems(0, vec![problem])).expect("encoded");
        let (mut inbox, mut answers) = (Inbox::default(), Vec::new());
        let mut come = 0;
        for part in [LENGTHS, 1 << 20, frame.len() - LENGTHS - (1 << 20)] {
            assert!(inbox.0.capacity() <= 2 * come + MAX_SPARE_BYTES, "{} of {come}", inbox.0.capacity());
            let mut bytes = &frame[come..come + part];
            while !bytes.is_empty() {
                assert_eq!(inbox.read_from(&mut bytes, &mut answers), Ok(()));
            }
            come += part;
        }
        assert_eq!((come, answers.len()), (frame.len(), 1));
        assert!(inbox.0.capacity() <= MAX_SPARE_BYTES, "{}", inbox.0.capacity());
    }

    #[test]
    fn endless_output_does_not_block_the_parent() {
        let frame = encode_answer(&WorkerAnswer::Compiling(0)).expect("encoded");
        let (mut inbox, mut answers) = (Inbox::default(), Vec::new());
        assert_eq!(inbox.read_from(&mut Endless(frame, 0), &mut answers), Ok(()));
        assert!((10_000..100_000).contains(&answers.len()), "{}", answers.len());

        let mut words = StderrTail(b"before".to_vec());
        assert!(words.read_from(&mut io::repeat(b'x')));
        assert_eq!(words.bytes(), [b'x'; STDERR_TAIL_BYTES]);
        // A closed stream reports that nothing more follows.
        assert!(!words.read_from(&mut io::empty()));
        assert_eq!(words.bytes().len(), STDERR_TAIL_BYTES);
    }
}
