//! What parent and worker say to each other: frames of a MessagePack head and a raw body.
//!
//! Both ends are the same program, but a worker may have been broken by what it parsed: whatever comes
//! from it is bounded and decoded as if it were hostile.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize as SerializeDerive};

use crate::engine::MAX_RESULT_BYTES;
use crate::engine::found::{FileResult, SpecProblem};
use crate::engine::meter::Costs;
use crate::engine::task::{Facts, Job, Task};

/// Largest head or body of a request, in bytes: the checks of all guidelines, or a file.
pub(super) const MAX_REQUEST: usize = 48 << 20;
/// Largest answer, in bytes: the findings of a file, and what could not be told about it besides.
pub(super) const MAX_ANSWER: usize = MAX_RESULT_BYTES + (2 << 20);
/// Bytes before the head: two lengths.
pub(super) const LENGTHS: usize = 8;

/// From the parent.
#[derive(Debug, SerializeDerive, Deserialize)]
pub(super) enum Request {
    /// What follows is about this task.
    Begin(Task),
    /// What is known about a check?
    Facts(u32),
    /// What is wrong with a check, looked at with all care?
    Problems(u32),
    /// Assess a file; the body is its content.
    File(Job),
}

/// From the worker.
#[derive(Debug, SerializeDerive, Deserialize)]
pub(super) enum Answer {
    /// This check is being compiled now.
    Compiling(u32),
    /// What is known about a check.
    Facts(u32, Option<Facts>),
    /// What is wrong with a check.
    Problems(u32, Vec<SpecProblem>),
    /// What the work since the last such answer cost.
    Costs(Costs),
    /// This file is being looked into now.
    Starting(u32),
    /// What was found in a file, and whether that used up its time or was slow to parse.
    Finished(FileResult, bool),
}

/// The bytes of a request without its body, ready to send; `body` is the length of what follows.
///
/// # Errors
/// When it cannot be encoded or a part is over [`MAX_REQUEST`].
#[cfg(any(unix, test))]
pub(super) fn encode_request<T: Serialize>(request: &T, body: usize) -> io::Result<Vec<u8>> {
    if body > MAX_REQUEST {
        return Err(too_long());
    }
    encode(request, body, MAX_REQUEST)
}

/// The bytes of an answer, ready to send.
///
/// # Errors
/// When it cannot be encoded or is over [`MAX_ANSWER`].
pub(super) fn encode_answer(answer: &Answer) -> io::Result<Vec<u8>> {
    encode(answer, 0, MAX_ANSWER)
}

/// How many bytes a value takes in a message.
pub(super) fn encoded_length<T: Serialize>(value: &T) -> usize {
    let mut counted = Bounded { bytes: None, length: 0, most: usize::MAX };
    write(value, &mut counted).map_or(usize::MAX, |()| counted.length)
}

fn encode<T: Serialize>(message: &T, body: usize, most: usize) -> io::Result<Vec<u8>> {
    let mut out = Bounded { bytes: Some(vec![0; LENGTHS]), length: 0, most };
    write(message, &mut out)?;
    let length = |len: usize| u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = out.bytes.unwrap_or_default();
    bytes[..4].copy_from_slice(&length(out.length));
    bytes[4..LENGTHS].copy_from_slice(&length(body));
    Ok(bytes)
}

