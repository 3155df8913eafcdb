//! The progress bar on standard error: only at a terminal, and only for runs longer than a second.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal::Terminal;
use crate::engine;

/// Time until the bar appears.
const SHOW_AFTER: Duration = Duration::from_secs(1);
/// Number of files between two updates.
const FILES_PER_UPDATE: usize = 64;

/// Counts files, and shows a bar on long runs.
pub(super) struct ProgressDisplay {
    start: Instant,
    is_terminal: bool,
    unicode: bool,
    total: AtomicUsize,
    done: AtomicUsize,
    bar: OnceLock<ProgressBar>,
}

impl ProgressDisplay {
    #[expect(clippy::disallowed_methods, reason = "the progress display measures time")]
    pub(super) fn new(terminal: &Terminal) -> Self {
        Self {
            start: Instant::now(),
            is_terminal: terminal.is_stderr_interactive,
            unicode: terminal.unicode,
            total: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            bar: OnceLock::new(),
        }
    }

    /// Removes the bar, if it is shown.
    pub(super) fn finish(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }

    /// Milliseconds since the start.
    pub(super) fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn make_bar(&self) -> ProgressBar {
        let total = self.total.load(Ordering::Relaxed) as u64;
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} files").ok();
        let chars = if self.unicode { "━━ " } else { "##-" };
        if let Some(style) = style {
            bar.set_style(style.progress_chars(chars));
        }
        bar
    }
}

impl engine::Progress for ProgressDisplay {
    fn start(&self, files: usize) {
        self.total.store(files, Ordering::Relaxed);
    }

    fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if !self.is_terminal || !done.is_multiple_of(FILES_PER_UPDATE) {
            return;
        }
        if self.bar.get().is_some() || self.start.elapsed() > SHOW_AFTER {
            self.bar.get_or_init(|| self.make_bar()).set_position(done as u64);
        }
    }
}
