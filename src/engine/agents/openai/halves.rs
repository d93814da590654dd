use std::borrow::Cow;

/// Letters that lie in two events: some servers count text in UTF-16 and cut between the halves of a letter, which they
/// write as `\ud83e` and `\udd80`. No text can hold one half; so the first waits for the second.
#[derive(Debug, Clone, Default)]
pub(super) struct Halves {
    first: Option<u16>,
}

impl Halves {
    /// The JSON without halves: a second half that fits becomes the whole letter, one that does not U+FFFD.
    pub(super) fn mend<'a>(&mut self, json: &'a str) -> Cow<'a, str> {
        if !json.contains("\\ud") && !json.contains("\\uD") {
            return Cow::Borrowed(json);
        }
        let mut mended = String::with_capacity(json.len());
        let mut rest = json;
        while let Some((before, escape)) = rest.split_once('\\') {
            mended.push_str(before);
            let Some(unit) = unit(escape) else {
                // Of any other escape the first letter decides; a backslash is one of them.
                let length = escape.chars().next().map_or(0, char::len_utf8);
                let (letter, after) = escape.split_at(length);
                mended.push('\\');
                mended.push_str(letter);
                rest = after;
                continue;
            };
            rest = escape.get(5..).unwrap_or_default();
            match unit {
                0xD800..0xDC00 => match rest.strip_prefix('\\').and_then(self::unit) {
                    Some(second @ 0xDC00..0xE000) => {
                        mended.push(letter(unit, second));
                        rest = rest.get(6..).unwrap_or_default();
                    }
                    _ => self.first = Some(unit),
                },
                0xDC00..0xE000 => {
                    let first = self.first.take();
                    mended.push(first.map_or(char::REPLACEMENT_CHARACTER, |first| letter(first, unit)));
                }
                _ => mended.extend(["\\", escape.get(..5).unwrap_or_default()]),
            }
        }
        mended.push_str(rest);
        Cow::Owned(mended)
    }
}

/// The code unit that `u` and four hexadecimal digits stand for; more may follow them.
fn unit(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix('u')?.get(..4)?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

fn letter(first: u16, second: u16) -> char {
    char::decode_utf16([first, second]).next().and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER)
}
