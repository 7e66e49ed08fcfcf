//! The tests as programs for other processors, big-endian and of 32 bits among them, and for
//! another C library. Debian's cross compilers link them, and qemu runs them, which hands their
//! system calls to the kernel of this machine.

mod setup;

use std::path::PathBuf;

use crate::paths;
use crate::programs::{executables, name_of, number_before};
use crate::step::{Outcome, Step};
use crate::toolchain::Toolchain;
use setup::Setup;

/// What the tests are built for.
pub struct Arch {
    pub target: &'static str,
    /// How the C compiler is named.
    pub compiler: &'static str,
    /// How Debian's packages name the processor.
    pub debian: &'static str,
    /// How qemu names it; none where programs run without.
    pub qemu: Option<&'static str>,
}

const ARCHS: [Arch; 7] = [
    Arch {
        target: "i686-unknown-linux-gnu",
        compiler: "i686-linux-gnu",
        debian: "i386",
        qemu: Some("i386"),
    },
    Arch {
        target: "armv7-unknown-linux-gnueabihf",
        compiler: "arm-linux-gnueabihf",
        debian: "armhf",
        qemu: Some("arm"),
    },
    Arch {
        target: "aarch64-unknown-linux-gnu",
        compiler: "aarch64-linux-gnu",
        debian: "arm64",
        qemu: Some("aarch64"),
    },
    Arch {
        target: "riscv64gc-unknown-linux-gnu",
        compiler: "riscv64-linux-gnu",
        debian: "riscv64",
        qemu: Some("riscv64"),
    },
    Arch {
        target: "powerpc-unknown-linux-gnu",
        compiler: "powerpc-linux-gnu",
        debian: "powerpc",
        qemu: Some("ppc"),
    },
    Arch {
        target: "s390x-unknown-linux-gnu",
        compiler: "s390x-linux-gnu",
        debian: "s390x",
        qemu: Some("s390x"),
    },
    Arch {
        target: "x86_64-unknown-linux-musl",
        compiler: "x86_64-linux-gnu",
        debian: "amd64",
        qemu: None,
    },
];

impl Arch {
    pub fn is_musl(&self) -> bool {
        self.target.ends_with("musl")
    }
}

/// Those that start programs which cargo built for the machine.
const NOT_FOR_QEMU: &str = "examples";

/// This one counts the calls of the usual C library. musl makes others: it sends one by one what is
/// to be sent in one call.
const NOT_FOR_MUSL: &str = "system_calls";

/// How many seconds the tests of one program may take.
const LIMIT: &str = "1800";

pub fn steps(arguments: &[String]) -> Result<Vec<Step>, String> {
    let is_known = |word: &&String| ARCHS.iter().any(|arch| arch.target == *word);
    if let Some(word) = arguments.iter().find(|word| !is_known(word)) {
        let known = ARCHS.map(|arch| arch.target).join(", ");
        return Err(format!("{word} is none of {known}"));
    }
    let is_wanted =
        |arch: &&Arch| arguments.is_empty() || arguments.iter().any(|word| word == arch.target);
    let step = |arch: &'static Arch| Step::new(arch.target, move || check(arch));
    Ok(ARCHS.iter().filter(is_wanted).map(step).collect())
}

fn check(arch: &Arch) -> Outcome {
    let setup = Setup::of(arch)?;
    let mut counts = Counts::default();
    for program in build(arch, &setup)? {
        if arch.is_musl() && name_of(&program) == NOT_FOR_MUSL {
            println!("skipped: {NOT_FOR_MUSL}: it counts the calls of another C library");
            counts.skipped += 1;
            continue;
        }
        counts.add(&name_of(&program), setup.run(arch, &program, LIMIT)?);
    }
    counts.outcome()
}

/// The programs of all tests but those that need cargo.
fn build(arch: &Arch, setup: &Setup) -> Result<Vec<PathBuf>, String> {
    let toolchain = Toolchain::open()?;
    let sysroot = toolchain.sysroot(arch.target)?;
    setup.complete(arch, &sysroot)?;
    let linker = format!("CARGO_TARGET_{}_LINKER", arch.target.replace('-', "_").to_uppercase());
    let messages = toolchain
        .cargo("test --no-run --locked --package mio --all-features --lib --tests --target")
        .argument(arch.target)
        .variable(&linker, setup.linker())
        .variable("RUSTFLAGS", format!("-D warnings --sysroot {}", sysroot.display()))
        .variable("CARGO_TARGET_DIR", paths::target("archs"))
        .messages()?;
    let is_alone = |program: &PathBuf| name_of(program) != NOT_FOR_QEMU;
    Ok(executables(&messages).into_iter().filter(is_alone).collect())
}

/// What the programs of one processor did.
#[derive(Default)]
struct Counts {
    programs: usize,
    passed: usize,
    skipped: usize,
    failed: Vec<String>,
}

impl Counts {
    /// Counts what one program wrote, and shows it where it failed.
    fn add(&mut self, name: &str, (has_passed, output): (bool, String)) {
        let result = output.lines().find(|line| line.starts_with("test result")).unwrap_or("none");
        println!("{name:20} {result}");
        self.programs += 1;
        self.passed += number_before(result, " passed").unwrap_or(0);
        for line in output.lines().filter(|line| line.starts_with("skipped")) {
            println!("{line}");
            self.skipped += 1;
        }
        if !has_passed {
            println!("{output}");
            self.failed.push(name.to_owned());
        }
    }

    fn outcome(self) -> Outcome {
        let Counts { programs, passed, skipped, failed } = self;
        let counts = format!("{passed} passed in {programs} programs, {skipped} of them skipped");
        if failed.is_empty() { Ok(counts) } else { Err(format!("{}; {counts}", failed.join(", "))) }
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn what_programs_did_is_counted_and_the_failed_are_named() {
        let mut counts = Counts::default();
        let good = "skipped: t: x\ntest result: ok. 3 passed; 0 failed; 0 ignored";
        counts.add("a", (true, good.to_owned()));
        assert_eq!(counts.outcome().unwrap(), "3 passed in 1 programs, 1 of them skipped");
        let mut counts = Counts::default();
        counts.add("a", (true, good.to_owned()));
        counts.add("b", (false, "Segmentation fault".to_owned()));
        assert_eq!(counts.outcome().unwrap_err(), "b; 3 passed in 2 programs, 1 of them skipped");
    }
}
