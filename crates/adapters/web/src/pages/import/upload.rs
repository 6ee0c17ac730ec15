//! Asks for the file, and says beforehand what is taken.

use maud::{Markup, html};

use super::receive::FILE_BYTES_MAX;
use crate::{say::t, visit::Visit};

/// `GET /imports/new`.
pub(crate) async fn show(visit: Visit) -> Markup {
    page(&visit, None)
}

/// The page; `wrong` is why the last file was not taken.
pub(super) fn page(visit: &Visit, wrong: Option<&str>) -> Markup {
    let say = visit.say;
    let megabytes = FILE_BYTES_MAX / 1_000_000;
    let body = html! {
        p.up { a href="/contacts" { (t!(say, "frame-contacts")) } }
        h1 { (t!(say, "import-title")) }
        p.lead { (t!(say, "import-lead")) }
        @if let Some(wrong) = wrong { div.notice.bad role="alert" { p { (wrong) } } }
        form.card method="post" action="/imports" enctype="multipart/form-data" {
            (visit.token_field())
            div.drop {
                div.field {
                    label for="file" { (t!(say, "import-file")) }
                    input id="file" name="file" type="file" required accept=".csv,.tsv,.txt,.xlsx,text/csv,text/plain"
                        data-bytes-max=(FILE_BYTES_MAX) data-too-large="#too-large";
                    p.hint { (t!(say, "import-file-hint", max = megabytes)) }
                    p.wrong id="too-large" hidden { (t!(say, "import-too-large", max = megabytes)) }
                }
            }
            button.btn.primary type="submit" { (t!(say, "import-upload")) }
        }
        div.card {
            h2 { (t!(say, "import-what-happens")) }
            ul {
                li { (t!(say, "import-happens-preview")) }
                li { (t!(say, "import-happens-update")) }
                li { (t!(say, "import-happens-optout")) }
                li { (t!(say, "import-happens-errors")) }
            }
        }
        p.fine { a href="/imports" { (t!(say, "contacts-imports")) } }
    };
    visit.page(&t!(say, "import-title"), &body)
}
