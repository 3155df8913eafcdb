//! The worker's side: takes requests from standard input, answers on standard output.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use super::protocol::{Answer, Request, encode_answer, encoded_length, receive};
use crate::engine::MAX_RESULT_BYTES;
use crate::engine::budget::process_time;
use crate::engine::found::{CannotTell, FileResult, SpecProblem};
use crate::engine::limits::Limits;
use crate::engine::meter::Costs;
use crate::engine::prefilter::Requirement;
use crate::engine::session::{Announce, Session};
use crate::engine::task::Facts;
use crate::model::Reason;

/// Processor time for compiling one check, or for everything that is wrong with it.
pub(super) const CHECK_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 6 } else { 2 });

/// What a file may take at most beyond its budget and a quarter of it.
const GRACE: Duration = Duration::from_millis(50);

/// When a file whose budget is `time` ends the worker. The budget is asked first, and names the place; this is
/// for what does not ask it.
pub(super) fn with_grace(time: Duration) -> Duration {
    time + time / 4 + GRACE.min(time)
}

/// Answers until the parent closes its end. To be called in a process of its own, which it limits.
///
/// # Errors
/// When the parent is gone or does not speak our language.
pub fn serve(input: impl Read, output: impl Write) -> io::Result<()> {
    #[cfg(unix)]
    super::limits::apply();
    let mut input = BufReader::with_capacity(64 << 10, input);
    let mut voice = Voice {
        output,
        pending: Vec::new(),
        broken: None,
        file_time: Duration::ZERO,
        earlier: 0,
        started: None,
        #[cfg(unix)]
        watch: super::watch::Watch::start(),
    };
    let mut session: Option<(Session, Limits)> = None;
    let (mut body, mut spent) = (Vec::new(), 0u32);
    loop {
        voice.rest();
        // What is said already must not wait for a parent that waits for it.
        if input.buffer().is_empty() {
            voice.flush()?;
            if input.fill_buf()?.is_empty() {
                return Ok(());
            }
        }
        let Some(request) = receive(&mut input, &mut body)? else { return Ok(()) };
        match (request, &mut session) {
            (Request::Begin(task), session) => {
                let limits = task.limits;
                *session = Some((Session::new(Arc::new(task)), limits));
            }
            (Request::Facts(number), Some((session, _))) => {
                let facts = session.facts(number, &mut voice);
                voice.tell_costs(session)?;
                voice.say(Answer::Facts(number, facts))?;
            }
            (Request::Problems(number), Some((session, _))) => {
                let problems = session.problems(number, &mut voice);
                voice.say(Answer::Problems(number, problems))?;
            }
            (Request::File(mut job), Some((session, limits))) => {
                #[cfg(unix)]
                super::limits::allow_memory(job.memory);
                // It was asked before the parent knew of those that went before it in this process.
                job.earlier = job.earlier.max(spent);
                (voice.file_time, voice.earlier) = (limits.time_for(body.len(), job.earlier), job.earlier);
                let result = bounded(session.assess(&job, &body, &mut voice));
                // Before it is done: the next file is not to blame for what this one took.
                #[cfg(any(target_os = "macos", all(test, unix)))]
                super::memory::look();
                voice.tell_costs(session)?;
                let is_spent = voice.is_spent() || Limits::is_slow(body.len(), session.parsing());
                spent += u32::from(is_spent);
                voice.say(Answer::Finished(result, is_spent))?;
            }
            (_, None) => return Err(io::Error::new(io::ErrorKind::InvalidData, "no task yet")),
        }
        if let Some(error) = voice.broken.take() {
            return Err(error);
        }
    }
}

