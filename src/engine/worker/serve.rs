//! The worker's side: takes requests from standard input, answers on standard output.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use super::protocol::{Answer, Request, encode, receive};
use crate::engine::MAX_RESULT_BYTES;
use crate::engine::budget::process_time;
use crate::engine::found::{CannotTell, FileResult};
use crate::engine::limits::Limits;
use crate::engine::session::{Announce, Session};
use crate::model::Reason;

/// Processor time for compiling one check, or for everything that is wrong with it.
const CHECK_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 6 } else { 2 });

/// What a file may take beyond its budget and a quarter of it.
const GRACE: Duration = Duration::from_millis(50);

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
                voice.say(&Answer::Facts(number, facts))?;
            }
            (Request::Problems(number), Some((session, _))) => {
                let problems = session.problems(number, &mut voice);
                voice.say(&Answer::Problems(number, problems))?;
            }
            (Request::File(mut job), Some((session, limits))) => {
                #[cfg(unix)]
                super::limits::allow_memory(job.memory);
                // It was asked before the parent knew of those that went before it in this process.
                job.earlier = job.earlier.max(spent);
                (voice.file_time, voice.earlier) = (limits.time_for(body.len(), job.earlier), job.earlier);
                let result = bounded(session.assess(&job, &body, &mut voice));
                voice.tell_costs(session)?;
                let is_spent = voice.is_spent();
                spent += u32::from(is_spent);
                voice.say(&Answer::Finished(result, is_spent))?;
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

    fn announce(&mut self, answer: &Answer) {
        if let Err(error) = self.say(answer).and_then(|()| self.flush()) {
            self.broken.get_or_insert(error);
        }
    }
}

impl<W: Write> Announce for Voice<W> {
    fn compiling(&mut self, number: u32) {
        self.allow(CHECK_TIME);
        self.announce(&Answer::Compiling(number));
    }

    fn starting(&mut self, file: u32) {
        self.started = Some(process_time());
        // The budget is asked first, and names the place; this is for what does not ask it.
        self.allow(self.file_time + self.file_time / 4 + GRACE);
        self.announce(&Answer::Starting(file));
    }
}
