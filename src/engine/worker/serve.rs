//! The worker's side: reads requests from standard input and writes answers to standard output.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use super::protocol::{Request, WorkerAnswer, encode_answer, encoded_length, read_request};
use crate::engine::MAX_RESULT_BYTES;
use crate::engine::budget::process_time;
use crate::engine::file_result::{CannotTell, FileResult, SpecProblem};
use crate::engine::limits::Limits;
use crate::engine::meter::Costs;
use crate::engine::prefilter::Requirement;
use crate::engine::session::{Announce, CheckSession};
use crate::engine::task::CheckFacts;
use crate::model::Reason;

/// Processor time limit for compiling one check, or for listing its problems.
pub(super) const CHECK_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 6 } else { 2 });

/// Maximum processor time of a file in addition to 125 % of its budget.
const GRACE: Duration = Duration::from_millis(50);

/// Returns the processor time after which a file with the budget `time` ends the worker. Code that checks the
/// budget stops earlier and reports the position; this limit is for code that does not check it.
pub(super) fn time_with_grace(time: Duration) -> Duration {
    time + time / 4 + GRACE.min(time)
}

/// Answers requests until the parent closes its end. It limits the resources of the current process, so it
/// must run in a separate process.
///
/// # Errors
/// If the parent is gone or sends an invalid request.
pub fn serve(input: impl Read, output: impl Write) -> io::Result<()> {
    #[cfg(unix)]
    super::limits::apply_limits();
    let mut input = BufReader::with_capacity(64 << 10, input);
    let mut answers = AnswerWriter {
        output,
        pending: Vec::new(),
        broken: None,
        file_time: Duration::ZERO,
        earlier: 0,
        started: None,
        #[cfg(unix)]
        watch: super::time_watch::TimeWatch::start(),
    };
    let mut session: Option<(CheckSession, Limits)> = None;
    let (mut body, mut spent) = (Vec::new(), 0u32);
    loop {
        answers.stop_clock();
        // Send queued answers before waiting for a request: the parent may be waiting for them.
        if input.buffer().is_empty() {
            answers.flush()?;
            if input.fill_buf()?.is_empty() {
                return Ok(());
            }
        }
        let Some(request) = read_request(&mut input, &mut body)? else { return Ok(()) };
        match (request, &mut session) {
            (Request::Begin(task), session) => {
                let limits = task.limits;
                *session = Some((CheckSession::new(Arc::new(task)), limits));
            }
            (Request::Facts(number), Some((session, _))) => {
                let facts = session.facts(number, &mut answers);
                answers.queue_costs(session)?;
                answers.queue_answer(WorkerAnswer::Facts(number, facts))?;
            }
            (Request::Problems(number), Some((session, _))) => {
                let problems = session.problems(number, &mut answers);
                answers.queue_answer(WorkerAnswer::Problems(number, problems))?;
            }
            (Request::File(mut job), Some((session, limits))) => {
                #[cfg(unix)]
                super::limits::allow_memory(job.memory);
                // The parent sent the job before it knew about slow files that this process handled since.
                job.earlier = job.earlier.max(spent);
                (answers.file_time, answers.earlier) =
                    (limits.time_for(body.len(), job.earlier), job.earlier);
                let result = limit_findings(session.assess(&job, &body, &mut answers));
                // Before the file is finished: otherwise the next file would be blamed for its memory.
                #[cfg(any(target_os = "macos", all(test, unix)))]
                super::memory_limit::abort_if_exceeded();
                answers.queue_costs(session)?;
                let is_spent = answers.is_spent() || Limits::is_slow(body.len(), session.parsing());
                spent += u32::from(is_spent);
                answers.queue_answer(WorkerAnswer::Finished(result, is_spent))?;
            }
            (_, None) => return Err(io::Error::new(io::ErrorKind::InvalidData, "no task yet")),
        }
        if let Some(error) = answers.broken.take() {
            return Err(error);
        }
    }
}

