//! The messages between parent and worker: frames with a MessagePack head and a raw body.
//!
//! Both ends are the same program, but parsing may have corrupted the worker. Therefore the parent treats all
//! answers as untrusted: it limits their size, and `pool::receive` validates their contents.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize as SerializeDerive};

use crate::engine::MAX_RESULT_BYTES;
use crate::engine::file_result::{FileResult, SpecProblem};
use crate::engine::meter::Costs;
use crate::engine::task::{CheckFacts, FileJob, Task};

/// Maximum size of the head or body of a request, in bytes: the checks of all guidelines, or a file.
pub(super) const MAX_REQUEST: usize = 48 << 20;
/// Maximum size of an answer, in bytes: the findings of a file and its "cannot tell" entries.
pub(super) const MAX_ANSWER: usize = MAX_RESULT_BYTES + (2 << 20);
/// Number of bytes before the head: the lengths of head and body.
pub(super) const LENGTHS: usize = 8;

/// Message from the parent.
#[derive(Debug, SerializeDerive, Deserialize)]
pub(super) enum Request {
    /// Starts a task; later requests refer to it.
    Begin(Task),
    /// Requests the facts of the check with this number.
    Facts(u32),
    /// Requests a thorough list of problems of the check with this number.
    Problems(u32),
    /// Requests the assessment of a file; the body is its content.
    File(FileJob),
}

/// Message from the worker.
#[derive(Debug, SerializeDerive, Deserialize)]
pub(super) enum WorkerAnswer {
    /// Announces that this check is about to be compiled.
    Compiling(u32),
    /// Facts of a check; `None` if the check is unknown.
    Facts(u32, Option<CheckFacts>),
    /// Problems of a check.
    Problems(u32, Vec<SpecProblem>),
    /// Cost of the work since the last such answer.
    Costs(Costs),
    /// Announces that this file is about to be assessed.
    Starting(u32),
    /// Result of a file, and whether the file used up its time or was slow to parse.
    Finished(FileResult, bool),
}

/// Encodes a request without its body; `body` is the length of the body that follows.
///
/// # Errors
/// If the request cannot be encoded, or if head or body exceed [`MAX_REQUEST`].
#[cfg(any(unix, test))]
pub(super) fn encode_request<T: Serialize>(request: &T, body: usize) -> io::Result<Vec<u8>> {
    if body > MAX_REQUEST {
        return Err(too_long());
    }
    encode(request, body, MAX_REQUEST)
}

/// Encodes an answer.
///
/// # Errors
/// If the answer cannot be encoded or exceeds [`MAX_ANSWER`].
pub(super) fn encode_answer(answer: &WorkerAnswer) -> io::Result<Vec<u8>> {
    encode(answer, 0, MAX_ANSWER)
}

/// Returns the encoded length of a value, in bytes.
pub(super) fn encoded_length<T: Serialize>(value: &T) -> usize {
    let mut counted = BoundedBuffer { bytes: None, length: 0, most: usize::MAX };
    write_value(value, &mut counted).map_or(usize::MAX, |()| counted.length)
}

fn encode<T: Serialize>(message: &T, body: usize, most: usize) -> io::Result<Vec<u8>> {
    let mut out = BoundedBuffer { bytes: Some(vec![0; LENGTHS]), length: 0, most };
    write_value(message, &mut out)?;
    let length = |len: usize| u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = out.bytes.unwrap_or_default();
    bytes[..4].copy_from_slice(&length(out.length));
    bytes[4..LENGTHS].copy_from_slice(&length(body));
    Ok(bytes)
}

