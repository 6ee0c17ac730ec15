//! Measures how many messages one core signs in a second, with one key and with two; run it with `--release`.

use std::time::Instant;

use authentication::{Algorithm, Signer, generate};

const ROUNDS: u32 = 10_000;

fn main() {
    let rsa = generate(Algorithm::Rsa2048).expect("a key");
    let ed25519 = generate(Algorithm::Ed25519).expect("a key");
    let head = "Date: Sat, 21 Nov 2026 10:34:56 +0000\r\nFrom: Shop <info@shop.example>\r\nTo: a@customer.example\r\n\
                Subject: =?UTF-8?B?6Iqx44Gu5bqX?=\r\nMessage-ID: <1@shop.example>\r\nMIME-Version: 1.0\r\n\
                Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let line = "44GE44Gk44KC44GU5Yip55So44GC44KK44GM44Go44GG44GU44GW44GE44G+44GZ44CC44GE44Gk\r\n";
    for lines in [25, 60, 1_250] {
        let message = format!("{head}{}", line.repeat(lines));
        let second = Some(("t2", ed25519.private_pem_or_der.as_str()));
        for (name, second) in [("RSA", None), ("RSA and Ed25519", second)] {
            let signer =
                Signer::new("shop.example", ("t1", &rsa.private_pem_or_der), second).expect("a signer");
            let start = Instant::now();
            for n in 0..ROUNDS {
                let signed = signer.sign(message.as_bytes(), i64::from(n) * 1_000).expect("a signature");
                assert!(!signed.is_empty());
            }
            let each = f64::from(ROUNDS) / start.elapsed().as_secs_f64();
            println!("{name}, {} bytes: {each:.0} messages/s", message.len());
        }
    }
}