/// Removes findings from a result that is too long to be sent, and reports the removal as "cannot tell".
fn limit_findings(mut result: FileResult) -> FileResult {
    let mut size = 0usize;
    let kept = result.found.iter().take_while(|found| {
        size = size.saturating_add(encoded_length(found));
        size <= MAX_RESULT_BYTES
    });
    let kept = kept.count();
    let mut cut: Vec<u32> = result.found.drain(kept..).map(|found| found.check).collect();
    cut.sort_unstable();
    cut.dedup();
    let detail = "too many findings in this file; not all of them are listed";
    result.cannot_tell.extend(cut.into_iter().map(|number| CannotTell {
        check: Some(number),
        reason: Reason::Budget,
        detail: detail.to_owned(),
    }));
    result
}

/// Returns a short replacement for an answer that exceeds the maximum length. Findings were limited before
/// ([`limit_findings`]), so this only happens with extremely large guidelines.
fn shorten_answer(answer: WorkerAnswer) -> WorkerAnswer {
    let problem = || vec![SpecProblem::new(&[], "the list of problems of this check is too long to report")];
    match answer {
        // Every file may match: slower, but the result is the same.
        WorkerAnswer::Facts(number, Some(facts)) => {
            let problems = if facts.problems.is_empty() { vec![] } else { problem() };
            WorkerAnswer::Facts(
                number,
                Some(CheckFacts { requirement: Requirement::Anything, problems, ..facts }),
            )
        }
        WorkerAnswer::Problems(number, _) => WorkerAnswer::Problems(number, problem()),
        WorkerAnswer::Costs(costs) => WorkerAnswer::Costs(Costs { checks: BTreeMap::new(), ..costs }),
        WorkerAnswer::Finished(FileResult { file, .. }, is_spent) => {
            let detail = "the result of this file is too long to report".to_owned();
            let cannot_tell = vec![CannotTell { check: None, reason: Reason::Budget, detail }];
            WorkerAnswer::Finished(FileResult::unknown(file, cannot_tell), is_spent)
        }
        short @ (WorkerAnswer::Compiling(_) | WorkerAnswer::Starting(_) | WorkerAnswer::Facts(_, None)) => {
            short
        }
    }
}

/// Writes answers to the parent. An announcement is sent immediately, together with all queued answers, and
/// starts the clock of the work that follows.
struct AnswerWriter<W> {
    output: W,
    pending: Vec<u8>,
    broken: Option<io::Error>,
    /// Time limit of the next file.
    file_time: Duration,
    /// Number of earlier files that used up their time.
    earlier: u32,
    /// Processor time of this process when the current file was started.
    started: Option<Duration>,
    #[cfg(unix)]
    watch: Arc<super::time_watch::TimeWatch>,
}

impl<W: Write> AnswerWriter<W> {
    fn queue_answer(&mut self, answer: WorkerAnswer) -> io::Result<()> {
        let frame = encode_answer(&answer).or_else(|_| encode_answer(&shorten_answer(answer)))?;
        self.pending.extend(frame);
        Ok(())
    }

    fn queue_costs(&mut self, session: &CheckSession) -> io::Result<()> {
        session.meter().take().map_or(Ok(()), |costs| self.queue_answer(WorkerAnswer::Costs(costs)))
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.pending.is_empty() {
            self.output.write_all(&self.pending)?;
            self.output.flush()?;
            self.pending.clear();
        }
        Ok(())
    }

    /// Lets the process use `time` from now on; its own thread and the kernel end it afterwards.
    fn allow(&self, time: Duration) {
        #[cfg(unix)]
        {
            super::limits::allow_processor_time(time);
            self.watch.arm(time, self.earlier);
        }
        let _ = time;
    }

    fn stop_clock(&mut self) {
        self.started = None;
        #[cfg(unix)]
        self.watch.disarm();
    }

