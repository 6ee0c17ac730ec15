//! From the octets of a question to the octets of an answer (RFC 1035, RFC 6891).

use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, Query, ResponseCode},
    rr::{Name, RData, Record, RecordType, rdata::SOA},
};

use super::zone::{Fault, Found, Zone};

/// Largest UDP answer without EDNS, octets (RFC 1035 section 4.2.1).
const UDP_BYTES: u16 = 512;
/// CNAMEs followed for one question.
const CNAMES_MAX: usize = 8;
const TTL_SECS: u32 = 5;

/// How the question came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Udp,
    Tcp,
}

/// `None`: say nothing.
pub(super) fn answer(question: &[u8], zone: &Zone, transport: Transport) -> Option<Vec<u8>> {
    let asked = Message::from_vec(question).ok()?;
    if asked.metadata.message_type != MessageType::Query {
        return None;
    }
    let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
    answer.metadata.recursion_desired = asked.metadata.recursion_desired;
    answer.metadata.recursion_available = true;
    answer.metadata.authoritative = true;
    if let Some(edns) = &asked.edns {
        let mut ours = Edns::new();
        ours.set_max_payload(1232).set_dnssec_ok(edns.flags().dnssec_ok);
        answer.set_edns(ours);
    }
    match asked.queries.first() {
        Some(query) if asked.metadata.op_code == OpCode::Query => {
            answer.add_query(query.clone());
            fill(&mut answer, query, zone)?;
        }
        _ => answer.metadata.response_code = ResponseCode::NotImp,
    }
    let octets = answer.to_vec().ok()?;
    let room = asked.edns.as_ref().map_or(UDP_BYTES, |edns| edns.max_payload().max(UDP_BYTES));
    if transport == Transport::Udp && octets.len() > usize::from(room) {
        return answer.truncate().to_vec().ok();
    }
    Some(octets)
}

/// `None` where the name does not answer at all.
fn fill(answer: &mut Message, query: &Query, zone: &Zone) -> Option<()> {
    let mut name = query.name().clone();
    for _ in 0..CNAMES_MAX {
        let records = match zone.find(&name, query.query_type()) {
            Found::Records(records) => records,
            Found::NoSuchName => {
                answer.metadata.response_code = ResponseCode::NXDomain;
                answer.add_authority(soa());
                return Some(());
            }
            Found::Fault(Fault::Timeout) => return None,
            Found::Fault(Fault::ServFail) => {
                answer.metadata.response_code = ResponseCode::ServFail;
                return Some(());
            }
            Found::Fault(Fault::Refused) => {
                answer.metadata.response_code = ResponseCode::Refused;
                return Some(());
            }
        };
        if records.is_empty() {
            answer.add_authority(soa());
        }
        let alias = records.iter().find_map(|record| match record {
            RData::CNAME(target) if query.query_type() != RecordType::CNAME => Some(target.0.clone()),
            _ => None,
        });
        let owner = name.clone();
        answer
            .add_answers(records.into_iter().map(|rdata| Record::from_rdata(owner.clone(), TTL_SECS, rdata)));
        match alias {
            Some(target) => name = target,
            None => return Some(()),
        }
    }
    answer.metadata.response_code = ResponseCode::ServFail;
    Some(())
}

/// Tells a resolver how long "there is none" holds (RFC 2308).
fn soa() -> Record {
    let name = |text| Name::from_ascii(text).expect("a host name written in this file");
    let soa = SOA::new(name("ns.todoku.test."), name("hostmaster.todoku.test."), 1, 60, 60, 60, TTL_SECS);
    Record::from_rdata(Name::root(), TTL_SECS, RData::SOA(soa))
}
