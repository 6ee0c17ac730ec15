//! A browser as small as a story needs it: pages over real HTTP, a cookie jar, forms with their token.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// How long a page may take.
const PAGE_MAX: Duration = Duration::from_secs(60);

/// One browser.
pub struct Browser {
    at: SocketAddr,
    cookies: BTreeMap<String, String>,
    agent: &'static str,
}

/// A page that came.
#[derive(Debug)]
pub struct Page {
    /// Its status.
    pub status: u16,
    /// Where it leads; empty when nowhere.
    pub location: String,
    /// Its text.
    pub body: String,
}

impl Page {
    /// Fails unless the page says all of these.
    pub fn says(&self, parts: &[&str]) -> &Self {
        for part in parts {
            assert!(self.body.contains(part), "{part} is not in {} {}", self.status, self.body);
        }
        self
    }
}

impl Browser {
    /// A browser that was nowhere yet.
    pub fn new(at: SocketAddr) -> Self {
        Self { at, cookies: BTreeMap::new(), agent: "Mozilla/5.0" }
    }

    /// The same under another name.
    pub fn calling_itself(self, agent: &'static str) -> Self {
        Self { agent, ..self }
    }

    /// Logs in.
    pub fn log_in(&mut self, login: &str, password: &str) -> Page {
        self.fill("/login", "/login", &format!("login={login}&password={}", password.replace(' ', "+")))
    }

    /// Opens a page.
    pub fn get(&mut self, path: &str) -> Page {
        self.request("GET", path, "text/plain", "")
    }

    /// Opens a page, takes its token and sends a form with it.
    pub fn fill(&mut self, page: &str, action: &str, form: &str) -> Page {
        let token = self.token(page);
        self.request("POST", action, "application/x-www-form-urlencoded", &format!("csrf={token}&{form}"))
    }

    /// Chooses a file on the upload page and sends it.
    pub fn upload(&mut self, text: &str) -> Page {
        self.drop_file("/imports/new", "/imports", ("customers.csv", "text/csv"), text)
    }

    /// Opens a page, takes its token and sends a file of this name and kind with it.
    pub fn drop_file(&mut self, page: &str, action: &str, (name, kind): (&str, &str), text: &str) -> Page {
        let token = self.token(page);
        let body = format!(
            "--b-9\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n\
             --b-9\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: {kind}\r\n\r\n{text}\r\n--b-9--\r\n"
        );
        self.request("POST", action, "multipart/form-data; boundary=b-9", &body)
    }

    fn token(&mut self, page: &str) -> String {
        let page = self.get(page);
        let mark = "name=\"csrf\" value=\"";
        let at = page.body.find(mark).unwrap_or_else(|| panic!("no form: {} {}", page.status, page.body));
        page.body[at + mark.len()..].split('"').next().expect("a first part").to_owned()
    }

    fn request(&mut self, method: &str, path: &str, kind: &str, body: &str) -> Page {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nCookie: {}\r\nAccept-Language: ja\r\nUser-Agent: {}\r\nContent-Length: {}\r\n\
             Content-Type: {kind}\r\n\r\n{body}",
            self.at,
            cookies.join("; "),
            self.agent,
            body.len(),
        );
        let mut stream = TcpStream::connect(self.at).expect("the pages answer");
        stream.set_read_timeout(Some(PAGE_MAX)).expect("a time-out");
        stream.write_all(request.as_bytes()).expect("the request goes out");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the page comes");
        self.read(&String::from_utf8_lossy(&answer))
    }

    fn read(&mut self, answer: &str) -> Page {
        let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        let mut location = String::new();
        for line in head.lines().skip(1) {
            let Some((name, value)) = line.split_once(':') else { continue };
            match name.to_ascii_lowercase().as_str() {
                "location" => value.trim().clone_into(&mut location),
                "set-cookie" => self.keep(value.trim()),
                _ => {}
            }
        }
        Page { status, location, body: body.to_owned() }
    }

    fn keep(&mut self, cookie: &str) {
        let pair = cookie.split(';').next().and_then(|pair| pair.split_once('='));
        let (name, value) = pair.expect("a cookie has a name");
        if cookie.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}
