//! The file's text, and how it is replaced: all of it or nothing, and back again. Shares are whole hundredths
//! of a percent, which is what `split_clients` can say.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use phasegate_core::Ratio;

use crate::Route;

/// The smallest difference between two shares, in parts per million.
const STEP: u32 = 100;

/// The share that a wanted one becomes; `None` if it would become nothing or all although it is neither.
pub(crate) fn rounded(wanted: Ratio) -> Option<Ratio> {
    let steps = (wanted.ppm() + STEP / 2) / STEP;
    let rounded = Ratio::from_ppm(steps * STEP).ok()?;
    let edge = rounded == Ratio::ZERO || rounded == Ratio::ONE;
    (!edge || rounded == wanted).then_some(rounded)
}

/// The file of a route at a share that [`rounded`] has given.
pub(crate) fn text(route: &Route, share: Ratio) -> String {
    let Route {
        key,
        variable,
        canary,
        stable,
        ..
    } = route;
    let split = if share == Ratio::ZERO {
        format!("* {stable};")
    } else if share == Ratio::ONE {
        format!("* {canary};")
    } else {
        let hundredths = share.ppm() / STEP;
        let (whole, part) = (hundredths / 100, hundredths % 100);
        format!("{whole}.{part:02}% {canary}; * {stable};")
    };
    format!(
        "# Written by phasegate, replaced with each change.\n\
         split_clients \"{key}\" ${variable} {{ {split} }}\n\
         map \"\" ${variable}_share {{ default \"{share}\"; }}\n"
    )
}

/// Replaces a file: written beside it, made durable, renamed.
pub(crate) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // A name that an include of `*.conf` does not find.
    name.push(".phasegate-new");
    let new = path.with_file_name(name);
    let mut file = File::create(&new)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// What stands in a file; nothing where there is none.
pub(crate) fn content(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts a file back as it was.
pub(crate) fn restore(path: &Path, before: Option<&[u8]>) -> io::Result<()> {
    match before {
        Some(text) => replace(path, text),
        None => fs::remove_file(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_written_in_hundredths_of_a_percent() {
        let route = Route::new("/f", "up", "v2", "v1");
        for (wanted, split) in [
            ("0%", "{ * v1; }"),
            ("100%", "{ * v2; }"),
            ("5%", "{ 5.00% v2; * v1; }"),
            ("33.3333%", "{ 33.33% v2; * v1; }"),
            ("0.01%", "{ 0.01% v2; * v1; }"),
            ("99.99%", "{ 99.99% v2; * v1; }"),
        ] {
            let share = rounded(wanted.parse().expect("a ratio")).expect("possible");
            let text = text(&route, share);
            assert!(text.contains(split), "{wanted}: {text}");
            assert!(text.contains(&format!("default \"{share}\"")), "{text}");
        }
        for wanted in ["0.0049%", "99.996%"] {
            assert_eq!(rounded(wanted.parse().expect("a ratio")), None, "{wanted}");
        }
    }
}
