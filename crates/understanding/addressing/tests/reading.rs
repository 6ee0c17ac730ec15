//! What people type, one line each, and how it is read.

use addressing::{AddressVerdict, NoteKind, read};
use proptest::prelude::*;

/// `Verdict address kinds -> suggestion`, without the parts that are empty.
fn summary(input: &str) -> String {
    let reading = read(input);
    let mut words = vec![format!("{:?}", reading.verdict)];
    words.extend(reading.address.map(|address| address.to_string()));
    words.extend(reading.notes.iter().map(|note| format!("{:?}", note.kind)));
    words.extend(reading.suggestion.map(|s| format!("-> {} {:?}", s.address, s.strength)));
    words.join(" ")
}

fn check(input: &str, expected: &str) {
    assert_eq!(summary(input), expected, "{input:?}");
}

#[test]
fn plain() {
    check("hanako@docomo.ne.jp", "Good hanako@docomo.ne.jp");
    check("Hanako@Docomo.NE.JP", "Good Hanako@docomo.ne.jp");
    check("hanako+shop@gmail.com", "Good hanako+shop@gmail.com");
    check("hanako@shop.example", "Good hanako@shop.example");
    check("hanako@mail.shop.example", "Good hanako@mail.shop.example");
    check("h/a?n=a'ko@docomo.ne.jp", "Good h/a?n=a'ko@docomo.ne.jp");
    check("-_hanako_-@ezweb.ne.jp", "Good -_hanako_-@ezweb.ne.jp");
    check("09000000000@softbank.ne.jp", "Good 09000000000@softbank.ne.jp");
}

#[test]
fn full_width() {
    check("ｈａｎａｋｏ＠ｄｏｃｏｍｏ．ｎｅ．ｊｐ", "Good hanako@docomo.ne.jp FullWidth");
    check("hanako＠docomo.ne.jp", "Good hanako@docomo.ne.jp FullWidth");
    check("hanako@docomo。ne。jp", "Good hanako@docomo.ne.jp FullWidth");
    check("hana＿ko@docomo.ne.jp", "Good hana_ko@docomo.ne.jp FullWidth");
    check("hanaーko@docomo.ne.jp", "Good hana-ko@docomo.ne.jp Dash");
    check("hana−ko@so‐net.ne.jp", "Good hana-ko@so-net.ne.jp Dash");
    check("hanako@ｘ．ｅｘａｍｐｌｅ", "Good hanako@x.example FullWidth");
    check("＜hanako@x.example＞", "Good hanako@x.example FullWidth AngleBrackets");
}

#[test]
fn surroundings() {
    check(" hanako@x.example ", "Good hanako@x.example Space");
    check("\u{3000}hanako@x.example\u{3000}", "Good hanako@x.example Space");
    check("hanako@x.example\r\n", "Good hanako@x.example Space");
    check("\u{a0}hanako@x.example", "Good hanako@x.example Space");
    check("\u{feff}hanako@x.example\u{200b}", "Good hanako@x.example Invisible");
    check("hanako @ x.example", "Good hanako@x.example SpaceInside");
    check("hanako@x. example", "Good hanako@x.example SpaceInside");
    check("hanako yama@x.example", "Rejected SpaceBetween -> hanakoyama@x.example Pattern");
    check("hanako@docomo ne jp", "Rejected SpaceBetween -> hanako@docomo.ne.jp Pattern");
    check("Hanako Suzuki h@x.example", "Rejected SpaceBetween -> h@x.example Pattern");
    check("Hanako h@x.example", "Rejected SpaceBetween -> h@x.example Pattern");
    check("h@docomo.ne.jp 090-0000-0000", "Rejected SpaceBetween -> h@docomo.ne.jp Pattern");
    check("h@exam ple.example", "Rejected SpaceBetween -> h@example.example Pattern");
    check("h@shop.co jp", "Rejected SpaceBetween -> h@shop.co.jp Pattern");
    check("<hanako@x.example>", "Good hanako@x.example AngleBrackets");
    check("<hanako@x.example", "Good hanako@x.example AngleBrackets");
    check("hanako@x.example>", "Good hanako@x.example TrailingDot");
    check("\"hanako@x.example\"", "Good hanako@x.example Quotes");
    check("「hanako@x.example」", "Good hanako@x.example Quotes");
    check("“hanako@x.example”", "Good hanako@x.example Quotes");
    check("mailto:hanako@x.example", "Good hanako@x.example MailtoPrefix");
    check("MAILTO:hanako@x.example?subject=hi", "Good hanako@x.example MailtoPrefix");
    check("http://hanako@x.example", "Good hanako@x.example MailtoPrefix");
    check("www.hanako@x.example", "Warning hanako@x.example WwwPrefix");
    check("www.WWW.hanako@x.example", "Warning hanako@x.example WwwPrefix");
    check("www.@x.example", "Warning \"www.\"@x.example LegacyFormElsewhere");
    check("hanako@www.docomo.ne.jp", "Warning hanako@docomo.ne.jp WwwPrefix");
    check("hanako@www.shop.example", "Good hanako@www.shop.example");
    check("hanako@docomo.ne.jp.", "Good hanako@docomo.ne.jp TrailingDot");
    check("hanako@docomo.ne.jp、", "Good hanako@docomo.ne.jp TrailingDot");
    check("hanako@docomo.ne.jp。", "Good hanako@docomo.ne.jp TrailingDot");
}

