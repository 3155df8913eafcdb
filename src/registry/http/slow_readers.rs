//! A stream that does not wait for ever for who reads what it writes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// Bytes that earn a second of waiting: whoever reads more slowly than this is not waited for.
const RATE: u64 = 1_024;

/// A stream with so much patience. Waiting uses it up, what is read gives it back.
pub(super) struct Patient<S> {
    stream: S,
    most: Duration,
    left: Duration,
    /// Since when a write waits, and its end.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S, most: Duration) -> Self {
        Self { stream, most, left: most, waiting: None }
    }

    /// What came of a write, and whether it may wait on.
    fn judge(
        &mut self,
        context: &mut Context<'_>,
        polled: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = polled else {
            let left = self.left;
            let (_, end) = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
            return end.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()));
        };
        if let Some((since, _)) = self.waiting.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        if let Ok(bytes) = &written {
            let earned = u64::try_from(*bytes).unwrap_or(u64::MAX).saturating_mul(1_000) / RATE;
            self.left = (self.left + Duration::from_millis(earned)).min(self.most);
        }
        Poll::Ready(written)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.judge(context, polled)
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
    async fn who_reads_is_waited_for_and_who_does_not_is_not() {
        let most = Duration::from_millis(200);
        let (end, mut reader) = tokio::io::duplex(1_024);
        let mut writer = Patient::new(end, most);
        // Slow, but at more than the least rate: it takes longer than the patience, and ends well.
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
        let stuck = writer.write_all(&[7; 8 * 1_024]).await.expect_err("nobody reads");
        assert_eq!(stuck.kind(), io::ErrorKind::TimedOut);
        drop(reader);
    }
}
