//! What comes from a worker, as it comes. A broken one may send anything, in any amount and without end: never
//! more is held than an answer can be long, and no reading lasts longer than its bound.

use std::io::{self, Read};

use super::ending::End;
use super::protocol::{Answer, LENGTHS, answer_length, decode};

/// Bytes of last words that are kept.
const LAST_WORDS: usize = 4096;
/// Most that is read at once, in chunks: one that never stops talking must not keep its parent from
/// everything else.
const MOST_COMPLAINTS: usize = 32;
const MOST_CHUNKS: usize = 64;
/// Room for answers that is kept when there are none.
const KEPT: usize = 256 << 10;

/// The answer that has begun to come.
#[derive(Debug, Default)]
pub(super) struct Inbox(Vec<u8>);

impl Inbox {
    /// Reads what there is, up to a bound.
    ///
    /// # Errors
    /// Why nothing more is to be read.
    pub(super) fn read_from(&mut self, from: &mut impl Read, answers: &mut Vec<Answer>) -> Result<(), End> {
        let mut chunk = [0; 16 << 10];
        for _ in 0..MOST_CHUNKS {
            match from.read(&mut chunk) {
                Ok(0) => return Err(End::Itself),
                Ok(count) => {
                    self.0.extend_from_slice(&chunk[..count]);
                    self.take_frames(answers).map_err(|_| End::Distrusted)?;
                    if count < chunk.len() {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(_) => return Err(End::Itself),
            }
        }
        Ok(())
    }

    /// Takes the answers that are complete. What is only announced takes up no memory.
    fn take_frames(&mut self, answers: &mut Vec<Answer>) -> io::Result<()> {
        let mut at = 0;
        while let Some(bytes) = self.0.get(at..at + LENGTHS) {
            let mut start = [0; LENGTHS];
            start.copy_from_slice(bytes);
            let broken = || io::Error::new(io::ErrorKind::InvalidData, "not a message");
            let length = answer_length(start).ok_or_else(broken)?;
            let Some(bytes) = self.0.get(at + LENGTHS..at + LENGTHS + length) else { break };
            answers.push(decode(bytes)?);
            at += LENGTHS + length;
        }
        self.0.drain(..at);
        if self.0.is_empty() && self.0.capacity() > KEPT {
            self.0 = Vec::new();
        }
        Ok(())
    }
}

/// The end of what a worker complained.
#[derive(Debug, Default)]
pub(super) struct LastWords(Vec<u8>);

impl LastWords {
    /// Reads what there is, up to a bound. Returns whether more may come.
    pub(super) fn read_from(&mut self, from: &mut impl Read) -> bool {
        let mut chunk = [0; LAST_WORDS];
        for _ in 0..MOST_COMPLAINTS {
            match from.read(&mut chunk) {
                Ok(count @ 1..) => {
                    self.0.extend_from_slice(&chunk[..count]);
                    self.0.drain(..self.0.len().saturating_sub(LAST_WORDS));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Ok(_) | Err(_) => return false,
            }
        }
        true
    }

    /// What is kept of it.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::{MAX_ANSWER, encode_answer};
    use super::*;

    /// Says the same again and again.
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

    /// The start of a frame.
    fn announced(length: usize) -> Vec<u8> {
        let length = u32::try_from(length).expect("small").to_le_bytes();
        [&length[..], &[0; 4]].concat()
    }

    #[test]
    fn an_answer_that_is_too_long_is_refused_before_it_comes() {
        for length in [MAX_ANSWER + 1, 48 << 20, u32::MAX as usize] {
            let (mut inbox, mut answers) = (Inbox::default(), Vec::new());
            let heard = inbox.read_from(&mut announced(length).chain(io::repeat(0)), &mut answers);
            assert_eq!((heard, answers.len()), (Err(End::Distrusted), 0), "{length}");
            assert!(inbox.0.capacity() <= KEPT, "{}", inbox.0.capacity());
        }
    }

    #[test]
    fn an_announced_answer_takes_up_memory_as_it_comes_and_leaves_none_behind() {
        let problem = crate::engine::SpecProblem::new(&[], "x".repeat(8 << 20));
        let frame = encode_answer(&Answer::Problems(0, vec![problem])).expect("encoded");
        let (mut inbox, mut answers) = (Inbox::default(), Vec::new());
        let mut come = 0;
        for part in [LENGTHS, 1 << 20, frame.len() - LENGTHS - (1 << 20)] {
            assert!(inbox.0.capacity() <= 2 * come + KEPT, "{} of {come}", inbox.0.capacity());
            let mut bytes = &frame[come..come + part];
            while !bytes.is_empty() {
                assert_eq!(inbox.read_from(&mut bytes, &mut answers), Ok(()));
            }
            come += part;
        }
        assert_eq!((come, answers.len()), (frame.len(), 1));
        assert!(inbox.0.capacity() <= KEPT, "{}", inbox.0.capacity());
    }

    #[test]
    fn talk_without_end_does_not_hold_up_the_parent() {
        let frame = encode_answer(&Answer::Compiling(0)).expect("encoded");
        let (mut inbox, mut answers) = (Inbox::default(), Vec::new());
        assert_eq!(inbox.read_from(&mut Endless(frame, 0), &mut answers), Ok(()));
        assert!((10_000..100_000).contains(&answers.len()), "{}", answers.len());

        let mut words = LastWords(b"before".to_vec());
        assert!(words.read_from(&mut io::repeat(b'x')));
        assert_eq!(words.bytes(), [b'x'; LAST_WORDS]);
        // Closed, it is not waited for again.
        assert!(!words.read_from(&mut io::empty()));
        assert_eq!(words.bytes().len(), LAST_WORDS);
    }
}
