//! A private Dovecot: real mailboxes that can be read over IMAP; nothing of the machine's own Dovecot is touched.

use std::{
    fs,
    io::{self, Read},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{PeerError, is_root};

/// Where Debian puts the programs.
const PROGRAM: &str = "/usr/sbin/dovecot";
const IMAP: &str = "/usr/lib/dovecot/imap";
/// How long it may take to answer, and to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// `{folder}` is the instance's own; `{mail}` holds `NAME/Maildir`, which belongs to `{account}` and `{group}`.
const CONFIG: &str = "\
protocols = imap
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
mail_location = maildir:{mail}/%n/Maildir
service imap-login {
  inet_listener imap {
    port = {port}
  }
  inet_listener imaps {
    port = 0
  }
}
passdb {
  driver = static
  args = password={password}
}
userdb {
  driver = static
  args = uid={account} gid={group} home={mail}/%n
}
";

/// A running Dovecot; stopped when dropped.
pub struct Dovecot {
    address: SocketAddr,
    process: Child,
}

impl Dovecot {
    /// Starts one in `folder` (which must exist and be the caller's) over the mailboxes below `mail`, which belong to
    /// the account `nobody`. Every name may log in with `password`.
    ///
    /// # Errors
    /// See [`PeerError`].
    pub fn start(folder: &Path, mail: &Path, password: &str) -> Result<Self, PeerError> {
        if !Path::new(PROGRAM).exists() || !Path::new(IMAP).exists() {
            return Err(PeerError::NotInstalled("dovecot-imapd"));
        }
        if !is_root() {
            return Err(PeerError::NotRoot("Dovecot"));
        }
        let address = crate::port::free()?;
        let config = write(folder, mail, password, address)?;
        let process = Command::new(PROGRAM)
            .arg("-F")
            .arg("-c")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("stderr"))?)
            .spawn()?;
        let mut dovecot = Self { address, process };
        if dovecot.answers() {
            return Ok(dovecot);
        }
        let said =
            ["stderr", "dovecot.log"].map(|name| fs::read_to_string(folder.join(name)).unwrap_or_default());
        Err(PeerError::NotStarted("Dovecot", said.concat()))
    }

    /// Where IMAP is spoken, in clear.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn answers(&mut self) -> bool {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end && matches!(self.process.try_wait(), Ok(None)) {
            if greets(self.address).unwrap_or(false) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // Asked to end, it ends its own processes too; killed, it could not.
        let asked = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        let end = Instant::now() + PATIENCE;
        while asked.is_ok() && Instant::now() < end {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        tracing::warn!("a private Dovecot did not end by itself");
        let _already_ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn write(folder: &Path, mail: &Path, password: &str, address: SocketAddr) -> io::Result<PathBuf> {
    // Dovecot's own accounts must be able to walk through the folder.
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    let show = |path: &Path| path.display().to_string();
    let text = CONFIG
        .replace("{folder}", &show(folder))
        .replace("{mail}", &show(mail))
        .replace("{port}", &address.port().to_string())
        .replace("{password}", password)
        .replace("{account}", "nobody")
        .replace("{group}", "nogroup");
    let path = folder.join("dovecot.conf");
    fs::write(&path, text)?;
    Ok(path)
}

fn greets(address: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut start = [0; 5];
    stream.read_exact(&mut start)?;
    Ok(&start == b"* OK ")
}
