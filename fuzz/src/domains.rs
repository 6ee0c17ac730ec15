//! DNS answers from strangers: SPF evaluated, and a domain judged.

use authentication::{Answer, Answers, DkimKey, DomainPlan, Judgement, SpfQuery};

use crate::texts;

/// A name, and the kind of record.
type Question = (String, &'static str);

/// Rounds of questions that are answered; SPF alone may follow ten references.
const ROUNDS_MAX: usize = 40;
/// Questions answered in all.
const QUESTIONS_MAX: usize = 500;

/// The answers in the order they are asked for, again from the first when they run out.
pub fn dns(bytes: &[u8]) {
    let texts = texts(bytes);
    let mut next = texts.iter().cycle();
    let mut answer = || match next.next().map(String::as_str) {
        None | Some("") => Answer::NotFound,
        Some("!") => Answer::Trouble("no answer".to_owned()),
        Some(text) => Answer::Found(text.split('\n').map(str::to_owned).collect()),
    };
    let mut answers = Answers::new();
    let ip = [192, 0, 2, 1].into();
    let query =
        SpfQuery { ip, domain: "hanaya.example", sender: "a.b-c@hanaya.example", helo: "mx.hanaya.example" };
    let spf = |answers: &Answers| authentication::check_spf(&query, answers).err();
    ask_until_done(&mut answers, &mut answer, &spf);
    let ips = [ip];
    let plan = plan(&ips);
    let judged = |answers: &Answers| match authentication::judge(&plan, answers) {
        Judgement::Need(questions) => Some(questions),
        Judgement::Done(standings) => {
            assert!(standings.iter().all(|standing| !standing.ja.is_empty() && !standing.en.is_empty()));
            None
        }
    };
    ask_until_done(&mut answers, &mut answer, &judged);
}

fn plan(ips: &[std::net::IpAddr]) -> DomainPlan<'_> {
    DomainPlan {
        domain: "hanaya.example",
        return_path_domain: "bounce.hanaya.example",
        mail_host: "mx.todoku.example",
        sending_ips: ips,
        smart_host_spf: Some("spf.relay.example"),
        rsa: DkimKey { selector: "t1", public_base64: "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A" },
        ed25519: Some(DkimKey { selector: "t2", public_base64: "BBBB" }),
        dmarc_rua: Some("dmarc@todoku.example"),
    }
}

/// Every question is new, and there is an end to them.
fn ask_until_done(
    answers: &mut Answers,
    answer: &mut dyn FnMut() -> Answer,
    ask: &dyn Fn(&Answers) -> Option<Vec<Question>>,
) {
    for _ in 0..ROUNDS_MAX {
        let Some(questions) = ask(answers) else { return };
        assert!(!questions.is_empty());
        for question in questions {
            assert!(question.0.len() <= 253);
            assert!(answers.insert(question, answer()).is_none(), "asked again");
        }
        assert!(answers.len() <= QUESTIONS_MAX, "too many questions");
    }
    panic!("the questions do not end");
}