#[test]
fn names_beside() {
    check("花子 <h@x.example>", "Good h@x.example DisplayName");
    check("花子<h@x.example>", "Good h@x.example DisplayName");
    check("\"花子\" <h@x.example>", "Good h@x.example DisplayName");
    check("花子＜ｈ@x.example＞", "Good h@x.example FullWidth DisplayName");
    check("h@x.example (花子)", "Good h@x.example DisplayName Space");
    check("h@x.example（花子）", "Good h@x.example FullWidth DisplayName");
    check("h@x.example <花子>", "Good h@x.example DisplayName Space");
    check("花子 h@x.example", "Good h@x.example DisplayName");
    check("h@x.example 花子様", "Good h@x.example DisplayName");
    check("メール：h@x.example", "Good h@x.example FullWidth DisplayName");
    check("hana:ko@x.example", "Rejected LocalCharacter");
    check("花子h@x.example", "Rejected LocalCharacter -> h@x.example Pattern");
    check("h@docomo.ne.jp様", "Rejected DomainCharacter -> h@docomo.ne.jp Pattern");
    check("h@例え.jpです", "Rejected DomainCharacter -> h@xn--r8jz45g.jp Pattern");
    check("E-mail: h@x.example", "Good h@x.example DisplayName Space");
}

#[test]
fn old_carrier_forms() {
    check("a..b@docomo.ne.jp", "Warning \"a..b\"@docomo.ne.jp LegacyForm");
    check("abc.@ezweb.ne.jp", "Warning \"abc.\"@ezweb.ne.jp LegacyForm");
    check(".abc@softbank.ne.jp", "Warning \".abc\"@softbank.ne.jp LegacyForm");
    check("\"a..b\"@docomo.ne.jp", "Warning \"a..b\"@docomo.ne.jp LegacyForm");
    check("abc.@Docomo.ne.jp", "Warning \"abc.\"@docomo.ne.jp LegacyForm");
    check("ａｂｃ．＠ｅｚｗｅｂ．ｎｅ．ｊｐ", "Warning \"abc.\"@ezweb.ne.jp FullWidth LegacyForm");
    check("abc.@x.example", "Warning \"abc.\"@x.example LegacyFormElsewhere");
    check("abc.@gmail.com", "Warning \"abc.\"@gmail.com LegacyFormElsewhere");
    check("\"a b\"@x.example", "Warning \"a b\"@x.example Quoted");
    check("\"abc\"@x.example", "Good abc@x.example");
    check("\"a\\\"b\"@x.example", "Warning \"a\\\"b\"@x.example Quoted");
    check("\"a@b\"@x.example", "Warning \"a@b\"@x.example Quoted");
}

#[test]
fn typos() {
    check("h@gmai.com", "Warning h@gmai.com Hostile -> h@gmail.com Hostile");
    check("h@gmeil.com", "Warning h@gmeil.com Hostile -> h@gmail.com Hostile");
    check("h@dokomo.ne.jp", "Warning h@dokomo.ne.jp Typo -> h@docomo.ne.jp Reported");
    check("h@i.softbank.ne.jp", "Warning h@i.softbank.ne.jp Typo -> h@i.softbank.jp Reported");
    check("h@docomo.co.jp", "Warning h@docomo.co.jp Typo -> h@docomo.ne.jp Pattern");
    check("h@softbank.jp", "Warning h@softbank.jp Typo -> h@softbank.ne.jp Pattern");
    check("h@DOCMO.ne.jp", "Warning h@docmo.ne.jp Typo -> h@docomo.ne.jp Pattern");
    check("h@doomo.ne.jp", "Warning h@doomo.ne.jp Typo -> h@docomo.ne.jp Distance");
    check("h@docoom.ne.jp", "Warning h@docoom.ne.jp Typo -> h@docomo.ne.jp Distance");
    check("h@docomo.ne.jpp", "Warning h@docomo.ne.jpp Typo -> h@docomo.ne.jp Distance");
    check("h@shop.con", "Warning h@shop.con Typo -> h@shop.com Pattern");
    check("h@shop.cmo", "Warning h@shop.cmo Typo -> h@shop.com Pattern");
    check("h@shop.co.jo", "Warning h@shop.co.jo Typo -> h@shop.co.jp Pattern");
    check("h@shop.nejp", "Warning h@shop.nejp Typo -> h@shop.ne.jp Pattern");
    check("h@gmаil.com", "Warning h@xn--gmil-63d.com Idn Hostile -> h@gmail.com Hostile");
    check(
        "a..b@docmo.ne.jp",
        "Warning \"a..b\"@docmo.ne.jp LegacyFormElsewhere Typo -> \"a..b\"@docomo.ne.jp Pattern",
    );
}