fn write_value<T: Serialize>(value: &T, to: &mut BoundedBuffer) -> io::Result<()> {
    // Rules contain values of any shape, so structures are written with their keys.
    value
        .serialize(&mut rmp_serde::Serializer::new(to).with_struct_map())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Writer with a maximum length, so that an oversized message fails before it uses memory.
struct BoundedBuffer {
    /// Written bytes; `None` to only count them.
    bytes: Option<Vec<u8>>,
    length: usize,
    most: usize,
}

impl Write for BoundedBuffer {
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

/// Decodes the announced lengths of head and body.
fn decode_lengths(bytes: [u8; LENGTHS]) -> (usize, usize) {
    let length =
        |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize;
    (length(0), length(4))
}

/// Decodes the announced length of an answer; `None` if it is invalid: longer than [`MAX_ANSWER`], or with a
/// body.
#[cfg(any(unix, test))]
pub(super) fn answer_length(bytes: [u8; LENGTHS]) -> Option<usize> {
    let (head, body) = decode_lengths(bytes);
    (head <= MAX_ANSWER && body == 0).then_some(head)
}

/// Decodes a message from the bytes of its head.
///
/// # Errors
/// If the bytes are not a valid message.
pub(super) fn decode<T: DeserializeOwned>(head: &[u8]) -> io::Result<T> {
    rmp_serde::from_slice(head).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Reads one request and its body; `None` at the end of the stream.
///
/// # Errors
/// If reading fails, or if the request is invalid or too long.
pub(super) fn read_request(from: &mut impl Read, body: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let mut bytes = [0; LENGTHS];
    match from.read_exact(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let (head_length, body_length) = decode_lengths(bytes);
    if head_length > MAX_REQUEST || body_length > MAX_REQUEST {
        return Err(too_long());
    }
    // The parent is trusted, so its lengths are allocated directly.
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
        let job = FileJob { file: 7, class: 0, active: vec![1], path, earlier: 3, memory: 1 << 20 };
        let mut bytes = encode_request(&Request::Begin(task.clone()), 0).expect("encoded");
        bytes.extend(encode_request(&Request::File(job.clone()), 5).expect("encoded"));
        bytes.extend(b"hello");
        let (mut from, mut body) = (&bytes[..], Vec::new());
        let Some(Request::Begin(got)) = read_request(&mut from, &mut body).expect("received") else {
            panic!("a task")
        };
        assert_eq!((got.checks, got.classes, got.limits), (task.checks, task.classes, task.limits));
        let Some(Request::File(got)) = read_request(&mut from, &mut body).expect("received") else {
            panic!("a job")
        };
        assert_eq!((got, &body[..]), (job, &b"hello"[..]));
        assert!(read_request(&mut from, &mut body).expect("the end").is_none());
    }

    #[test]
    fn invalid_messages_are_refused() {
        for bytes in [&[0xff; 16][..], &[1, 0, 0, 0, 0, 0, 0, 0, 0xc1], &[9, 0, 0, 0, 0, 0, 0, 0, 1]] {
            assert!(read_request(&mut &bytes[..], &mut Vec::new()).is_err(), "{bytes:?}");
        }
        assert!(decode::<WorkerAnswer>(&[0xc1]).is_err());
    }

    #[test]
    fn answers_have_a_maximum_length_and_no_body() {
        let announced = |head: usize, body: u8| {
            let [a, b, c, d, ..] = head.to_le_bytes();
            answer_length([a, b, c, d, body, 0, 0, 0])
        };
        assert_eq!(announced(MAX_ANSWER, 0), Some(MAX_ANSWER));
        assert_eq!(announced(MAX_ANSWER + 1, 0), None);
        assert_eq!(announced(5, 1), None);
        // The longest valid answer, and one that is a byte longer.
        let answer = |text: usize| {
            WorkerAnswer::Problems(7, vec![SpecProblem::new(&[], "x".repeat(MAX_ANSWER - 1000 + text))])
        };
        let spare = MAX_ANSWER - encoded_length(&answer(0));
        let longest = encode_answer(&answer(spare)).expect("encoded");
        assert_eq!(longest.len(), LENGTHS + MAX_ANSWER);
        assert!(encode_answer(&answer(spare + 1)).is_err());
    }
}
