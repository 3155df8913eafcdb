//! JSON that can be shown anywhere: beyond what JSON asks for, DEL, C1 controls and invisible characters are written
//! as `\uNNNN`, so that they cannot play with a terminal, and so is a `#` behind another, so that no line holds an
//! order to a build server (see [`super::log`]). Values stay the same.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::report::escape::is_unsafe;

/// Writes `value` in one line, without a line end.
///
/// # Errors
/// What the writer says.
pub fn compact(out: impl io::Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Safe(CompactFormatter)))?;
    Ok(())
}

/// Writes `value` with line ends and indentation.
///
/// # Errors
/// What the writer says.
pub fn pretty(out: impl io::Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Safe(PrettyFormatter::new())))?;
    Ok(())
}

/// Another formatter with safe texts.
struct Safe<F>(F);

/// Passes calls on to the formatter inside.
macro_rules! pass {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {
        $(fn $name<W: ?Sized + io::Write>(&mut self, writer: &mut W $(, $argument: $kind)*) -> io::Result<()> {
            self.0.$name(writer $(, $argument)*)
        })*
    };
}

impl<F: Formatter> Formatter for Safe<F> {
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
        // Nearly every text is plain.
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
