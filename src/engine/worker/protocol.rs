//! What parent and worker say to each other: frames of a MessagePack head and a raw body.
//!
//! Both ends are the same program, but a worker may have been broken by what it parsed: whatever comes
//! from it is bounded and decoded as if it were hostile.

use std::io::{self, Read};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize as SerializeDerive};

use crate::engine::found::{FileResult, SpecProblem};
use crate::engine::meter::Costs;
use crate::engine::task::{Facts, Job, Task};

/// Largest head or body of a frame, in bytes.
pub(super) const MAX_PART: usize = 48 << 20;
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
    /// What was found in a file, and whether that used up its time.
    Finished(FileResult, bool),
}

/// The bytes of a message without its body, ready to send; `body` is the length of what follows.
///
/// # Errors
/// When it cannot be encoded or is over [`MAX_PART`].
pub(super) fn encode<T: Serialize>(message: &T, body: usize) -> io::Result<Vec<u8>> {
    let mut out = vec![0; LENGTHS];
    // Rules hold values of any shape: structures are written with their keys.
    message
        .serialize(&mut rmp_serde::Serializer::new(&mut out).with_struct_map())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let head = out.len() - LENGTHS;
    if head > MAX_PART || body > MAX_PART {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the message is too long"));
    }
    let length = |len: usize| u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes();
    out[..4].copy_from_slice(&length(head));
    out[4..LENGTHS].copy_from_slice(&length(body));
    Ok(out)
}

/// The lengths of head and body; `None` when they are over [`MAX_PART`].
pub(super) fn lengths(bytes: [u8; LENGTHS]) -> Option<(usize, usize)> {
    let length =
        |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize;
    let (head, body) = (length(0), length(4));
    (head <= MAX_PART && body <= MAX_PART).then_some((head, body))
}

/// A message from the bytes of its head.
///
/// # Errors
/// When it is none.
pub(super) fn decode<T: DeserializeOwned>(head: &[u8]) -> io::Result<T> {
    rmp_serde::from_slice(head).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Reads one message and its body; `None` at the end of the stream.
///
/// # Errors
/// When the stream breaks or holds something else.
pub(super) fn receive<T: DeserializeOwned>(
    from: &mut impl Read,
    body: &mut Vec<u8>,
) -> io::Result<Option<T>> {
    let mut bytes = [0; LENGTHS];
    match from.read_exact(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let (head_length, body_length) = lengths(bytes)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the message is too long"))?;
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
        let mut bytes = encode(&Request::Begin(task.clone()), 0).expect("encoded");
        bytes.extend(encode(&Request::File(job.clone()), 5).expect("encoded"));
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
        assert!(receive::<Request>(&mut from, &mut body).expect("the end").is_none());
    }

    #[test]
    fn nonsense_is_refused_and_costs_no_memory() {
        for bytes in [&[0xff; 16][..], &[1, 0, 0, 0, 0, 0, 0, 0, 0xc1], &[9, 0, 0, 0, 0, 0, 0, 0, 1]] {
            assert!(receive::<Answer>(&mut &bytes[..], &mut Vec::new()).is_err(), "{bytes:?}");
        }
    }
}