fn write<T: Serialize>(value: &T, to: &mut Bounded) -> io::Result<()> {
    // Rules hold values of any shape: structures are written with their keys.
    value
        .serialize(&mut rmp_serde::Serializer::new(to).with_struct_map())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Takes so many bytes and no more, so that what is too long does not take up memory first.
struct Bounded {
    /// Where they go; `None`: they are only counted.
    bytes: Option<Vec<u8>>,
    length: usize,
    most: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.length = self.length.saturating_add(bytes.len());
        if self.length > self.most {
            return Err(too_long());
        }
        if let Some(kept) = &mut self.bytes {
            kept.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the message is too long")
}

/// The lengths of head and body, as they are announced.
fn lengths(bytes: [u8; LENGTHS]) -> (usize, usize) {
    let length =
        |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize;
    (length(0), length(4))
}

/// The length of an answer, as it is announced; `None` when no answer is like that: longer than
/// [`MAX_ANSWER`], or with a body.
#[cfg(any(unix, test))]
pub(super) fn answer_length(bytes: [u8; LENGTHS]) -> Option<usize> {
    let (head, body) = lengths(bytes);
    (head <= MAX_ANSWER && body == 0).then_some(head)
}

/// A message from the bytes of its head.
///
/// # Errors
/// When it is none.
pub(super) fn decode<T: DeserializeOwned>(head: &[u8]) -> io::Result<T> {
    rmp_serde::from_slice(head).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Reads one request and its body; `None` at the end of the stream.
///
/// # Errors
/// When the stream breaks or holds something else.
pub(super) fn receive(from: &mut impl Read, body: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let mut bytes = [0; LENGTHS];
    match from.read_exact(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let (head_length, body_length) = lengths(bytes);
    if head_length > MAX_REQUEST || body_length > MAX_REQUEST {
        return Err(too_long());
    }
    // The parent is believed: each of them is as long as it says.
    let mut head = vec![0; head_length];
    from.read_exact(&mut head)?;
    body.clear();
    body.resize(body_length, 0);
    from.read_exact(body)?;
    decode(&head).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::limits::Limits;
    use crate::engine::task::ClassSpec;
    use crate::model::{Check, CheckKind, CodeCheck, DataCheck, DataSchema, Language, RepoPath};

    fn checks() -> Vec<(u32, Check)> {
        let rule = serde_json::json!({"rule": {"any": [{"pattern": "f($A)"}, {"kind": "x", "nthChild": 2}]}, "z": 1, "a": 1.5});
        let code = CodeCheck {
            language: Language::Python,
            rule: rule.as_object().cloned(),
            query: None,
            files: vec!["*.py".to_owned()],
            ignores: vec![],
        };
        let schema =
            serde_json::json!({"type": "object", "maximum": 9_007_199_254_740_993_u64, "enum": [null, -1]});
        let data = DataCheck {
            files: vec!["*.json".to_owned()],
            except: vec![],
            format: None,
            select: Some("$.a".to_owned()),
            assert: schema.as_object().cloned().map(DataSchema::Object),
            assert_file: None,
            require: false,
        };
        [CheckKind::Code(code), CheckKind::Data(data)]
            .into_iter()
            .zip(0..)
            .map(|(kind, number)| (number, Check { id: "c".into(), kind, message: None, fix: None }))
            .collect()
    }

    #[test]
    fn a_task_arrives_as_it_was_sent() {
        let classes = vec![ClassSpec { numbers: vec![0, 1], language: Some(Language::Python) }];
        let task =
            Task { limits: Limits::default(), checks: checks(), classes, filter: true, timings: false };
        let path = RepoPath::new(b"a\xff.py".to_vec());
        let job = Job { file: 7, class: 0, active: vec![1], path, earlier: 3, memory: 1 << 20 };
        let mut bytes = encode_request(&Request::Begin(task.clone()), 0).expect("encoded");
        bytes.extend(encode_request(&Request::File(job.clone()), 5).expect("encoded"));
        bytes.extend(b"hello");
        let (mut from, mut body) = (&bytes[..], Vec::new());
        let Some(Request::Begin(got)) = receive(&mut from, &mut body).expect("received") else {
            panic!("a task")
        };
        assert_eq!((got.checks, got.classes, got.limits), (task.checks, task.classes, task.limits));
        let Some(Request::File(got)) = receive(&mut from, &mut body).expect("received") else {
            panic!("a job")
        };
        assert_eq!((got, &body[..]), (job, &b"hello"[..]));
        assert!(receive(&mut from, &mut body).expect("the end").is_none());
    }

    #[test]
    fn nonsense_is_refused() {
        for bytes in [&[0xff; 16][..], &[1, 0, 0, 0, 0, 0, 0, 0, 0xc1], &[9, 0, 0, 0, 0, 0, 0, 0, 1]] {
            assert!(receive(&mut &bytes[..], &mut Vec::new()).is_err(), "{bytes:?}");
        }
        assert!(decode::<Answer>(&[0xc1]).is_err());
    }

    #[test]
    fn an_answer_is_as_long_as_an_honest_one_can_be_and_has_no_body() {
        let announced = |head: usize, body: u8| {
            let [a, b, c, d, ..] = head.to_le_bytes();
            answer_length([a, b, c, d, body, 0, 0, 0])
        };
        assert_eq!(announced(MAX_ANSWER, 0), Some(MAX_ANSWER));
        assert_eq!(announced(MAX_ANSWER + 1, 0), None);
        assert_eq!(announced(5, 1), None);
        // As long as the parent lets it be, and not a byte longer.
        let answer = |text: usize| {
            Answer::Problems(7, vec![SpecProblem::new(&[], "x".repeat(MAX_ANSWER - 1000 + text))])
        };
        let spare = MAX_ANSWER - encoded_length(&answer(0));
        let longest = encode_answer(&answer(spare)).expect("encoded");
        assert_eq!(longest.len(), LENGTHS + MAX_ANSWER);
        assert!(encode_answer(&answer(spare + 1)).is_err());
    }
}
