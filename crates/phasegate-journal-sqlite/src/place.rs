//! The file and where it lies: refuses network file systems, keeps others from reading it, and makes its
//! name as durable as its content.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use phasegate_journal::{StorageError, StorageKind};

/// File systems that keep their files on another machine. SQLite's locks and shared memory do not hold
/// there, and two machines would write over each other.
const NETWORK: [&str; 14] = [
    "9p",
    "afs",
    "ceph",
    "cifs",
    "coda",
    "fuse.ceph",
    "fuse.glusterfs",
    "fuse.s3fs",
    "fuse.sshfs",
    "gfs2",
    "lustre",
    "nfs",
    "nfs4",
    "smb3",
];

fn io_error(act: &str, path: &Path, error: &io::Error) -> StorageError {
    let why = format!("{act} {}: {error}", path.display());
    StorageError::new(StorageKind::Io, why)
}

/// The path with its folder resolved, so that only the file's own name is left to check.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf, StorageError> {
    let name = path.file_name().ok_or_else(|| {
        StorageError::new(StorageKind::Io, format!("{} names no file", path.display()))
    })?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    let folder = folder
        .canonicalize()
        .map_err(|e| io_error("resolve", folder, &e))?;
    if let Ok(mounts) = std::fs::read_to_string("/proc/self/mountinfo")
        && let Some(kind) = file_system(&mounts, &folder)
        && NETWORK.contains(&kind)
    {
        let why = format!(
            "{} lies on a network file system ({kind})",
            folder.display()
        );
        return Err(StorageError::new(StorageKind::Unsupported, why));
    }
    Ok(folder.join(name))
}

/// The kind of file system that a path lies on, out of Linux' list of mounts.
fn file_system<'a>(mounts: &'a str, path: &Path) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        // 36 35 98:0 /root /mount/point options tags... - kind source options
        let Some((before, after)) = line.split_once(" - ") else {
            continue;
        };
        let (Some(point), Some(kind)) = (before.split(' ').nth(4), after.split(' ').next()) else {
            continue;
        };
        let point = unescape(point);
        // Of several mounts on one point the last one is on top.
        if path.starts_with(&point) && best.is_none_or(|(len, _)| point.len() >= len) {
            best = Some((point.len(), kind));
        }
    }
    best.map(|(_, kind)| kind)
}

/// Blanks, tabs, line ends and backslashes stand as octal numbers in the list of mounts.
fn unescape(point: &str) -> String {
    [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ]
    .into_iter()
    .fold(point.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Makes the file, readable by its owner alone, if it is not there: `make` fills a file of another name, which
/// then takes this one at once, unless somebody else was faster. A process that is killed meanwhile leaves that
/// other file behind (`.phasegate-….new`); it may be removed.
pub(crate) fn create(
    path: &Path,
    make: impl FnOnce(&Path) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    // A link that leads nowhere is there as well; opening it says what is wrong with it.
    if std::fs::symlink_metadata(path).is_ok() {
        return Ok(());
    }
    let failed = |e: &io::Error| io_error("create", path, e);
    let folder = path.parent().unwrap_or(Path::new("."));
    let new = tempfile::Builder::new()
        .prefix(".phasegate-")
        .suffix(".new")
        .tempfile_in(folder)
        .map_err(|e| failed(&e))?;
    // Closed first: closing any handle of a file gives up the locks that SQLite has on it.
    let new = new.into_temp_path();
    make(&new)?;
    match new.persist_noclobber(path) {
        Ok(()) => sync_folder(path).map_err(|e| failed(&e)),
        Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(failed(&e.error)),
    }
}

/// Makes the names in a file's folder durable. Only Unix can, and only there is it needed.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_and_latest_mount_tells_the_file_system() {
        let mounts = "\
21 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw
22 21 0:30 / /srv/share rw - nfs4 server:/x rw
23 21 0:31 / /srv/share/local rw master:1 shared:2 - xfs /dev/sdb rw
24 21 0:32 / /mnt/with\\040blank rw - fuse.sshfs host: rw
25 21 0:33 / /twice rw - ext4 /dev/sdc rw
26 25 0:34 / /twice rw - cifs //host/x rw
broken line
";
        for (path, kind) in [
            ("/var/lib", "ext4"),
            ("/srv/share", "nfs4"),
            ("/srv/shared", "ext4"),
            ("/srv/share/a/b", "nfs4"),
            ("/srv/share/local/a", "xfs"),
            ("/mnt/with blank/a", "fuse.sshfs"),
            ("/twice/a", "cifs"),
        ] {
            assert_eq!(file_system(mounts, Path::new(path)), Some(kind), "{path}");
        }
        assert_eq!(file_system("", Path::new("/")), None);
    }
}
