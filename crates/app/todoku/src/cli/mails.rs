//! Finds the mails in what the command line names: files, folders, standard input, mailboxes of any size.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// How much is held at once.
#[derive(Clone, Copy)]
struct Limits {
    /// How much of a mailbox is looked at together, in bytes.
    window: usize,
    /// Longest mail that is read whole, in bytes; of a longer one the beginning is read.
    mail_max: usize,
    /// What is kept of a mail that was told already, so that its end is found: its beginning and its latest bytes.
    stub: usize,
}

const LIMITS: Limits = Limits { window: 4 * 1024 * 1024, mail_max: 64 * 1024 * 1024, stub: 4 * 1024 };

/// What is done with each mail: the name of its file, and its bytes.
pub type Each<'a> = &'a mut dyn FnMut(&Path, &[u8]) -> io::Result<()>;

/// Hands over every mail under `path`, in the order of the names; `-` is standard input. Names that cannot be read
/// are told to `unreadable` and left out.
///
/// # Errors
/// What `each` fails with.
pub fn each_mail_under(
    path: &Path,
    each: Each<'_>,
    unreadable: &mut dyn FnMut(&Path, &io::Error),
) -> io::Result<()> {
    let mut waiting = vec![path.to_owned()];
    while let Some(path) = waiting.pop() {
        let mut failed = None;
        if path.is_dir() {
            match entries(&path) {
                Ok(inside) => waiting.extend(inside.into_iter().rev()),
                Err(error) => unreadable(&path, &error),
            }
            continue;
        }
        let mut keep = |mail: &[u8]| {
            each(&path, mail).map_err(|error| {
                let kind = error.kind();
                failed = Some(error);
                io::Error::from(kind)
            })
        };
        let read = match path.as_os_str() == "-" {
            true => each_mail(&mut io::stdin().lock(), LIMITS, &mut keep),
            false => File::open(&path).and_then(|mut file| each_mail(&mut file, LIMITS, &mut keep)),
        };
        match (failed, read) {
            (Some(error), _) => return Err(error),
            (None, Err(error)) => unreadable(&path, &error),
            (None, Ok(())) => {}
        }
    }
    Ok(())
}

/// Files and folders in a folder by name. Links to folders are not followed, since they may lead back.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut inside = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() || (path.is_dir() && !path.is_symlink()) {
            inside.push(path);
        }
    }
    inside.sort();
    Ok(inside)
}

/// Hands over every mail of a mailbox, or the one mail there is. Holds one window and one mail at most.
fn each_mail(
    reader: &mut dyn Read,
    limits: Limits,
    each: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut held = Vec::new();
    let mut wanted = limits.window;
    let mut is_first_told = false;
    loop {
        let at_end = fill(reader, &mut held, wanted)?;
        let mails = report::messages(&held);
        let whole = if at_end { mails.len() } else { mails.len() - 1 };
        for mail in &mails[usize::from(is_first_told).min(whole)..whole] {
            each(mail)?;
        }
        if at_end {
            return Ok(());
        }
        let is_long = held.len() >= limits.mail_max;
        let last = mails.last().map(|mail| mail.to_vec()).unwrap_or_default();
        if whole > 0 {
            is_first_told = false;
            held = last;
            wanted = held.len() + limits.window;
        } else if is_first_told || is_long {
            if !is_first_told {
                each(&last)?;
            }
            is_first_told = true;
            held = stub(&last, limits.stub);
            wanted = held.len() + limits.window;
        } else {
            wanted = held.len() * 2;
        }
    }
}

/// Reads until `held` has `wanted` bytes, and on to the end of a CRLF; true at the end of the input.
fn fill(reader: &mut dyn Read, held: &mut Vec<u8>, wanted: usize) -> io::Result<bool> {
    let more = wanted.saturating_sub(held.len()) as u64;
    let read = reader.take(more).read_to_end(held)? as u64;
    if read < more {
        return Ok(true);
    }
    if held.last() == Some(&b'\r') {
        return Ok(reader.take(1).read_to_end(held)? == 0);
    }
    Ok(false)
}

fn stub(mail: &[u8], bytes: usize) -> Vec<u8> {
    if mail.len() <= 2 * bytes {
        return mail.to_vec();
    }
    let begin = &mail[..bytes];
    let lines = memchr::memrchr(b'\n', begin).map_or(begin, |end| &begin[..=end]);
    [lines, &mail[mail.len() - bytes..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(number: usize, body: usize) -> String {
        format!(
            "From x Thu Apr 29 23:34:45 2027\nFrom: a{number}@b.example\nSubject: {number}\n\n{}\n\n",
            "line\n".repeat(body / 5)
        )
    }

    fn subjects(mailbox: &[u8]) -> Vec<String> {
        let mut seen = Vec::new();
        let mut reader = mailbox;
        let limits = Limits { window: 4_000, mail_max: 64_000, stub: 400 };
        each_mail(&mut reader, limits, &mut |mail| {
            let text = String::from_utf8_lossy(mail);
            seen.extend(text.lines().filter_map(|l| l.strip_prefix("Subject: ")).map(str::to_owned));
            Ok(())
        })
        .unwrap();
        seen
    }

    #[test]
    fn mails_are_found_across_windows() {
        let check = |mailbox: &str, expected: usize| {
            let wanted: Vec<String> = (0..expected).map(|n| n.to_string()).collect();
            assert_eq!(subjects(mailbox.as_bytes()), wanted);
            assert_eq!(subjects(mailbox.replace('\n', "\r\n").as_bytes()), wanted, "CRLF");
        };
        check("Subject: 0\nFrom: a@b.example\n\nhello\n", 1);
        check(&(0..3).map(|n| mail(n, 10)).collect::<String>(), 3);
        check(&(0..40).map(|n| mail(n, 400)).collect::<String>(), 40);
        check(&[mail(0, 10), mail(1, 9_000), mail(2, 10)].concat(), 3);
        check(&[mail(0, 73_000), mail(1, 10)].concat(), 2);
        assert_eq!(subjects(b""), Vec::<String>::new());
    }
}
