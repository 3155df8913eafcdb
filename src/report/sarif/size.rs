//! How large a report is once it is packed: GitHub takes 10 MB of gzip.

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
};

/// Counts the bytes of what is written, packed (gzip's own head and tail of 18 bytes apart).
pub(super) struct Gauge {
    compressor: Box<CompressorOxide>,
    packed: usize,
}

impl Gauge {
    pub(super) fn new() -> Self {
        // Fast: uploads pack better than this, never worse.
        let flags = create_comp_flags_from_zip_params(1, 15, 0);
        Self { compressor: Box::new(CompressorOxide::new(flags)), packed: 0 }
    }

    /// Takes more of the report. Returns how many bytes it is now; up to 100 KB stay uncounted inside.
    pub(super) fn add(&mut self, bytes: &[u8]) -> usize {
        let packed = &mut self.packed;
        let _ = compress_to_output(&mut self.compressor, bytes, TDEFLFlush::None, |out| {
            *packed += out.len();
            true
        });
        self.packed
    }
}
