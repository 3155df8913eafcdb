//! The worker's side: takes requests from standard input, answers on standard output.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;

use super::protocol::{Answer, Request, encode, receive};
use crate::engine::MAX_RESULT_BYTES;
use crate::engine::found::{CannotTell, FileResult};
use crate::engine::session::{Announce, Session};
use crate::model::Reason;

/// Answers until the parent closes its end. To be called in a process of its own, which it limits.
///
/// # Errors
/// When the parent is gone or does not speak our language.
pub fn serve(input: impl Read, output: impl Write) -> io::Result<()> {
    #[cfg(unix)]
    super::limits::apply();
    let mut input = BufReader::with_capacity(64 << 10, input);
    let mut voice = Voice { output, pending: Vec::new(), broken: None };
    let mut session: Option<Session> = None;
    let mut body = Vec::new();
    loop {
        // What is said already must not wait for a parent that waits for it.
        if input.buffer().is_empty() {
            voice.flush()?;
            if input.fill_buf()?.is_empty() {
                return Ok(());
            }
        }
        let Some(request) = receive(&mut input, &mut body)? else { return Ok(()) };
        match (request, &mut session) {
            (Request::Begin(task), session) => *session = Some(Session::new(Arc::new(task))),
            (Request::Facts(number), Some(session)) => {
                allow_time();
                let facts = session.facts(number, &mut voice);
                voice.tell_costs(session)?;
                voice.say(&Answer::Facts(number, facts))?;
            }
            (Request::Problems(number), Some(session)) => {
                allow_time();
                let problems = session.problems(number, &mut voice);
                voice.say(&Answer::Problems(number, problems))?;
            }
            (Request::File(job), Some(session)) => {
                allow_time();
                let result = bounded(session.assess(&job, &body, &mut voice));
                voice.tell_costs(session)?;
                voice.say(&Answer::Finished(result))?;
            }
            (_, None) => return Err(io::Error::new(io::ErrorKind::InvalidData, "no task yet")),
        }
        if let Some(error) = voice.broken.take() {
            return Err(error);
        }
    }
}

fn allow_time() {
    #[cfg(unix)]
    super::limits::allow_processor_time();
}

/// A result that is too long to be sent loses findings, and says so.
fn bounded(mut result: FileResult) -> FileResult {
    let mut size = 0usize;
    let kept = result.found.iter().take_while(|found| {
        size += found.weight();
        size <= MAX_RESULT_BYTES
    });
    let kept = kept.count();
    let mut cut: Vec<u32> = result.found.drain(kept..).map(|found| found.check).collect();
    cut.sort_unstable();
    cut.dedup();
    let detail = "more findings in this file than are listed";
    result.cannot_tell.extend(cut.into_iter().map(|number| CannotTell {
        check: Some(number),
        reason: Reason::Budget,
        detail: detail.to_owned(),
    }));
    result
}

/// What the worker says. An announcement leaves at once, and takes along what was said before.
struct Voice<W> {
    output: W,
    pending: Vec<u8>,
    broken: Option<io::Error>,
}

impl<W: Write> Voice<W> {
    fn say(&mut self, answer: &Answer) -> io::Result<()> {
        self.pending.extend(encode(answer, 0)?);
        Ok(())
    }

    fn tell_costs(&mut self, session: &Session) -> io::Result<()> {
        session.meter().take().map_or(Ok(()), |costs| self.say(&Answer::Costs(costs)))
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.pending.is_empty() {
            self.output.write_all(&self.pending)?;
            self.output.flush()?;
            self.pending.clear();
        }
        Ok(())
    }

    fn announce(&mut self, answer: &Answer) {
        if let Err(error) = self.say(answer).and_then(|()| self.flush()) {
            self.broken.get_or_insert(error);
        }
    }
}

impl<W: Write> Announce for Voice<W> {
    fn compiling(&mut self, number: u32) {
        self.announce(&Answer::Compiling(number));
    }

    fn starting(&mut self, file: u32) {
        self.announce(&Answer::Starting(file));
    }
}
