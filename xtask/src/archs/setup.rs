//! What links and runs programs for another processor: packages of Debian, unpacked in the cache.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::Arch;
use crate::command::Run;
use crate::debian::Archive;
use crate::paths;

/// The oldest C library makes programs that run with later ones as well.
const COMPILERS: &str = "bookworm";

/// This release's qemu needs nothing of the machine's libraries.
const EMULATORS: &str = "trixie";

/// What unwinds with any C library: later releases of it ask for a function of glibc's.
const UNWINDER: (&str, &str) = ("bullseye", "libgcc-10-dev");

pub struct Setup {
    /// The packages for one processor and C library.
    root: PathBuf,
    /// Those for all.
    qemu: PathBuf,
}

impl Setup {
    pub fn of(arch: &Arch) -> Result<Setup, String> {
        let folder = paths::cache("archs")?;
        let _alone = paths::lock(&folder.join("lock"))?;
        let setup = Setup { root: folder.join(arch.target), qemu: folder.join("qemu") };
        paths::complete(&setup.root, |_| setup.fetch_compiler(arch, folder.join("apt")))?;
        paths::complete(&setup.qemu, |root| {
            Archive::open(folder.join("apt"), &[EMULATORS])?.unpack(&["qemu-user"], root)
        })?;
        Ok(setup)
    }

    fn fetch_compiler(&self, arch: &Arch, apt: PathBuf) -> Result<(), String> {
        let archive = Archive::open(apt.clone(), &[COMPILERS])?;
        let Arch { compiler, debian, .. } = arch;
        let wanted = format!("gcc-{} libc6-dev-{debian}-cross", compiler.replace('_', "-"));
        let wanted = if arch.qemu.is_some() { wanted } else { String::new() };
        let plan = archive.plan(&wanted)?;
        let mut needed = archive.beside_compiler(&plan)?;
        if arch.is_musl() {
            needed.push("musl-dev");
        }
        archive.unpack(&needed, &self.root)?;
        if arch.is_musl() {
            Archive::open(apt, &[UNWINDER.0])?.unpack(&[UNWINDER.1], &self.unwinder())?;
        }
        self.write_linker(arch)
    }

    /// The program that links: a compiler that looks for everything where it was unpacked.
    fn write_linker(&self, arch: &Arch) -> Result<(), String> {
        let root = self.root.display();
        let compiler = arch.compiler;
        let script = match arch.qemu {
            None => "#!/bin/sh\nexec cc \"$@\"\n".to_owned(),
            // Its assembler and linker are programs with libraries of their own.
            Some(_) => format!(
                "#!/bin/sh\nexport LD_LIBRARY_PATH={root}/usr/lib/x86_64-linux-gnu\n\
                 exec {root}/usr/bin/{compiler}-gcc --sysroot={root} \"$@\"\n"
            ),
        };
        let linker = self.linker();
        paths::write(&linker, &script)?;
        fs::set_permissions(&linker, fs::Permissions::from_mode(0o755))
            .map_err(|error| format!("{}: {error}", linker.display()))
    }

    fn unwinder(&self) -> PathBuf {
        self.root.join("unwinder")
    }

    pub fn linker(&self) -> PathBuf {
        self.root.join("linker")
    }

    /// Puts musl, and what the C compiler adds to each program, where the compiler of Rust expects
    /// them with this C library, which is linked into each program.
    pub fn complete(&self, arch: &Arch, sysroot: &Path) -> Result<(), String> {
        if !arch.is_musl() {
            return Ok(());
        }
        let target = sysroot.join("lib/rustlib").join(arch.target).join("lib/self-contained");
        paths::create(&target)?;
        let (processor, _) = arch.compiler.split_once('-').unwrap_or_default();
        let musl = self.root.join("usr/lib").join(format!("{processor}-linux-musl"));
        let copy = |from: &Path| {
            let to = target.join(from.file_name().unwrap_or_default());
            fs::copy(from, &to).map_err(|error| format!("{}: {error}", from.display()))
        };
        for name in ["crt1.o", "Scrt1.o", "rcrt1.o", "crti.o", "crtn.o", "libc.a"] {
            copy(&musl.join(name))?;
        }
        for name in ["crtbegin.o", "crtbeginS.o", "crtend.o", "crtendS.o", "libgcc.a"] {
            let ask = Run::new(self.linker()).argument(format!("-print-file-name={name}"));
            copy(Path::new(ask.output()?.trim()))?;
        }
        // The standard library asks for LLVM's, of which this has all functions.
        let from = paths::files_below(&self.unwinder())?;
        let from = from.iter().find(|file| file.ends_with("libgcc_eh.a"));
        let from = from.ok_or_else(|| format!("no libgcc_eh.a in {}", UNWINDER.1))?;
        let unwind = target.join("libunwind.a");
        fs::copy(from, &unwind).map_err(|error| format!("{}: {error}", unwind.display()))?;
        Ok(())
    }

    /// Runs the tests of a program; whether they passed, and what they wrote.
    pub fn run(
        &self,
        arch: &Arch,
        program: &Path,
        seconds: &str,
    ) -> Result<(bool, String), String> {
        let emulator = match arch.qemu {
            None => String::new(),
            Some(qemu) => {
                let qemu = self.qemu.join(format!("usr/bin/qemu-{qemu}"));
                let root = self.root.join("usr").join(arch.compiler);
                format!("{} -L {}", qemu.display(), root.display())
            }
        };
        let run = Run::new("timeout").words("--kill-after=5").argument(seconds).words(&emulator);
        // The tests start programs too.
        run.argument(program)
            .variable("MIO_TEST_EMULATOR", emulator)
            .variable("MIO_MODEL_SEQUENCES", "500")
            .attempt()
    }
}