    /// Whether the current file has used up its time.
    fn is_spent(&self) -> bool {
        self.started.is_some_and(|started| process_time().saturating_sub(started) >= self.file_time)
    }

    fn announce(&mut self, answer: WorkerAnswer) {
        if let Err(error) = self.queue_answer(answer).and_then(|()| self.flush()) {
            self.broken.get_or_insert(error);
        }
    }
}

impl<W: Write> Announce for AnswerWriter<W> {
    fn compiling(&mut self, number: u32) {
        self.allow(CHECK_TIME);
        self.announce(WorkerAnswer::Compiling(number));
    }

    fn starting(&mut self, file: u32) {
        self.started = Some(process_time());
        self.allow(time_with_grace(self.file_time));
        self.announce(WorkerAnswer::Starting(file));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::file_result::RawFinding;
    use crate::engine::meter::CheckCost;
    use crate::engine::worker::protocol::MAX_ANSWER;
    use crate::model::{Edit, Fix};
    use crate::text::{Excerpt, Position, Span};

    /// Small findings consist mostly of field names, so the length of their texts does not predict their
    /// size.
    #[test]
    fn findings_are_limited_to_the_maximum_answer() {
        let place = Position { line: u32::MAX, column: u32::MAX, byte: 1 << 39 };
        let edit = Edit::Replace { span: Span::new(0, 70_000), with: String::new() };
        let found = RawFinding {
            check: 70_000,
            message: "m".to_owned(),
            start: place,
            end: place,
            excerpt: Some(Excerpt { first_line: 1, text: String::new(), span: Span::new(0, 0), cut: false }),
            content: "c".to_owned(),
            fix: Some(Fix { title: Some("title".to_owned()), edits: vec![edit.clone(), edit] }),
        };
        let result = FileResult { file: 1, found: vec![found; 150_000], ..FileResult::default() };
        assert!(encode_answer(&WorkerAnswer::Finished(result.clone(), false)).is_err());
        let cut = limit_findings(result);
        assert!(cut.found.len() > 50_000, "{}", cut.found.len());
        assert_eq!(cut.cannot_tell.iter().map(|it| it.check).collect::<Vec<_>>(), [Some(70_000)]);
        assert!(encode_answer(&WorkerAnswer::Finished(cut, false)).is_ok());
    }

    /// An answer about an extremely large guideline does not end the worker, and hides nothing.
    #[test]
    fn an_answer_that_is_too_long_is_replaced_by_a_short_one() {
        let text = || "x".repeat(MAX_ANSWER);
        let problems = || vec![SpecProblem::new(&[], text())];
        let facts = CheckFacts {
            requirement: Requirement::Literal(text().into_bytes()),
            problems: problems(),
            unsure: false,
        };
        let cannot_tell = vec![CannotTell { check: Some(3), reason: Reason::Died, detail: text() }];
        let cost = CheckCost { unfiltered: Some(text()), ..CheckCost::default() };
        let costs = Costs { checks: BTreeMap::from([(3, cost)]), parsed: 9, ..Costs::default() };
        let shortened_text = |answer: WorkerAnswer| {
            assert!(encode_answer(&answer).is_err());
            let short = shorten_answer(answer);
            assert!(encode_answer(&short).is_ok());
            format!("{short:?}")
        };
        let shortened = shortened_text(WorkerAnswer::Facts(3, Some(facts)));
        assert!(shortened.contains("Anything") && shortened.contains("too long to report"), "{shortened}");
        assert!(shortened_text(WorkerAnswer::Problems(3, problems())).contains("too long to report"));
        assert!(shortened_text(WorkerAnswer::Costs(costs)).contains("parsed: 9"));
        let shortened = shortened_text(WorkerAnswer::Finished(FileResult::unknown(8, cannot_tell), true));
        assert!(
            shortened.contains("file: 8") && shortened.contains("check: None") && shortened.contains("true"),
            "{shortened}"
        );
    }
}
