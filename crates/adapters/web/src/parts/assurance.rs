//! How a message was protected on its way, in a sentence: encrypted or not, towards whom, and who had asked for it.

use delivery::tls::{Basis, Proof};
use evidence::history::RecordedAttempt;

use crate::say::{Say, t};

/// 「暗号化: TLS 1.3(証明書を確認済み・DANE)」; `None` where no server was talked to.
pub(crate) fn sentence(say: Say, attempt: &RecordedAttempt) -> Option<String> {
    let assurance = &attempt.assurance;
    let Some(tls) = &attempt.tls else {
        // A connection that failed before anything could be said is told by its trouble.
        let clear = matches!(assurance.proof, Proof::Clear(_));
        return clear.then(|| t!(say, "chain-clear"));
    };
    let version = version(tls);
    let Some(proof) = proof(say, &assurance.proof) else {
        return Some(t!(say, "chain-tls", version = version));
    };
    Some(match basis(say, &assurance.basis) {
        Some(basis) => t!(say, "chain-tls-asked", version = version, proof = proof, basis = basis),
        None => t!(say, "chain-tls-proof", version = version, proof = proof),
    })
}

/// What stands behind it, folded: why nobody could be verified, why it went in clear, the policy's version.
pub(crate) fn data(attempt: &RecordedAttempt) -> Option<String> {
    let assurance = attempt.assurance.to_string();
    let known = attempt.assurance.proof != Proof::Unknown;
    known.then_some(assurance)
}

fn proof(say: Say, proof: &Proof) -> Option<String> {
    match proof {
        Proof::Unknown | Proof::Clear(_) => None,
        Proof::Unverified(_) => Some(t!(say, "chain-proof-unverified")),
        Proof::Pkix | Proof::DaneEe | Proof::DaneTa => Some(t!(say, "chain-proof-verified")),
    }
}

fn basis(say: Say, basis: &Basis) -> Option<String> {
    match basis {
        Basis::Nobody => None,
        Basis::Owner => Some(t!(say, "chain-basis-owner")),
        Basis::MtaSts { enforce: true, .. } => Some("MTA-STS".to_owned()),
        Basis::MtaSts { enforce: false, .. } => Some(t!(say, "chain-basis-testing")),
        Basis::Dane => Some("DANE".to_owned()),
    }
}

/// `TLSv1.3 TLS13_AES…` → `TLS 1.3`.
fn version(tls: &str) -> String {
    let word = tls.split(' ').next().unwrap_or_default();
    word.replacen("TLSv", "TLS ", 1)
}

#[cfg(test)]
mod tests {
    use delivery::tls::Assurance;

    use super::*;

    fn check(tls: Option<&str>, assurance: &str, expected: Option<&str>) {
        let attempt = RecordedAttempt {
            source_id: 1,
            source_name: String::new(),
            number: 1,
            started_at: 0,
            ended_at: 0,
            host: "mx.example".into(),
            peer_address: "192.0.2.1:25".into(),
            tls: tls.map(str::to_owned),
            assurance: Assurance::read(assurance),
            stage: mail::Stage::Content,
            reply: None,
            trouble: None,
            detail: String::new(),
            state: delivery::recipient::State::Accepted,
            next_at: None,
            verdict: None,
        };
        let seen =
            sentence(Say::default(), &attempt).map(|words| words.replace(['\u{2068}', '\u{2069}'], ""));
        assert_eq!(seen.as_deref(), expected, "{assurance}");
    }

    #[test]
    fn sentences() {
        let tls = Some("TLSv1.3 TLS13_AES_256_GCM_SHA384");
        check(tls, "dane dane-ee", Some("暗号化: TLS 1.3(証明書を確認済み・DANE)"));
        check(tls, "dane dane-ta", Some("暗号化: TLS 1.3(証明書を確認済み・DANE)"));
        check(tls, "mta-sts:7 pkix", Some("暗号化: TLS 1.3(証明書を確認済み・MTA-STS)"));
        check(
            tls,
            "mta-sts-testing:7 unverified:expired",
            Some("暗号化: TLS 1.3(証明書は確認できませんでした・MTA-STS(試験中))"),
        );
        check(tls, "owner pkix", Some("暗号化: TLS 1.3(証明書を確認済み・この宛先に必須と設定)"));
        check(tls, "opportunistic pkix", Some("暗号化: TLS 1.3(証明書を確認済み)"));
        check(tls, "opportunistic unverified:x", Some("暗号化: TLS 1.3(証明書は確認できませんでした)"));
        check(tls, "", Some("暗号化: TLS 1.3"));
        check(None, "opportunistic clear:not offered", Some("暗号化: なし"));
        check(None, "", None);
    }
}