/// A result that is too long to be sent loses findings, and says so.
fn bounded(mut result: FileResult) -> FileResult {
    let mut size = 0usize;
    let kept = result.found.iter().take_while(|found| {
        size = size.saturating_add(encoded_length(found));
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

/// What is said instead of an answer that no parent takes, because it is too long. Findings are cut before that
/// ([`bounded`]), so what is left is what guidelines beyond all measure lead to.
fn shortened(answer: Answer) -> Answer {
    let problem = || vec![SpecProblem::new(&[], "what is wrong with this check is too long to be told")];
    match answer {
        // Every file may match: slower, and as right.
        Answer::Facts(number, Some(facts)) => {
            let problems = if facts.problems.is_empty() { vec![] } else { problem() };
            Answer::Facts(number, Some(Facts { requirement: Requirement::Anything, problems, ..facts }))
        }
        Answer::Problems(number, _) => Answer::Problems(number, problem()),
        Answer::Costs(costs) => Answer::Costs(Costs { checks: BTreeMap::new(), ..costs }),
        Answer::Finished(FileResult { file, .. }, is_spent) => {
            let detail = "what was found in it is too long to be told".to_owned();
            let cannot_tell = vec![CannotTell { check: None, reason: Reason::Budget, detail }];
            Answer::Finished(FileResult::unknown(file, cannot_tell), is_spent)
        }
        short @ (Answer::Compiling(_) | Answer::Starting(_) | Answer::Facts(_, None)) => short,
    }
}

/// What the worker says. An announcement leaves at once, takes along what was said before, and gives what
/// follows its time.
struct Voice<W> {
    output: W,
    pending: Vec<u8>,
    broken: Option<io::Error>,
    /// What the next file may take, and how many before it used up theirs.
    file_time: Duration,
    earlier: u32,
    /// The processor's clock when the file was begun.
    started: Option<Duration>,
    #[cfg(unix)]
    watch: Arc<super::watch::Watch>,
}

impl<W: Write> Voice<W> {
    fn say(&mut self, answer: Answer) -> io::Result<()> {
        let frame = encode_answer(&answer).or_else(|_| encode_answer(&shortened(answer)))?;
        self.pending.extend(frame);
        Ok(())
    }

    fn tell_costs(&mut self, session: &Session) -> io::Result<()> {
        session.meter().take().map_or(Ok(()), |costs| self.say(Answer::Costs(costs)))
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.pending.is_empty() {
            self.output.write_all(&self.pending)?;
            self.output.flush()?;
            self.pending.clear();
        }
        Ok(())
    }

    /// From here on the process may use `time`, looked at by itself and by the kernel.
    fn allow(&self, time: Duration) {
        #[cfg(unix)]
        {
            super::limits::allow_processor_time(time);
            self.watch.allow(time, self.earlier);
        }
        let _ = time;
    }

    fn rest(&mut self) {
        self.started = None;
        #[cfg(unix)]
        self.watch.rest();
    }

    /// Whether the file that was begun has used up its time.
    fn is_spent(&self) -> bool {
        self.started.is_some_and(|started| process_time().saturating_sub(started) >= self.file_time)
    }

    fn announce(&mut self, answer: Answer) {
        if let Err(error) = self.say(answer).and_then(|()| self.flush()) {
            self.broken.get_or_insert(error);
        }
    }
}

impl<W: Write> Announce for Voice<W> {
    fn compiling(&mut self, number: u32) {
        self.allow(CHECK_TIME);
        self.announce(Answer::Compiling(number));
    }

    fn starting(&mut self, file: u32) {
        self.started = Some(process_time());
        self.allow(with_grace(self.file_time));
        self.announce(Answer::Starting(file));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::found::Found;
    use crate::engine::meter::CheckCost;
    use crate::engine::worker::protocol::MAX_ANSWER;
    use crate::model::{Edit, Fix};
    use crate::text::{Excerpt, Position, Span};

    /// Small findings are mostly names of fields: their texts say little about how long they are.
    #[test]
    fn findings_are_cut_to_what_the_parent_takes() {
        let place = Position { line: u32::MAX, column: u32::MAX, byte: 1 << 39 };
        let edit = Edit::Replace { span: Span::new(0, 70_000), with: String::new() };
        let found = Found {
            check: 70_000,
            message: "m".to_owned(),
            start: place,
            end: place,
            excerpt: Some(Excerpt { first_line: 1, text: String::new(), span: Span::new(0, 0), cut: false }),
            content: "c".to_owned(),
            fix: Some(Fix { title: Some("title".to_owned()), edits: vec![edit.clone(), edit] }),
        };
        let result = FileResult { file: 1, found: vec![found; 150_000], ..FileResult::default() };
        assert!(encode_answer(&Answer::Finished(result.clone(), false)).is_err());
        let cut = bounded(result);
        assert!(cut.found.len() > 50_000, "{}", cut.found.len());
        assert_eq!(cut.cannot_tell.iter().map(|it| it.check).collect::<Vec<_>>(), [Some(70_000)]);
        assert!(encode_answer(&Answer::Finished(cut, false)).is_ok());
    }

    /// An answer about a guideline beyond all measure does not end the worker, and hides nothing.
    #[test]
    fn an_answer_that_is_too_long_is_said_shorter() {
        let text = || "x".repeat(MAX_ANSWER);
        let problems = || vec![SpecProblem::new(&[], text())];
        let facts = Facts {
            requirement: Requirement::Literal(text().into_bytes()),
            problems: problems(),
            unsure: false,
        };
        let cannot_tell = vec![CannotTell { check: Some(3), reason: Reason::Died, detail: text() }];
        let cost = CheckCost { unfiltered: Some(text()), ..CheckCost::default() };
        let costs = Costs { checks: BTreeMap::from([(3, cost)]), parsed: 9, ..Costs::default() };
        let says = |answer: Answer| {
            assert!(encode_answer(&answer).is_err());
            let short = shortened(answer);
            assert!(encode_answer(&short).is_ok());
            format!("{short:?}")
        };
        let said = says(Answer::Facts(3, Some(facts)));
        assert!(said.contains("Anything") && said.contains("too long to be told"), "{said}");
        assert!(says(Answer::Problems(3, problems())).contains("too long to be told"));
        assert!(says(Answer::Costs(costs)).contains("parsed: 9"));
        let said = says(Answer::Finished(FileResult::unknown(8, cannot_tell), true));
        assert!(said.contains("file: 8") && said.contains("check: None") && said.contains("true"), "{said}");
    }
}
