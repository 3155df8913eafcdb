//! Write timeout for clients that read slowly or not at all.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// Number of bytes that earn one second of waiting. Slower clients are disconnected.
const MIN_BYTES_PER_SECOND: u64 = 1_024;

/// Stream with a time budget for blocked writes. Waiting uses the budget up; written bytes restore it.
pub(super) struct WriteTimeoutStream<S> {
    stream: S,
    max_wait: Duration,
    remaining: Duration,
    /// Start of a blocked write, and the timer for its timeout.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl<S> WriteTimeoutStream<S> {
    pub(super) fn new(stream: S, max_wait: Duration) -> Self {
        Self { stream, max_wait, remaining: max_wait, waiting: None }
    }

    /// Updates the budget after a write. Fails with a timeout when it is used up.
    fn record_write(
        &mut self,
        context: &mut Context<'_>,
        polled: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = polled else {
            let remaining = self.remaining;
            let (_, end) = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(remaining))));
            return end.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()));
        };
        if let Some((since, _)) = self.waiting.take() {
            self.remaining = self.remaining.saturating_sub(since.elapsed());
        }
        if let Ok(bytes) = &written {
            let earned =
                u64::try_from(*bytes).unwrap_or(u64::MAX).saturating_mul(1_000) / MIN_BYTES_PER_SECOND;
            self.remaining = (self.remaining + Duration::from_millis(earned)).min(self.max_wait);
        }
        Poll::Ready(written)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteTimeoutStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteTimeoutStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.record_write(context, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.record_write(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn slow_readers_are_served_and_blocked_ones_time_out() {
        let max_wait = Duration::from_millis(200);
        let (end, mut reader) = tokio::io::duplex(1_024);
        let mut writer = WriteTimeoutStream::new(end, max_wait);
        // Slow, but above the minimum rate: it takes longer than the budget and still succeeds.
        let reading = tokio::spawn(async move {
            let mut read = vec![0; 1_024];
            for _ in 0..8 {
                sleep(Duration::from_millis(60)).await;
                reader.read_exact(&mut read).await.expect("read");
            }
            reader
        });
        writer.write_all(&[7; 8 * 1_024]).await.expect("written");
        let reader = reading.await.expect("read");
        let stuck = writer.write_all(&[7; 8 * 1_024]).await.expect_err("the client does not read");
        assert_eq!(stuck.kind(), io::ErrorKind::TimedOut);
        drop(reader);
    }
}
