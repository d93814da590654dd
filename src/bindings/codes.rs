//! Numbers that cross to JavaScript, each named once: in the `wire.rs` of its binary. The `wire.ts` of the facade's room is
//! written from it: `cargo test` fails while the two differ, and `WRITE_WIRE=1 cargo test wire` writes it anew.

/// Numbers under one name, as constants and as a list of all.
macro_rules! codes {
    ($($(#[$doc:meta])* $module:ident: $type:ty { $($name:ident = $value:expr),+ $(,)? })+) => {
        $(
            $(#[$doc])*
            #[allow(dead_code, reason = "some are read by JavaScript alone")]
            pub(crate) mod $module {
                #[allow(unused_imports, reason = "not every one names the engine")]
                use super::*;
                $(pub(crate) const $name: $type = $value;)+
                #[cfg(test)]
                pub(crate) const ALL: &[(&str, $type)] = &[$((stringify!($name), $name)),+];
            }
        )+
    };
}
pub(crate) use codes;

#[cfg(test)]
pub(crate) mod writing {
    use std::fmt::{Display, Write};
    use std::{env, fs, path::Path};

    pub(crate) fn camel_case(name: &str) -> String {
        let mut upper = false;
        let letter = |letter: char| match (letter, std::mem::replace(&mut upper, letter == '_')) {
            ('_', _) => None,
            (_, true) => Some(letter),
            (_, false) => Some(letter.to_ascii_lowercase()),
        };
        name.chars().filter_map(letter).collect()
    }

    pub(crate) fn constant(text: &mut String, doc: &str, name: &str, all: &[(&str, impl Display)]) {
        writeln!(text, "\n/** {doc} */\nexport const {name} = {{").unwrap();
        for (name, value) in all {
            writeln!(text, "  {}: {value},", camel_case(name)).unwrap();
        }
        text.push_str("} as const;\n");
    }

    pub(crate) fn number(text: &mut String, doc: &str, name: &str, value: impl Display) {
        write!(text, "\n/** {doc} */\nexport const {name} = {value};\n").unwrap();
    }

    /// The first line of what is written.
    pub(crate) fn title(source: &str) -> String {
        format!("// Written by `WRITE_WIRE=1 cargo test wire` from {source}, where the numbers are named.\n")
    }

    /// What is written in `path` is this text.
    pub(crate) fn check(path: &str, text: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        if env::var_os("WRITE_WIRE").is_some() {
            fs::write(&path, text).unwrap();
        }
        assert!(fs::read_to_string(path).unwrap() == text, "write it anew: WRITE_WIRE=1 cargo test wire");
    }
}
