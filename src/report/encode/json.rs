//! JSON that is safe in terminals and logs. Parsed values are unchanged.
//!
//! Beyond the requirements of JSON, DEL, C1 controls and invisible characters are written as `\uNNNN` to
//! protect terminals. A `#` after another `#` is written in the same way, because `##` can begin a command
//! for a build server (see [`super::log`]).

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::report::escape::is_unsafe;

/// Writes `value` on one line, without a line end.
///
/// # Errors
/// If `out` cannot be written to.
pub fn compact(out: impl io::Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, SafeFormatter(CompactFormatter)))?;
    Ok(())
}

/// Writes `value` with line ends and indentation.
///
/// # Errors
/// If `out` cannot be written to.
pub fn pretty(out: impl io::Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, SafeFormatter(PrettyFormatter::new())))?;
    Ok(())
}

/// Wraps a formatter and escapes its strings.
struct SafeFormatter<F>(F);

/// Forwards calls to the inner formatter.
macro_rules! pass {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {
        $(fn $name<W: ?Sized + io::Write>(&mut self, writer: &mut W $(, $argument: $kind)*) -> io::Result<()> {
            self.0.$name(writer $(, $argument)*)
        })*
    };
}

impl<F: Formatter> Formatter for SafeFormatter<F> {
    pass! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let bytes = fragment.as_bytes();
        // Fast path: most strings need no escaping.
        if fragment.is_ascii() && memchr::memchr2(0x7f, b'#', bytes).is_none() {
            return writer.write_all(bytes);
        }
        let (mut plain, mut before) = (0, ' ');
        for (at, character) in fragment.char_indices() {
            if is_unsafe(character) || character == '#' && before == '#' {
                writer.write_all(&bytes[plain..at])?;
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
                plain = at + character.len_utf8();
            }
            before = character;
        }
        writer.write_all(&bytes[plain..])
    }
}
