//! Packages of Debian, of any of its releases, which the checks unpack into the cache instead of
//! installing them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::Run;
use crate::paths;

/// What a machine has that compiles C.
const COMPILER: &str = "gcc libc6-dev";

/// The packages of a release, with settings and lists that are not the machine's: these may be of
/// any age.
pub struct Archive {
    state: PathBuf,
}

impl Archive {
    /// Fetches the lists of releases, which may be of security updates, into a folder, which also
    /// takes the packages.
    pub fn open(state: PathBuf, releases: &[&str]) -> Result<Archive, String> {
        for part in ["lists/partial", "state", "cache/archives/partial", "packages"] {
            paths::create(&state.join(part))?;
        }
        let mirror = mirror()?;
        let sources: String =
            releases.iter().map(|release| source_line(&mirror, release)).collect();
        paths::write(&state.join("sources.list"), &sources)?;
        // Nothing counts as installed, so the answer does not depend on the machine.
        paths::write(&state.join("status"), "")?;
        let archive = Archive { state };
        archive.apt("update").run()?;
        Ok(archive)
    }

    /// The names of what has to be there for these packages to be installed.
    pub fn plan(&self, packages: &str) -> Result<String, String> {
        self.apt("--simulate --no-install-recommends install").words(packages).output()
    }

    /// What has to be unpacked for these packages beside what a machine has that compiles C, in the
    /// release's plan to install them all.
    pub fn beside_compiler<'a>(&self, plan: &'a str) -> Result<Vec<&'a str>, String> {
        let at_hand = self.plan(COMPILER)?;
        let at_hand = planned(&at_hand, &[]);
        Ok(planned(plan, &[]).into_iter().filter(|package| !at_hand.contains(package)).collect())
    }

    /// Downloads packages and unpacks them into a folder.
    pub fn unpack(&self, packages: &[&str], root: &Path) -> Result<(), String> {
        self.apt("download").words(&packages.join(" ")).run()?;
        unpack(&self.packages(), root)?;
        paths::remove(&self.state)
    }

    fn packages(&self) -> PathBuf {
        self.state.join("packages")
    }

    fn apt(&self, line: &str) -> Run {
        let path = |name: &str| self.state.join(name).display().to_string();
        Run::new("apt-get")
            .words("-q -o APT::Sandbox::User=root -o Debug::NoLocking=1")
            .words("-o Dir::Etc::sourceparts=/dev/null")
            .words(&format!("-o Dir::Etc::sourcelist={}", path("sources.list")))
            .words(&format!("-o Dir::State={}", path("state")))
            .words(&format!("-o Dir::State::lists={}", path("lists")))
            .words(&format!("-o Dir::State::status={}", path("status")))
            .words(&format!("-o Dir::Cache={}", path("cache")))
            .words(line)
            .directory(&self.packages())
    }
}

/// Makes the links of a root folder by which /lib and /usr/lib are one, which no package brings.
pub fn link_folders(root: &Path) -> Result<(), String> {
    for name in ["bin", "lib", "lib64", "sbin"] {
        paths::create(&root.join("usr").join(name))?;
        std::os::unix::fs::symlink(format!("usr/{name}"), root.join(name))
            .map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// Unpacks every package of a folder.
pub fn unpack(packages: &Path, root: &Path) -> Result<(), String> {
    for package in paths::files_below(packages)? {
        Run::new("dpkg").argument("-x").argument(package).argument(root).run()?;
    }
    Ok(())
}

/// The packages of a simulated installation, less those whose names begin like one of `left_out`.
pub fn planned<'a>(plan: &'a str, left_out: &[&str]) -> Vec<&'a str> {
    plan.lines()
        .filter_map(|line| line.strip_prefix("Inst ")?.split_whitespace().next())
        .filter(|package| !left_out.iter().any(|prefix| package.starts_with(prefix)))
        .collect()
}

/// The folder of the cache where packages of a release are, unpacked first if they are not.
pub fn unpacked(name: &str, release: &str, packages: &[&str]) -> Result<PathBuf, String> {
    let folder = paths::cache(name)?;
    let _alone = paths::lock(&folder.with_extension("lock"))?;
    let root = folder.join("root");
    paths::complete(&root, |root| {
        Archive::open(folder.join("apt"), &[release])?.unpack(packages, root)
    })?;
    Ok(root)
}

/// The version of a package in a simulated installation.
pub fn planned_version<'a>(plan: &'a str, package: &str) -> Option<&'a str> {
    let rest = plan.lines().find_map(|line| line.strip_prefix(&format!("Inst {package} (")))?;
    rest.split([' ', ')']).next()
}

/// The first Debian mirror that the machine itself uses.
fn mirror() -> Result<String, String> {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(entries) = fs::read_dir("/etc/apt/sources.list.d") {
        files.extend(entries.flatten().map(|entry| entry.path()));
    }
    let address = files
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok())
        .find_map(|text| mirror_in(&text))
        .ok_or("no Debian mirror in /etc/apt: this check runs on Debian")?;
    Ok(address)
}

/// A line of apt's source lists. Security updates lie beside the main archive on each mirror.
fn source_line(mirror: &str, release: &str) -> String {
    let keys = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg";
    let beside = if release.ends_with("-security") { "-security" } else { "" };
    format!("deb [{keys}] {mirror}{beside} {release} main\n")
}

/// The address of Debian's main archive in either form of apt's source lists.
fn mirror_in(text: &str) -> Option<String> {
    text.lines()
        .filter(|line| line.starts_with("URIs:") || line.starts_with("deb "))
        .flat_map(str::split_whitespace)
        .map(|word| word.trim_end_matches('/'))
        .find(|word| word.contains("://") && word.ends_with("/debian"))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{mirror_in, planned, planned_version, source_line};

    #[test]
    fn the_mirror_is_found_in_both_forms_of_source_lists() {
        let new = "Types: deb\n# http://a.example/debian\nURIs: http://b.example/debian/\n";
        assert_eq!(mirror_in(new).as_deref(), Some("http://b.example/debian"));
        let old = "deb [signed-by=/k.gpg] https://c.example/debian bookworm main\n";
        assert_eq!(mirror_in(old).as_deref(), Some("https://c.example/debian"));
        assert_eq!(mirror_in("URIs: http://b.example/debian-security\n"), None);
    }

    #[test]
    fn the_plan_has_what_is_installed_and_is_not_left_out() {
        let plan = "Inst libc6 (2.41 x)\nConf libc6\nInst gcc-14 (14)\nInst rustc (1.85.1)\n";
        assert_eq!(planned(plan, &["gcc", "cpp"]), ["libc6", "rustc"]);
        assert_eq!(planned_version(plan, "rustc"), Some("1.85.1"));
        assert_eq!(planned_version(plan, "gcc"), None);
    }

    #[test]
    fn security_updates_are_asked_for_where_they_lie() {
        let line = source_line("http://a.example/debian", "bookworm-security");
        assert!(line.ends_with("] http://a.example/debian-security bookworm-security main\n"));
        let line = source_line("http://a.example/debian", "sid");
        assert!(line.ends_with("] http://a.example/debian sid main\n"));
    }
}
