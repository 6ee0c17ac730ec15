# What happened to this message
message-title = What happened to this message
message-subject = "{ $subject }"
message-chain = What happened
message-sent = What was sent
message-bounce = The mail that came back
message-back = Back to what happened

chain-address-off = This address is known not to work now, so nothing more is sent to it.
chain-queued = It was decided to send: not opted out, address works.
chain-resent = It was decided to send it again.
chain-resent-by = { $name } sent it again.
chain-somebody = an operator who has left
chain-made = The text was filled in for this customer and signed (DKIM).
chain-see-sent = What was sent
chain-see-mail = The mail that came back
chain-bounced = It was taken first; later an error mail came back.
chain-evidence-delivered-dsn = Their server reported that it was delivered.
chain-evidence-auto-reply = An automatic reply came: the mail arrived.
chain-evidence-complaint = The customer reported it as spam. It did arrive. Advertising mail was stopped.
chain-in-doubt = The connection ended at the very last moment, so nobody knows whether it arrived. It is not sent again by itself, to avoid a double.
chain-try = Try { $number }, to { $to }.
chain-their-server = their server
chain-stage = Got as far as: { $stage } ({ $seconds } s)
chain-tls = Encrypted: { $tls }
chain-clear = Not encrypted

stage-dns = finding their server
stage-connect = connecting
stage-greeting = their greeting
stage-ehlo = our greeting
stage-tls = starting encryption
stage-auth = login
stage-mail = naming the originator
stage-rcpt = naming the recipient
stage-data = beginning the content
stage-content = end of the content
stage-later = after it was taken

trouble-no-such-domain = The domain right of the @ does not exist.
trouble-null-mx = The domain says that it takes no mail.
trouble-no-mail-host = The domain has no server that takes mail.
trouble-dns-trouble = Their server could not be looked up (DNS trouble).
trouble-refused = The connection was refused.
trouble-timed-out = There was no answer in time.
trouble-disconnected = The connection broke.
trouble-unreachable = There was no way to their server.
trouble-tls-failed = An encrypted connection could not be made.
trouble-not-smtp = Their answer could not be read as an answer of a mail server.
trouble-auth-refused = The login at the sending server was refused.
trouble-unrenderable = The template could not be filled in for this customer.

conclusion-title = What to make of it now
conclusion-accepted-then = If the customer says nothing arrived, ask to look into the spam folder and the receive settings, then send again if needed.
conclusion-sure = How sure: { $sure }
conclusion-why = Why we think so
conclusion-words = The words that decided:
conclusion-no-words = Concluded from the circumstances, not from words.
conclusion-rule = Rule { $rule } (version { $pack })
conclusion-resent = Sent again.
conclusion-resent-as = See the message that was sent again
conclusion-resend-of = See the first message
conclusion-guide = Receive settings of { $provider } (for the customer)
conclusion-guide-page = Official page
sure-certain = certain
sure-likely = very likely
sure-guess = a guess
sure-unknown = not clear

sent-as-sent = This is what was sent. The unsubscribe link is replaced by a sample.
sent-not-yet = It has not left, or was stopped before. With what is on record now it would look like this.

bounce-came = Came { $at } from { $peer }.
bounce-words = Its words for people
bounce-raw = The whole mail
bounce-cut = It is long: the first { $shown } of { $size } bytes are shown.

chain-about = It is about { $address }.
chain-aside = It does not prove anything about this customer's address, so it is not counted against the address.
joined-return-path = It came to the return path of this mail (certain).
joined-message-id = It quotes the number of this mail (certain).
joined-trace = It quotes the mark of this mail (certain).
joined-recipient = It bears no mark, but this is the only mail that this address took lately (a guess).
conclusion-codes = Code in other mail systems: { $codes }
