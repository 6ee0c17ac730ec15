//! Makes drafts of contacts, and reads the event log back.

use audience::{Contact, ContactDraft, ContactStore};
use evidence::{history::Event, ports::EventLog};
use storage::Store;

/// A draft: address (empty for none), name, customer number.
pub fn draft(address: &str, name: &str, external_id: &str) -> ContactDraft {
    let address = (!address.is_empty()).then(|| address.to_owned());
    ContactDraft {
        address_key: address.as_ref().map(|address| address.to_lowercase()),
        address,
        name: name.into(),
        external_id: external_id.into(),
        ..ContactDraft::default()
    }
}

/// The contact.
pub async fn contact(store: &Store, id: i64) -> Contact {
    ContactStore::get(store, id).await.unwrap().expect("the contact")
}

/// Every event, once it can be read: on a server that others use too, a transaction of theirs may hold it back.
pub async fn events(store: &Store, expected: usize) -> Vec<Event> {
    for _ in 0..100_000 {
        let seen = store.unread("test", 10_000).await.unwrap();
        if seen.len() >= expected {
            return seen;
        }
        tokio::task::yield_now().await;
    }
    panic!("{expected} events never came: {:?}", store.unread("test", 10_000).await.unwrap());
}

/// The kinds of events of one contact.
pub async fn kinds_of(store: &Store, contact_id: i64, expected: usize) -> Vec<String> {
    let seen = events(store, expected).await;
    seen.into_iter().filter(|event| event.contact_id == Some(contact_id)).map(|event| event.kind).collect()
}

/// The contacts with these keys.
pub async fn all_of(store: &Store, keys: Vec<i64>) -> Vec<Contact> {
    let mut contacts = Vec::new();
    for key in keys {
        contacts.push(ContactStore::get(store, key).await.unwrap().unwrap());
    }
    contacts
}
