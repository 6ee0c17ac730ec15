//! Story: the access token of a smart host is asked for anew before it ends; a refusal is explained on the source's page.

use std::{
    fs,
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use delivery::{
    hop::{AuthMechanism, Login, TlsMode},
    ports::SourceStore,
    source::{
        FIRST_SOURCE, SmartHost, SourceDraft, Way,
        token::{TokenRenewal, TokenStore},
    },
};
use testkit::SimulatorConfig;

use crate::{
    stage::{Settings, Stage, not_run, now, wait_until},
    tls::certificates,
};

const SOON: Duration = Duration::from_secs(60);
const PYTHON: &str = "/usr/bin/python3";

/// Gives a token for the refresh token `good`, with the next refresh token; notes what it was asked.
const SERVER: &str = r#"
import http.server, json, ssl, sys, urllib.parse
folder, port = sys.argv[1], int(sys.argv[2])
class Token(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = dict(urllib.parse.parse_qsl(body))
        open(folder + "/asked", "a").write(json.dumps(asked) + "\n")
        good = asked.get("refresh_token") == "good" and asked.get("client_secret") == "himitsu &="
        answer = ({"access_token": "fresh-1", "expires_in": 3600, "refresh_token": "next"} if good
                  else {"error": "invalid_grant", "error_description": "Token has been expired or revoked."})
        data = json.dumps(answer).encode()
        self.send_response(200 if good else 400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def log_message(self, *words): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Token)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"#;

fn token_server(folder: &Path, port: u16) -> Child {
    let script = folder.join("token.py");
    fs::write(&script, SERVER).expect("written");
    let mut command = Command::new(PYTHON);
    command.arg(script).arg(folder).arg(port.to_string()).stderr(Stdio::null());
    command.spawn().expect("python3 starts")
}

fn relay() -> SourceDraft {
    let login = Login {
        mechanism: AuthMechanism::XOAuth2,
        name: "shop@gmail.example".into(),
        password: "old".into(),
    };
    let host = SmartHost {
        host: "smtp.gmail.example".into(),
        port: 587,
        tls: TlsMode::StartTls,
        login: Some(login),
    };
    SourceDraft { name: "Gmail".into(), way: Way::SmartHost(host), ..SourceDraft::default() }
}

fn renewal(refresh_token: &str) -> TokenRenewal {
    TokenRenewal {
        token_url: "https://reports.sts.example/token".into(),
        client_id: "shop.apps.example".into(),
        client_secret: "himitsu &=".into(),
        refresh_token: refresh_token.into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_before_it_ends_and_a_refusal_is_explained() {
    if !Path::new(PYTHON).exists() {
        return not_run("the package python3 is not installed");
    }
    let stage = Stage::set(SimulatorConfig::default(), Settings::default()).await;
    stage.add_owner();
    let at = stage.folder.path();
    certificates(at);
    let https = testkit::port::free().expect("a free port");
    let mut server = token_server(at, https.port());
    wait_until("HTTPS", SOON, async || TcpStream::connect(https).is_ok()).await;
    stage.world.dns.add("reports.sts.example", "A", "127.0.0.1").expect("published");
    let text = fs::read_to_string(&stage.node.config).expect("it was written");
    let tls = format!("[tls]\nhttps_port = {}\nextra_roots = {:?}\n", https.port(), at.join("authority.pem"));
    fs::write(&stage.node.config, text + &tls).expect("written");
    let store = stage.store().await;
    store.save_source(Some(FIRST_SOURCE), &relay(), None, now()).await.expect("stored");
    store.set_token_renewal(FIRST_SOURCE, Some(&renewal("good"))).await.expect("stored");

    let _program = stage.serve();
    let password = async || match store.source(FIRST_SOURCE).await.expect("asked").expect("there").draft.way {
        Way::SmartHost(SmartHost { login: Some(login), .. }) => login.password,
        other => panic!("{other:?}"),
    };
    wait_until("a fresh token", SOON, async || password().await == "fresh-1").await;
    let standing = store.token_renewals().await.expect("asked").remove(0);
    assert_eq!((standing.renewal.refresh_token.as_str(), standing.trouble), ("next", None));
    assert!(standing.expires_at.is_some_and(|ends| ends > now() + 3_000_000));
    let mut browser = stage.log_in();
    let page = browser.get("/sources/1");
    page.says(&["アクセストークン", "自動で更新しています"]);
    assert!(!page.body.contains("fresh-1") && !page.body.contains("himitsu"), "{}", page.body);

    // The permission is taken back at the provider.
    store.set_token_renewal(FIRST_SOURCE, Some(&renewal("revoked"))).await.expect("stored");
    let refused = async || store.token_renewals().await.expect("asked").remove(0).trouble.is_some();
    wait_until("the refusal", SOON, refused).await;
    browser
        .get("/sources/1")
        .says(&["許可が取り消されたか、期限が切れました", "Token has been expired or revoked."]);
    browser.get("/sources/1/edit").says(&["更新用トークン", "https://reports.sts.example/token"]);
    assert!(!browser.get("/sources/1/edit").body.contains("revoked\""));
    assert_eq!(password().await, "fresh-1", "the old one stays until there is another");
    let asked = fs::read_to_string(at.join("asked")).expect("it was asked");
    assert!(asked.contains("\"grant_type\": \"refresh_token\""), "{asked}");
    let _ended = server.kill();
    let _reaped = server.wait();
}
