//! A private BIND: a signed root zone of its own, with unsigned zones below it and records that were tampered with.

use std::{
    fs,
    net::{SocketAddr, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::PeerError;

const NAMED: &str = "/usr/sbin/named";
const KEYGEN: &str = "/usr/bin/dnssec-keygen";
const SIGN: &str = "/usr/bin/dnssec-signzone";
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);
const START: &str = "$TTL 60\n@ IN SOA ns. hostmaster. 1 60 60 60 60\n@ IN NS ns.\n";

/// What the name server knows. Records are lines of a zone file with full names.
#[derive(Debug, Clone, Default)]
pub struct SignedWorld {
    /// Records of the signed root zone.
    pub signed: String,
    /// Zones without signatures, such as `plain.example`, with their records.
    pub unsigned: Vec<(String, String)>,
    /// Owner name and type whose signature is broken after signing.
    pub tampered: Vec<(String, String)>,
}

/// A running name server; ended when dropped.
pub struct Named {
    address: SocketAddr,
    anchors: PathBuf,
    process: Child,
}

impl Named {
    /// Starts one in `folder`, which must exist and be the caller's.
    ///
    /// # Errors
    /// See [`PeerError`].
    pub fn start(folder: &Path, world: &SignedWorld) -> Result<Self, PeerError> {
        for (program, package) in [(NAMED, "bind9"), (KEYGEN, "bind9-utils"), (SIGN, "bind9-utils")] {
            if !Path::new(program).exists() {
                return Err(PeerError::NotInstalled(package));
            }
        }
        let anchors = sign(folder, world)?;
        let address = free_address()?;
        let mut config = format!(
            "options {{ directory {folder:?}; listen-on port {} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n\
             recursion no; dnssec-validation no; pid-file none; session-keyfile none; }};\ncontrols {{ }};\n\
             zone \".\" {{ type primary; file \"root.signed\"; }};\n",
            address.port()
        );
        for (zone, records) in &world.unsigned {
            fs::write(folder.join(zone), format!("{START}{records}\n"))?;
            config += &format!("zone {zone:?} {{ type primary; file {zone:?}; }};\n");
        }
        fs::write(folder.join("named.conf"), config)?;
        let process = Command::new(NAMED)
            .args(["-f", "-n", "1", "-c"])
            .arg(folder.join("named.conf"))
            .arg("-L")
            .arg(folder.join("named.log"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("stderr"))?)
            .spawn()?;
        let mut named = Self { address, anchors, process };
        if named.answers() {
            return Ok(named);
        }
        let said =
            ["stderr", "named.log"].map(|name| fs::read_to_string(folder.join(name)).unwrap_or_default());
        Err(PeerError::NotStarted("BIND", said.concat()))
    }

    /// Where it answers, UDP and TCP.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A file with the keys its signatures can be validated from.
    #[must_use]
    pub fn anchors(&self) -> &Path {
        &self.anchors
    }

    fn answers(&mut self) -> bool {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end && matches!(self.process.try_wait(), Ok(None)) {
            if TcpStream::connect(self.address).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        // It keeps nothing that would need a clean end.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// Makes keys, signs the root zone, breaks what is to be broken; the file of trust anchors.
fn sign(folder: &Path, world: &SignedWorld) -> Result<PathBuf, PeerError> {
    let run = |program: &str, args: &[&str]| -> Result<String, PeerError> {
        let output = Command::new(program).args(args).current_dir(folder).output()?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            false => Err(PeerError::NotStarted("BIND", String::from_utf8_lossy(&output.stderr).into_owned())),
        }
    };
    let entry = run(KEYGEN, &["-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "."])?;
    run(KEYGEN, &["-q", "-a", "ECDSAP256SHA256", "."])?;
    let delegations: String = world.unsigned.iter().map(|(zone, _)| format!("{zone}. IN NS ns.\n")).collect();
    let zone = format!("{START}ns. IN A 127.0.0.1\n{}\n{delegations}", world.signed);
    fs::write(folder.join("root.zone"), zone)?;
    run(SIGN, &["-S", "-O", "full", "-o", ".", "-f", "root.signed", "root.zone"])?;
    let signed = fs::read_to_string(folder.join("root.signed"))?;
    let broken: String = signed.lines().map(|line| tamper(line, &world.tampered) + "\n").collect();
    fs::write(folder.join("root.signed"), broken)?;
    let keys = fs::read_to_string(folder.join(format!("{entry}.key")))?;
    let anchors: String =
        keys.lines().filter(|line| !line.starts_with(';')).map(|line| format!("{line}\n")).collect();
    let path = folder.join("anchors");
    fs::write(&path, anchors)?;
    Ok(path)
}

/// `NAME TTL IN RRSIG TYPE … SIGNATURE`: the signature is turned round.
fn tamper(line: &str, tampered: &[(String, String)]) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let hit = tampered.iter().any(|(name, kind)| {
        words.first().is_some_and(|owner| owner.trim_end_matches('.').eq_ignore_ascii_case(name))
            && words.get(3..5) == Some(&["RRSIG", kind][..])
    });
    match line.rsplit_once(' ') {
        Some((start, last)) if hit => {
            // The end stays, so that it is still base64.
            let (signature, end) = last.split_at(last.len() / 2);
            let turned: String = signature.chars().rev().collect();
            format!("{start} {turned}{end}")
        }
        _ => line.to_owned(),
    }
}

fn free_address() -> std::io::Result<SocketAddr> {
    loop {
        let address = crate::port::free()?;
        if UdpSocket::bind(address).is_ok() {
            return Ok(address);
        }
    }
}
