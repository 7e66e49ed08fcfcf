//! The tests on other Linux kernels: an old one that lacks calls which the crate prefers, and a new
//! one. Debian's kernels are booted in qemu with the tests, linked statically, as all there is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::command::Run;
use crate::debian::{Archive, planned};
use crate::no_arguments;
use crate::paths;
use crate::programs::{executables, name_of, number_before};
use crate::step::{Outcome, Step};

/// A kernel, the release of Debian that has it, and a test that cannot pass there.
struct Kernel {
    version: &'static str,
    release: &'static str,
    left_out: Option<(&'static str, &'static str)>,
}

const KERNELS: [Kernel; 2] = [
    Kernel {
        version: "5.10",
        release: "bullseye",
        left_out: Some((
            "every_operation_makes_the_system_calls_that_the_document_says",
            "epoll_pwait2 came with Linux 5.11",
        )),
    },
    Kernel { version: "6.12", release: "trixie", left_out: None },
];

/// This one starts programs that cargo built.
const NOT_IN_A_MACHINE: &str = "examples";

/// The first program of the machine: runs each test and says how it ended. The directory `/t` has
/// the tests.
const INIT: &str = r#"#!/bin/busybox sh
/bin/busybox mkdir -p /bin /proc /sys /dev /tmp
/bin/busybox --install -s /bin
export PATH=/bin TMPDIR=/tmp RUST_BACKTRACE=0 MIO_MODEL_SEQUENCES=500
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev
mkdir -p /dev/pts; mount -t devpts p /dev/pts
ip link set lo up; ip link set lo multicast on; ip route add 224.0.0.0/4 dev lo
echo "KERNEL $(uname -r)"
for test in /t/*; do
    timeout 900 $test --test-threads=2 LEFT_OUT >/tmp/out 2>&1 </dev/null; code=$?
    grep '^skipped' /tmp/out
    echo "ENDED ${test##*/} $code $(grep '^test result' /tmp/out)"
    [ $code = 0 ] || tail -40 /tmp/out
done
echo "COMPLETE"
poweroff -f
"#;

pub fn steps(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    let step = |kernel: &'static Kernel| {
        Step::new(format!("kernel {}", kernel.version), move || check(kernel))
    };
    Ok(KERNELS.iter().map(step).collect())
}

fn check(kernel: &Kernel) -> Outcome {
    let folder = paths::cache(&format!("kernels/{}", kernel.version))?;
    if !folder.join("complete").exists() {
        fetch(&folder, kernel)?;
        paths::write(&folder.join("complete"), "")?;
    }
    let image = find(&folder.join("root/boot"), "vmlinuz")?;
    let tests = build()?;
    let files = folder.join("initrd");
    pack(&files, &first_program(kernel), &find(&folder.join("root"), "busybox")?, &tests)?;
    let console = Run::new("qemu-system-x86_64")
        // More processors, or older ones, do not boot every kernel in emulation.
        .words("-accel tcg -cpu max -smp 1 -m 1500 -nographic -no-reboot")
        .argument("-kernel")
        .argument(image)
        .argument("-initrd")
        .argument(&files)
        .argument("-append")
        .argument("console=ttyS0 quiet panic=-1 mitigations=off")
        .output()
        .map_err(|error| format!("{error} (Debian: apt-get install qemu-system-x86)"))?;
    println!("{console}");
    verdict(&console, tests.len())
}

/// [`INIT`], told what to leave out on this kernel, which it also says.
fn first_program(kernel: &Kernel) -> String {
    match kernel.left_out {
        None => INIT.replace(" LEFT_OUT", ""),
        Some((test, why)) => INIT
            .replace("LEFT_OUT", &format!("--skip {test}"))
            .replace("for test", &format!("echo 'skipped: {test}: {why}'\nfor test")),
    }
}

fn fetch(folder: &Path, kernel: &Kernel) -> Result<(), String> {
    let archive = Archive::open(folder.join("apt"), &[kernel.release])?;
    let plan = archive.plan("linux-image-cloud-amd64 busybox-static")?;
    let image = format!("linux-image-{}", kernel.version);
    let is_needed = |name: &&str| name.starts_with(&image) || *name == "busybox-static";
    let packages: Vec<&str> = planned(&plan, &[]).into_iter().filter(is_needed).collect();
    archive.unpack(&packages, &folder.join("root"))
}

/// The file below a folder whose name begins like this.
fn find(folder: &Path, prefix: &str) -> Result<PathBuf, String> {
    let named = |file: &PathBuf| {
        file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
    };
    let found = paths::files_below(folder)?.into_iter().find(named);
    found.ok_or_else(|| format!("no {prefix} in {}", folder.display()))
}

/// The programs of all tests but those that need cargo.
fn build() -> Result<Vec<PathBuf>, String> {
    let messages = Run::cargo("test --no-run --package mio --all-features --lib --tests")
        .words("--target x86_64-unknown-linux-gnu")
        .variable("RUSTFLAGS", "-C target-feature=+crt-static")
        .variable("CARGO_PROFILE_DEV_DEBUG", "0")
        .variable("CARGO_TARGET_DIR", paths::target("kernels"))
        .messages()?;
    let is_alone = |program: &PathBuf| name_of(program) != NOT_IN_A_MACHINE;
    Ok(executables(&messages).into_iter().filter(is_alone).collect())
}

