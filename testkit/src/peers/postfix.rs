//! A private Postfix: own configuration, queue and port; nothing of the machine's own Postfix is touched.

use std::{
    fs,
    io::{self, Read},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::{PeerError, is_root};

/// Where Debian puts the programs.
const PROGRAM: &str = "/usr/sbin/postfix";
const DAEMONS: &str = "/usr/lib/postfix/sbin";
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The services of a Postfix that receives and relays; `{port}` is its SMTP port.
const MASTER: &str = "\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";

/// A running Postfix; stopped when dropped.
pub struct Postfix {
    folder: PathBuf,
    address: SocketAddr,
}

impl Postfix {
    /// Starts one in `folder` (which must exist and be the caller's), with more lines for `main.cf`.
    ///
    /// # Errors
    /// See [`PeerError`].
    pub fn start(folder: &Path, host_name: &str, more: &str) -> Result<Self, PeerError> {
        if !Path::new(PROGRAM).exists() {
            return Err(PeerError::NotInstalled("postfix"));
        }
        if !is_root() {
            return Err(PeerError::NotRoot("Postfix"));
        }
        let address = crate::port::free()?;
        let postfix = Self { folder: folder.to_owned(), address };
        postfix.write(host_name, more)?;
        let output = Command::new(PROGRAM).arg("-c").arg(folder).arg("start").output()?;
        if !output.status.success() || !postfix.answers() {
            let log = fs::read_to_string(folder.join("maillog")).unwrap_or_default();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(PeerError::NotStarted("Postfix", format!("{said}{log}")));
        }
        Ok(postfix)
    }

    /// Where it takes mail.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("maillog")).unwrap_or_default()
    }

    fn write(&self, host_name: &str, more: &str) -> io::Result<()> {
        // Postfix's own accounts must be able to walk through the folder.
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o755))?;
        let folder = self.folder.display();
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {folder}/queue\ndata_directory = {folder}/state\n\
             daemon_directory = {DAEMONS}\ncommand_directory = /usr/sbin\nmail_owner = postfix\n\
             setgid_group = postdrop\nmyhostname = {host_name}\nmydestination =\nmynetworks = 127.0.0.0/8\n\
             inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nalias_maps =\nalias_database =\n\
             maillog_file = {folder}/maillog\nmaillog_file_prefixes = {folder}\nsmtputf8_enable = no\n{more}\n"
        );
        fs::write(self.folder.join("main.cf"), main)?;
        fs::write(self.folder.join("master.cf"), MASTER.replace("{port}", &self.address.port().to_string()))?;
        fs::create_dir_all(self.folder.join("queue"))?;
        let state = self.folder.join("state");
        fs::create_dir_all(&state)?;
        let given = Command::new("chown").arg("postfix").arg(&state).status()?;
        if given.success() { Ok(()) } else { Err(io::Error::other("chown postfix")) }
    }

    fn answers(&self) -> bool {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if greets(self.address).unwrap_or(false) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let stopped = Command::new(PROGRAM)
            .arg("-c")
            .arg(&self.folder)
            .arg("abort")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if let Err(error) = stopped {
            tracing::warn!(%error, "a private Postfix could not be stopped");
        }
    }
}

fn greets(address: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut start = [0; 4];
    stream.read_exact(&mut start)?;
    Ok(&start == b"220 ")
}
