//! Compressed size of a report. GitHub accepts 10 MB of gzip.

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
};

/// Counts the compressed bytes of a report (without the 18 bytes of gzip header and trailer).
pub(super) struct PackedSize {
    compressor: Box<CompressorOxide>,
    packed: usize,
}

impl PackedSize {
    pub(super) fn new() -> Self {
        // The fastest level: uploads compress at least as well.
        let flags = create_comp_flags_from_zip_params(1, 15, 0);
        Self { compressor: Box::new(CompressorOxide::new(flags)), packed: 0 }
    }

    /// Adds a part of the report and returns the total in bytes; up to 100 KB in the buffer are not counted
    /// yet.
    pub(super) fn add(&mut self, bytes: &[u8]) -> usize {
        let packed = &mut self.packed;
        let _ = compress_to_output(&mut self.compressor, bytes, TDEFLFlush::None, |out| {
            *packed += out.len();
            true
        });
        self.packed
    }
}