#[test]
fn live_domains_are_left_alone() {
    check("h@yahoo.ne.jp", "Good h@yahoo.ne.jp LiveDomain");
    check("h@yahoo.co.jp", "Good h@yahoo.co.jp");
    check("h@yahoo.com", "Good h@yahoo.com LiveDomain");
    check("h@outlook.jp", "Good h@outlook.jp");
    check("h@hotmail.co.jp", "Good h@hotmail.co.jp");
    check("h@ymail.com", "Good h@ymail.com");
    check("h@email.com", "Good h@email.com");
    check("h@mail.com", "Good h@mail.com");
    check("h@ybb.ne.jp", "Good h@ybb.ne.jp");
    check("h@mac.com", "Good h@mac.com");
    check("h@eu.com", "Good h@eu.com");
}

#[test]
fn roles() {
    check("info@x.example", "Good info@x.example RoleAddress");
    check("No-Reply@x.example", "Warning No-Reply@x.example NoReply");
    check("informal@x.example", "Good informal@x.example");
}

#[test]
fn foreign_domains() {
    check("h@例え.jp", "Good h@xn--r8jz45g.jp Idn");
    check("h@ラーメン.jp", "Good h@xn--4dkp5a8a.jp Idn");
    check("h@xn--r8jz45g.jp", "Good h@xn--r8jz45g.jp");
    check("h@☃.jp", "Good h@xn--n3h.jp Idn");
    check("h@a\u{ff3b}b.jp", "Rejected FullWidth DomainCharacter");
    check("花子@x.example", "Rejected LocalCharacter");
}

#[test]
fn without_an_at() {
    check("hanako", "Rejected NoAt");
    check("hanako.docomo.ne.jp", "Rejected NoAt -> hanako@docomo.ne.jp Pattern");
    check("hanakodocomo.ne.jp", "Rejected NoAt -> hanako@docomo.ne.jp Pattern");
    check("hanako[i.softbank.jp", "Rejected NoAt -> hanako@i.softbank.jp Pattern");
    check("hanako(at)x.example", "Rejected NoAt -> hanako@x.example Pattern");
    check("hanako★docomo.ne.jp", "Rejected NoAt -> hanako@docomo.ne.jp Pattern");
    check("hanakoアットマークx.example", "Rejected NoAt -> hanako@x.example Pattern");
    check("docomo.ne.jp", "Rejected NoAt");
    check("花子docomo.ne.jp", "Rejected NoAt");
    check("090-0000-0000", "Rejected NoAt");
}

#[test]
fn with_too_many_ats() {
    check("h@@x.example", "Rejected TwoAts -> h@x.example Pattern");
    check("@h@x.example", "Rejected TwoAts -> h@x.example Pattern");
    check("h@i@x.example", "Rejected TwoAts");
    check("a@x.example,b@x.example", "Rejected SeveralAddresses");
    check("a@x.example、b@x.example", "Rejected SeveralAddresses");
    check("a@x.example; b@x.example", "Rejected SeveralAddresses");
    check("a@x.example b@x.example", "Rejected SeveralAddresses");
    check("花子 <a@x.example>, 太郎 <b@x.example>", "Rejected SeveralAddresses");
}

