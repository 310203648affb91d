//! Runs `tests/device`, the phone without a screen, from the integration tests.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

/// The folder of the phone: its sources, sample forms, answers and media.
pub(crate) fn device_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/device")
}

/// The phone, compiled once; the error says what is missing to compile it.
pub(crate) fn phone() -> Result<&'static Phone, String> {
    static PHONE: OnceLock<Result<Phone, String>> = OnceLock::new();
    PHONE.get_or_init(Phone::build).as_ref().map_err(Clone::clone)
}

/// The phone, or `None` with a word on stderr; panics instead when `SANU_REQUIRE_PHONE` is set, as CI does.
pub(crate) fn phone_or_skip() -> Option<&'static Phone> {
    match phone() {
        Ok(phone) => Some(phone),
        Err(reason) => {
            assert!(environment("SANU_REQUIRE_PHONE").is_none(), "the phone is required: {reason}");
            eprintln!("skipped, no phone: {reason}");
            None
        }
    }
}

/// A compiled phone.
pub(crate) struct Phone {
    class_path: String,
}

/// What one run of the phone left: counts of its JSON report, its exit status and its stderr.
#[derive(Debug)]
pub(crate) struct PhoneRun {
    /// Chains of forms filled and, unless offline, acknowledged.
    pub(crate) ok: u64,
    /// Chains that were not.
    pub(crate) failed: u64,
    /// Exit status: 0 all well, 1 a failure, 2 usage, 3 connection dropped on purpose, -1 killed.
    pub(crate) status: i32,
    /// The whole report; null when the phone printed none.
    pub(crate) json: Value,
    /// What the phone wrote to stderr.
    pub(crate) stderr: String,
}

impl Phone {
    /// Runs the phone in `tests/device`, so that `samples/…`, `forms/…` and `media` may be named as they are.
    pub(crate) fn run(&self, args: &[&str]) -> PhoneRun {
        let output = Command::new("java")
            // a short-lived process on a small machine: start fast, take one core and little memory
            .args(["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
            .args(["-Djava.awt.headless=true", "-cp", &self.class_path, "OpenRosaDevice"])
            .args(args)
            .current_dir(device_dir())
            .output()
            .expect("java ran when the phone was compiled");
        PhoneRun::from(output)
    }

    /// Evaluates the expressions of a file with the engine itself, on a clock of this zone; gives what it prints.
    pub(crate) fn evaluate(&self, zone: &str, form: &Path, cases: &Path) -> String {
        let output = Command::new("java")
            .args(["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
            .args([&format!("-Duser.timezone={zone}"), "-cp", &self.class_path, "Expressions"])
            .args([form, cases])
            .output()
            .expect("java ran when the phone was compiled");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the engine did not evaluate: {said}");
        String::from_utf8(output.stdout).expect("the engine prints UTF-8")
    }

    fn build() -> Result<Self, String> {
        let jar = jar()?;
        let sources = sources().map_err(|e| format!("cannot read the phone's sources: {e}"))?;
        let classes = compiled(&jar, &sources)?;
        tool("java", ["-version"])?;
        Ok(Self { class_path: format!("{}:{}", classes.display(), jar.display()) })
    }
}

impl From<Output> for PhoneRun {
    fn from(output: Output) -> Self {
        let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let count = |name: &str| json.get(name).and_then(Value::as_u64).unwrap_or(0);
        Self {
            ok: count("ok"),
            failed: count("failed"),
            status: output.status.code().unwrap_or(-1),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            json,
        }
    }
}

/// Compiles into a folder of its own and renames it, so that test processes may start together.
fn compiled(jar: &Path, sources: &[PathBuf]) -> Result<PathBuf, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let key = key(jar, sources).map_err(|e| format!("cannot read the phone's sources: {e}"))?;
    let classes = target.join(format!("phone-{key:016x}"));
    if classes.is_dir() {
        return Ok(classes);
    }
    let fresh = tempfile::tempdir_in(target).map_err(|e| format!("no room for classes: {e}"))?;
    let fixed = ["-nowarn", "-proc:none", "-XDsuppressNotes", "-encoding", "UTF-8", "-cp"];
    let mut arguments: Vec<&OsStr> = fixed.iter().map(OsStr::new).collect();
    arguments.extend([jar.as_os_str(), OsStr::new("-d"), fresh.path().as_os_str()]);
    arguments.extend(sources.iter().map(|s| s.as_os_str()));
    tool("javac", arguments)?;
    match fs::rename(fresh.path(), &classes) {
        Err(e) if !classes.is_dir() => Err(format!("cannot keep the phone's classes: {e}")),
        Ok(()) | Err(_) => Ok(classes), // another process was first with the same sources
    }
}

fn sources() -> io::Result<Vec<PathBuf>> {
    let mut files = fs::read_dir(device_dir().join("src"))?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<io::Result<Vec<_>>>()?;
    files.retain(|f| f.extension() == Some(OsStr::new("java")));
    files.sort();
    Ok(files)
}

fn key(jar: &Path, sources: &[PathBuf]) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    jar.hash(&mut hasher);
    for source in sources {
        fs::read(source)?.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// The jar named by `SANU_ODK_VALIDATE_JAR`, else the one in the pyxform that `python3` imports.
fn jar() -> Result<PathBuf, String> {
    const ASK: &str = "import os, pyxform; print(os.path.join(os.path.dirname(pyxform.__file__), \
                       'validators', 'odk_validate', 'bin', 'ODK_Validate.jar'))";
    let jar = match environment("SANU_ODK_VALIDATE_JAR") {
        Some(named) => PathBuf::from(named),
        None => PathBuf::from(tool("python3", ["-c", ASK])?.trim()),
    };
    // absolute, for the phone runs in a folder of its own
    jar.canonicalize().map_err(|e| format!("no ODK Validate jar at {}: {e}", jar.display()))
}

/// The standard output of a tool, or why there is none.
fn tool<A: AsRef<OsStr>>(
    name: &str,
    arguments: impl IntoIterator<Item = A>,
) -> Result<String, String> {
    let output = Command::new(name)
        .args(arguments)
        .output()
        .map_err(|e| format!("cannot run {name}: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

#[expect(clippy::disallowed_methods, reason = "the test harness has no main to read it for it")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phone_passes_its_own_test() {
        let Some(phone) = phone_or_skip() else { return };

        let run = phone.run(&["--self-test"]);

        assert_eq!((run.status, run.failed), (0, 0), "{run:?}");
        assert!(run.ok > 0, "{run:?}");
    }

    #[test]
    fn sample_forms_fill_offline() {
        let Some(phone) = phone_or_skip() else { return };

        for form in ["personne", "visite", "menage", "medias"] {
            let xform = format!("forms/{form}.xml");
            let offline = ["--xform", &xform, "--media", "forms,media", "--auto", "--count", "5"];
            let run = phone.run(&offline);

            assert_eq!((run.status, run.ok), (0, 5), "{form}: {run:?}");
        }
    }

    #[test]
    fn an_unknown_option_is_a_usage_error() {
        let Some(phone) = phone_or_skip() else { return };

        let run = phone.run(&["--no-such-option"]);

        assert_eq!(run.status, 2, "{run:?}");
        assert!(run.stderr.contains("--no-such-option"), "{run:?}");
        assert_eq!(run.json, Value::Null);
    }
}