/// Writes the files of the machine in the form that the kernel unpacks: `cpio`, "new ASCII".
fn pack(image: &Path, init: &str, busybox: &Path, tests: &[PathBuf]) -> Result<(), String> {
    let read = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let mut archive = Vec::new();
    for folder in ["bin", "t", "dev", "proc", "sys", "tmp"] {
        add(&mut archive, folder, 0o40_755, &[]);
    }
    add(&mut archive, "init", 0o100_755, init.as_bytes());
    add(&mut archive, "bin/busybox", 0o100_755, &read(busybox)?);
    for test in tests {
        add(&mut archive, &format!("t/{}", name_of(test)), 0o100_755, &read(test)?);
    }
    // One test reads the sources, where they lay when it was built.
    let mut folders = BTreeSet::new();
    for source in ["src", "tests"] {
        for file in paths::files_below(&paths::root().join(source))? {
            let above: Vec<&Path> = file.ancestors().skip(1).collect();
            for folder in above.into_iter().rev().skip(1) {
                if folders.insert(folder.to_owned()) {
                    add(&mut archive, &inside(folder), 0o40_755, &[]);
                }
            }
            add(&mut archive, &inside(&file), 0o100_644, &read(&file)?);
        }
    }
    add(&mut archive, "TRAILER!!!", 0, &[]);
    fs::write(image, archive).map_err(|error| format!("{}: {error}", image.display()))
}

/// A path as it stands in the archive, without the slash at its begin.
fn inside(path: &Path) -> String {
    path.display().to_string().trim_start_matches('/').to_owned()
}

/// Adds one file or folder.
fn add(archive: &mut Vec<u8>, name: &str, mode: u32, content: &[u8]) {
    let (size, length) = (content.len(), name.len() + 1);
    let header = format!(
        "070701{:08X}{mode:08X}{:08X}{:08X}{:08X}{:08X}{size:08X}{:08X}{:08X}{:08X}{:08X}\
         {length:08X}{:08X}",
        0, 0, 0, 1, 0, 0, 0, 0, 0, 0
    );
    archive.extend_from_slice(header.as_bytes());
    archive.extend_from_slice(name.as_bytes());
    archive.push(0);
    archive.resize(archive.len().next_multiple_of(4), 0);
    archive.extend_from_slice(content);
    archive.resize(archive.len().next_multiple_of(4), 0);
}

/// What the console of the machine says of so many tests.
fn verdict(console: &str, programs: usize) -> Outcome {
    let lines = || console.lines().map(str::trim);
    let kernel = lines().find_map(|line| line.split_once("KERNEL "));
    // What the firmware wrote may stand before it.
    let kernel = kernel.map_or("that did not boot", |(_, version)| version);
    let ended: Vec<&str> = lines().filter_map(|line| line.strip_prefix("ENDED ")).collect();
    let failed: Vec<&str> = ended
        .iter()
        .filter_map(|line| line.split_once(' '))
        .filter(|(_, rest)| !rest.starts_with("0 "))
        .map(|(name, _)| name)
        .collect();
    let passed: usize = ended.iter().filter_map(|line| number_before(line, " passed")).sum();
    let skipped = lines().filter(|line| line.starts_with("skipped")).count();
    if !failed.is_empty() || ended.len() != programs || !lines().any(|line| line == "COMPLETE") {
        let failed = failed.join(", ");
        return Err(format!(
            "Linux {kernel}: {} of {programs} ended; failed: {failed}",
            ended.len()
        ));
    }
    Ok(format!("Linux {kernel}: {passed} passed in {programs} programs, {skipped} skipped"))
}

#[cfg(test)]
mod tests {
    use super::{add, verdict};

    #[test]
    fn entries_of_the_archive_begin_at_multiples_of_four() {
        let mut archive = Vec::new();
        add(&mut archive, "init", 0o100_755, b"12345");
        assert_eq!(&archive[..6], b"070701");
        // The header, the name with its zero, and padding come before the content.
        assert_eq!(&archive[116..121], b"12345");
        assert_eq!(archive.len(), 124);
        assert_eq!(&archive[54..62], b"00000005");
    }

    #[test]
    fn a_machine_that_stops_early_has_failed() {
        let good = "\x1b[2JKERNEL 5.10\r\nskipped: a\r\n\
                    ENDED a 0 test result: ok. 3 passed; 0 failed\r\n\
                    ENDED b 0 test result: ok. 4 passed; 0 failed\r\nCOMPLETE\r\n";
        assert_eq!(verdict(good, 2).unwrap(), "Linux 5.10: 7 passed in 2 programs, 1 skipped");
        assert!(verdict(good, 3).is_err(), "a program is missing");
        assert!(verdict(&good.replace("COMPLETE", ""), 2).is_err());
        let error = verdict(&good.replace("ENDED b 0", "ENDED b 101"), 2).unwrap_err();
        assert!(error.ends_with("failed: b"), "{error}");
        assert!(verdict("", 2).unwrap_err().contains("did not boot"));
    }
}