#[test]
fn rejected() {
    check("", "Rejected Empty");
    check("  \u{3000}", "Rejected Space Empty");
    check("@x.example", "Rejected EmptyLocal");
    check("h@", "Rejected EmptyDomain");
    check("@", "Rejected EmptyLocal");
    check("h@docomo,ne,jp", "Rejected CommaForDot -> h@docomo.ne.jp Pattern");
    check("h@docomo，ne，jp", "Rejected FullWidth CommaForDot -> h@docomo.ne.jp Pattern");
    check("h@docomo、ne、jp", "Rejected CommaForDot -> h@docomo.ne.jp Pattern");
    check("h@docomo・ne・jp", "Rejected CommaForDot -> h@docomo.ne.jp Pattern");
    check("han,ako@docomo.ne.jp", "Rejected CommaForDot -> han.ako@docomo.ne.jp Pattern");
    check("h@gmal,com", "Rejected CommaForDot -> h@gmail.com Reported");
    check("h(x@x.example", "Rejected LocalCharacter");
    check("h\"x@x.example", "Rejected LocalCharacter");
    check("\"hx@x.example", "Rejected LocalCharacter");
    check("\"h\"x\"@x.example", "Rejected BrokenQuotes");
    check("h@x!y.example", "Rejected DomainCharacter");
    check("h@x/y.example", "Rejected DomainCharacter");
    check("h@docomo..ne.jp", "Rejected DomainDots -> h@docomo.ne.jp Pattern");
    check("h@.docomo.ne.jp", "Rejected DomainDots -> h@docomo.ne.jp Pattern");
    check("h@-x.example", "Rejected DomainHyphen");
    check("h@x_y.example", "Warning h@x_y.example DomainUnderscore");
    check("h@docomo", "Rejected NoTld -> h@docomo.ne.jp Pattern");
    check("h@gmailcom", "Rejected NoTld -> h@gmail.com Pattern");
    check("h@docomonejp", "Rejected NoTld -> h@docomo.ne.jp Pattern");
    check("h@localhost", "Rejected NoTld");
    check("h@docomo.ne.j", "Rejected Domain -> h@docomo.ne.jp Pattern");
    check("h@x.123", "Rejected Domain");
    check("h@x.1a", "Rejected Domain");
    check("h@x.日本", "Good h@x.xn--wgv71a Idn");
    check("h@192.0.2.1", "Rejected IpLiteral");
    check("h@[192.0.2.1]", "Rejected IpLiteral");
    check("h@[IPv6:2001:db8::1]", "Rejected IpLiteral");
    check("h@x.example\r\nBcc: y@y.example", "Rejected LineBreak");
    check("h\n@x.example", "Rejected LineBreak");
    check("h\u{2028}@x.example", "Rejected LineBreak");
    check("h\u{0}@x.example", "Rejected ControlCharacter");
    check("h\t@x.example", "Rejected ControlCharacter");
    check(&format!("{}@x.example", "a".repeat(65)), "Rejected TooLong");
    check(&format!("h@{}.example", "a".repeat(64)), "Rejected Domain");
    check(&format!("h@{}example", "a.".repeat(130)), "Rejected TooLong");
    check(&"あ".repeat(2000), "Rejected TooLong");
}

#[test]
fn sentences_name_what_was_typed() {
    let reading = read("h@gmai.com");
    let note = reading.notes.iter().find(|note| note.kind == NoteKind::Hostile).expect("noted");
    assert!(note.ja.contains("gmai.com") && note.ja.contains("gmail.com"), "{}", note.ja);
    let softbank = read("h@softbank.jp").suggestion.expect("suggested");
    assert!(softbank.ja.contains("h@i.softbank.jp"), "{}", softbank.ja);
}

#[test]
fn json_has_the_provider_as_its_id() {
    let json = serde_json::to_value(read("h@docomo.ne.jp")).expect("plain values");
    assert_eq!(json["provider"], "docomo");
    assert_eq!(json["address"], "h@docomo.ne.jp");
    assert_eq!(json["verdict"], "good");
    let json = serde_json::to_value(read("ｈ@gmai.com")).expect("plain values");
    assert_eq!(json["notes"][0]["kind"], "full_width");
    assert_eq!(json["suggestion"]["strength"], "hostile");
    assert!(json["provider"].is_null());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn any_text_is_read(input in "\\PC{0,40}") {
        sound(&input)?;
    }

    #[test]
    fn nearly_addresses_are_read(input in "[a-cＡ\\.\\-\"<>()@＠,、・ー。 \u{3000}\r\n\\\\:;\\[\\]www花子０]{0,12}@?[a-c@,\\. 。ー]{0,6}(docomo|gmai|yahoo)?[\\.,。]?(ne|co)?[\\.,。 ]?(jp|jo|com|con)?[\\.> \"'\\)]{0,3}") {
        sound(&input)?;
    }
}

fn sound(input: &str) -> Result<(), TestCaseError> {
    let reading = read(input);
    prop_assert_eq!(&reading.input, input);
    prop_assert_eq!(reading.address.is_none(), reading.verdict == AddressVerdict::Rejected);
    let suggested = reading.suggestion.iter().map(|s| s.address.clone());
    for text in reading.address.iter().map(ToString::to_string).chain(suggested) {
        prop_assert!(!text.chars().any(char::is_control), "{text:?}");
        prop_assert_eq!(mail::Address::parse(&text).map(|a| a.to_string()), Ok(text));
    }
    for text in reading.address.iter().map(ToString::to_string).chain(reading.suggestion.map(|s| s.address)) {
        let again = read(&text).address.map(|address| address.to_string());
        prop_assert_eq!(again, Some(text), "what was read once is read the same again");
    }
    for note in &reading.notes {
        prop_assert!(!note.ja.contains(['{', '\r', '\n']) || input.contains('{'), "{}", note.ja);
    }
    Ok(())
}
