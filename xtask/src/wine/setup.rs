//! Wine in the cache: Debian's packages unpacked, and a folder made with what Wine takes for a disk
//! with Windows.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::sessions::Session;
use crate::command::Run;
use crate::debian::{Archive, link_folders};
use crate::paths;

/// Wine 8, that of the release before, ends threads in ways that std does not expect.
const RELEASE: &str = "trixie";

/// Wine, and of what it is linked with that which is asked for without a screen.
const PACKAGES: [&str; 7] =
    ["wine64", "libwine", "libz-mingw-w64", "libc6", "libgcc-s1", "libunwind8", "liblzma5"];

const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu/wine";

/// What a library for Windows bears, 64 bytes after its begin, that Wine may load as its own. It is
/// of 32 bytes, with zeros.
const MARK: &[u8] = b"Wine builtin DLL";
const MARK_AT: usize = 64;
const MARK_LENGTH: usize = 32;

/// Nothing of these is needed by programs without windows, and they ask for downloads.
const WITHOUT: &str = "mscoree,mshtml,winemenubuilder.exe=";

pub struct Wine {
    folder: PathBuf,
    /// One run at a time has the disk.
    _turn: File,
}

impl Wine {
    /// Fetched first where it is not there. Waits for others that use it.
    pub fn take() -> Result<Wine, String> {
        let folder = paths::cache("wine")?;
        let turn = paths::lock(&folder.join("turn"))?;
        let complete = folder.join("complete");
        let wine = Wine { folder, _turn: turn };
        if !complete.exists() {
            for part in ["apt", "root", "prefix"] {
                paths::remove(&wine.folder.join(part))?;
            }
            wine.fetch()?;
            wine.make_disk()?;
            paths::write(&complete, "")?;
        }
        Ok(wine)
    }

    fn fetch(&self) -> Result<(), String> {
        let root = self.folder.join("root");
        link_folders(&root)?;
        Archive::open(self.folder.join("apt"), &[RELEASE])?.unpack(&PACKAGES, &root)?;
        // Programs of 32 bits are not run, and their libraries would be copied to the disk.
        paths::remove(&root.join(LIBRARIES).join("i386-windows"))?;
        // Wine's package does this where it is installed, with a library of another package.
        let library = root.join("usr/x86_64-w64-mingw32/lib/zlib1.dll");
        let marked = root.join(LIBRARIES).join("x86_64-windows/zlib1.dll");
        let mut bytes = read(&library)?;
        mark(&mut bytes)?;
        fs::write(&marked, bytes).map_err(|error| format!("{}: {error}", marked.display()))
    }

    fn make_disk(&self) -> Result<(), String> {
        paths::create(&self.folder.join("prefix"))?;
        const LIMIT: u32 = 300;
        let program = [("wineboot".to_owned(), "wineboot --init".to_owned())];
        Session::of(&self.run(LIMIT, &program)?, &program)?.outcome(1)?;
        let registry = self.folder.join("prefix/system.reg");
        if registry.exists() { Ok(()) } else { Err(format!("no {}", registry.display())) }
    }

    /// Runs programs, each with its name and the words that start it, and returns what the script
    /// in `session.sh` wrote. None may take longer than so many seconds.
    pub fn run(&self, seconds: u32, programs: &[(String, String)]) -> Result<String, String> {
        let lines: Vec<String> =
            programs.iter().map(|(name, line)| format!("{name} {line}\n")).collect();
        paths::write(&self.folder.join("programs"), &lines.concat())?;
        Run::new("sh")
            .argument(paths::root().join("xtask/src/wine/session.sh"))
            .argument(&self.folder)
            .argument(seconds.to_string())
            .variable("WINEPREFIX", self.folder.join("prefix"))
            .variable("WINEDEBUG", "-all")
            .variable("WINEDLLOVERRIDES", WITHOUT)
            .variable("DISPLAY", "")
            .output()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn mark(library: &mut [u8]) -> Result<(), String> {
    let place = library.get_mut(MARK_AT..MARK_AT + MARK_LENGTH).ok_or("no library")?;
    place.fill(0);
    place[..MARK.len()].copy_from_slice(MARK);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::mark;

    #[test]
    fn the_mark_leaves_the_rest_as_it_was() {
        let mut library = vec![7; 200];
        mark(&mut library).unwrap();
        assert_eq!(&library[64..82], b"Wine builtin DLL\0\0");
        assert!(library[..64].iter().chain(&library[96..]).all(|byte| *byte == 7));
        assert!(mark(&mut [0; 90]).is_err());
    }
}
