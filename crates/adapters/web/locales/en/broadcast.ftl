# Broadcasts
broadcasts-new = New broadcast
broadcasts-none = There are no broadcasts yet. Begin with "New broadcast".
broadcasts-newer = Newer
broadcasts-older = Older

step-compose = Content
step-audience = Recipients
step-confirm = Confirm

broadcast-name = Name of the broadcast
broadcast-hint-name = For your lists and reports. Customers never see it.
broadcast-name-empty = Please enter a name of at most { $max } characters.
broadcast-purpose = What is this mail for?
purpose-advertising = News and advertising
purpose-what-advertising = Never goes to people who have opted out. Carries a way to opt out.
purpose-transactional = About an order or a contract
purpose-what-transactional = Only for news about orders, bookings and contracts. Also goes to people who have opted out.
confirm-transactional = This is about orders or contracts, so people who have opted out get it too. Change it to "News and advertising" if it advertises anything.
broadcast-template = Template
broadcast-template-missing = Please choose a template.
broadcast-no-template = There are no templates yet. Please write one first.
broadcast-from = From
broadcast-from-name = Name of the originator
broadcast-hint-from-name = Shown in the customer's inbox. The name of the shop is a good choice.
broadcast-from-name-wrong = No line breaks, and at most { $max } characters, please.
broadcast-from-address = From address
broadcast-hint-from-address = An address of your own domain.
broadcast-from-missing = Please enter the From address.
broadcast-reply-to = Replies go to
broadcast-hint-reply-to = When empty, replies go to the From address.
broadcast-to-audience = Next: recipients

from-unknown = { $domain } is not one of your sending domains, so this address cannot be sent as.
from-provider = { $domain } cannot be used as From. Mail that claims another company's domain is refused. Please use your own domain.
from-add-domain = Add a sending domain

audience-title = Who should get it?
audience-sendable = Customers who can be sent to
audience-what-sendable = Leaves out from the start who opted out, and who has no working address.
audience-all = All customers
audience-what-all = Those who cannot be sent to are left out, with reasons and numbers on the next page.
audience-conditions = People of a segment
audience-what-conditions = They are counted once more when it starts. Who has come by then gets it too.
audience-segment = Segment
audience-freeze = Keep the people as they are now
audience-freeze-what = Copies who belongs now into a list that later changes do not touch.
audience-frozen = { $n } people, kept as they were on { $at }.
audience-frozen-from = The segment
audience-included = Put in by hand: { $n }.
audience-excluded = Taken out by hand: { $n }.
audience-by-hand = Put people in or take them out
audience-rules = Rules that leave people out
audience-topic = Topic
audience-topic-none = No topic
audience-topic-hint = Whoever does not want this topic is left out; consent given for the topic counts as consent.
audience-duplicates = Several registrations with one address
audience-duplicates-hint = What is done where a family shares an address, or somebody registered twice. You can choose otherwise for this broadcast.
duplicates-house = As the house does ({ $way })
duplicates-newest = One mail, to the newest registration
duplicates-oldest = One mail, to the oldest registration
duplicates-consented = One mail, to the registration with consent on record
duplicates-each = A mail to each registration
duplicates-what-newest = Right for most shops: the newest registration has today's name and wishes.
duplicates-what-oldest = The mail goes to the name that was registered first.
duplicates-what-consented = A registration with consent on record is chosen; where all of them or none of them have it, the newest.
duplicates-what-each = The same address gets several mails: for mails about each membership, for example.
demand-nobody-now = People without consent on record get it too (the confirmation shows how many they are).
demand-since-now = Those registered since { $day } get it only with consent on record.
demand-everybody-now = Nobody gets it without consent on record.
demand-title = Advertising and consent on record
demand-lead = The law of Japan (Act on Regulation of Transmission of Specified Electronic Mail) allows advertising mail only to people who agreed beforehand, with whom there is a business relation, and the like, and wants a record of it to be kept. Here you decide whether people without a record are left out. Mails about orders and bookings are not concerned.
demand-nobody = Send without a record as well, and say each time how many they are
demand-nobody-what = The setting to begin with: nothing is taken from the list you have. How many have no record, and who they are, stands on the page before each sending.
demand-since = Whoever registered since this day gets nothing without a record
demand-since-what = For houses that keep records from now on. Those registered earlier get mail as before.
demand-everybody = Nobody gets anything without a record
demand-everybody-what = The safest setting. If your list has no records yet, add them first: with an import, or on the page of each customer.
demand-bases = Bases that are enough
demand-basis-consent = They said yes on a form or a questionnaire.
demand-basis-written = They gave the address in writing, on a business card or an application.
demand-basis-business = They bought something, or there is a contract.
demand-basis-published = A business publishes the address without refusing advertising.
demand-segment = A segment with the condition "consent to advertising on record is missing" finds those without a record.
limits-since-wrong = Please give the day from which on a record is wanted.
limits-duplicates-what = What this house usually does; each broadcast can do otherwise.
limits-basis-missing = Please choose at least one basis that is enough.
limits-cap = Frequency cap
limits-cap-what = How many advertising mails one person may get. Mails about orders and bookings do not count.
audience-again = Also to those who have this template's mail already
audience-again-what = Otherwise nobody gets a mail of the same template twice.
audience-cap = Frequency cap: at most { $mails } mails in { $days } days for one person.
audience-no-cap = Frequency cap: none.
audience-cap-change = Change the rules of the house
audience-picked = Picked by hand
audience-what-picked = Search and pick any number.
audience-people = { $count ->
    [one] { $n } person
   *[other] { $n } people
 }
audience-hint-advertising = Whatever you choose, nobody who opted out gets the mail.
audience-hint-transactional = This is about orders or contracts, so whichever you choose, people who have opted out get it too.
audience-next = Next

pick-count = { $n } picked
pick-all = Pick all { $n } found
pick-none = Pick nobody
pick-next = Next: confirm

by-hand-title = Put people in or take them out
by-hand-in = Put in by hand
by-hand-out = Taken out by hand
by-hand-put-in = Put in
by-hand-take-out = Take out
by-hand-undo = Undo
by-hand-nobody = Nobody.

difference-title = Of { $asked } people who are asked for, { $remaining } get the mail
difference-lead = The rules are asked from the top; everybody counts with the first one that applies. A number opens the list of its people.
difference-none = Nobody is left out.
difference-left = { $count ->
    [one] { $n } person left
   *[other] { $n } people left
 }
difference-by-hand = Undo it
difference-rules = Change the rules
difference-again = Opt-outs, topics, permission, changed registrations and the suppression list are checked once more just before each mail leaves.
difference-demand = Change the rule about consent on record
difference-topic = Change the topic

audience-limits-title = Rules about who is left out
audience-limits-lead = Rules of the house for every broadcast. The page before each sending shows how many each rule leaves out, and who they are.
limits-mails = At most this many mails
limits-days = In this many days
limits-hint = Leave both empty for no limit.
limits-wrong = Please give both numbers, from 1 to { $max }.
audience-limits-save = Save

people-everyone = Everyone asked for
people-remaining = Who gets it
people-unrecorded = Will get it without consent on record
people-record = Add a record
unrecorded-note = { $n } of them have no consent to advertising on record. As the rules are now, they get the mail.
unrecorded-who = See who they are
people-back = Back to confirming "{ $name }"

confirm-who = Who gets it and who does not
confirm-what = What is sent
confirm-change-audience = Change recipients
confirm-difference = Why fewer than asked for
confirm-change-what = Change content
confirm-obstacles = Something has to be mended before sending
confirm-preview = How it will look
confirm-others = Look at it as somebody else
confirm-needed = This template cannot be filled in for people whose "{ $fields }" is empty; they get nothing. Add a default in the template to send to them too.
confirm-start = { $count ->
    [one] Send to { $n } person
   *[other] Send to { $n } people
 }
confirm-start-what = Sending begins at once. You can pause or cancel at any moment, but mail that has left cannot be called back.
confirm-drop = Drop this draft…
confirm-drop-what = It stays in the list as cancelled and is never sent.
confirm-drop-yes = Drop the draft

obstacle-not-draft = This broadcast has started already.
obstacle-no-template = The chosen template does not exist.
obstacle-template-broken = The template has mistakes and cannot be filled in.
obstacle-from-address = The From address is not valid.
obstacle-unknown-domain = { $domain } is not one of your sending domains.
obstacle-reply-to = The address for replies is not valid.
obstacle-nobody-left = Nobody would get it.
obstacle-conditions = The segment of the audience has something to mend. Until then nothing is sent.
obstacle-mend = Mend it

left-out-excluded = Taken out by hand
left-out-suppressed = On the suppression list
left-out-already-sent = Has this mail already
left-out-no-consent = No consent on record
left-out-frequency-cap = Frequency cap
left-out-no-address = No address
left-out-opted-out = Opted out
left-out-topic-refused = Does not want this topic
left-out-resigned = Registration cancelled
left-out-dm-refused = News not wanted
left-out-address-invalid = Address not working
left-out-lookalike = Probably mistyped
left-out-duplicate = Same address
left-out-cancelled = Broadcast cancelled
left-out-unrenderable = Could not be filled in
left-out-changed = Customer changed
left-out-why-excluded = They were taken out of this broadcast by hand.
left-out-why-suppressed = Their address, or its domain, stands on the suppression list.
left-out-why-already-sent = They have a mail of this template already, or it is on its way.
left-out-why-no-consent = There is no consent to advertising on record for them. With a record they get it.
left-out-why-frequency-cap = They had as many mails in the chosen time as the house allows.
left-out-why-no-address = They have no mail address.
left-out-why-opted-out = They do not want advertising mail.
left-out-why-topic-refused = They do not want this topic.
left-out-why-resigned = Their registration was cancelled.
left-out-why-dm-refused = They told the shop that they want no news by mail.
left-out-why-address-invalid = Mail to these addresses failed before. Ask for the right one and they can be sent to again.
left-out-why-lookalike = The address is probably a slip that leads to strangers. Nothing is sent until somebody has checked.
left-out-why-duplicate = Several registrations have this address; by the rule chosen, another one of them stands for it, and decides whether a mail goes there.
left-out-why-cancelled = The broadcast was cancelled before this one left.
left-out-why-unrenderable = A field was missing, so the template could not be filled in.
left-out-why-changed = The customer was changed or removed before this one left.

waterfall-asked = Asked for
waterfall-remaining = Get the mail

act-pause = Pause…
act-pause-what = Mail that has not left is held back. You can resume later. What is being sent this moment still leaves.
act-pause-yes = Pause
act-resume = Resume…
act-resume-what = Goes on with those who are left. Nobody gets it twice.
act-resume-yes = Resume
act-cancel = Cancel…
act-cancel-what = Mail that has not left is never sent, and this cannot be resumed. Mail that has left cannot be called back.
act-cancel-yes = Cancel the broadcast

live-preparing = Writing down recipients while sending ({ $n } so far)
live-running = { $done } of { $total } done
live-paused = Paused, { $n } left
live-cancelled = Cancelled
live-only-retries = { $n } were refused for now and are tried again after a while. You may close this page.

report-started = From { $from }. Started { $start }.
report-finished = From { $from }. Started { $start }, finished { $end }.
report-cancelled = From { $from }. Started { $start }, cancelled { $end }.
report-never-started = From { $from }. Dropped before it started.
report-who = Who was written to and who was not
report-heat = Company × outcome
report-reasons = Why mail did not arrive, and what to do next
report-people = { $count ->
    [one] { $n } person
   *[other] { $n } people
 }
report-more = More
report-rows = Everyone's outcome
report-desk = This broadcast on the desk
report-csv = Download CSV
report-template = The template

rows-title = Everyone's outcome
rows-csv = This list as CSV
rows-none = Nobody matches.
rows-search-hint = Name or address
rows-any-state = Any outcome
rows-any-provider = Any company
rows-any-reason = Any reason
rows-narrow = Narrow
rows-state = Outcome
rows-reason = Reason
rows-at = When
rows-attempts = Tries

done-broadcast-started = Sending has begun.
done-broadcast-paused = Paused.
done-broadcast-resumed = Resumed.
done-broadcast-cancelled = Cancelled.
done-audience-frozen = Kept as a list of { $n } people.
done-audience-limits-saved = Saved.

suppressions-title = Suppression list
suppressions-lead = Nothing at all is sent to the addresses and domains on this list, neither advertising nor mail about orders.
suppressions-open = Open the suppression list
suppressions-search = Search addresses and notes
suppressions-none = The list is empty.
suppressions-not-found = Nothing found.
suppressions-whole = whole domain
suppressions-add = Put on the list
suppressions-add-button = Stop sending
suppressions-keys = Addresses or domains
suppressions-keys-hint = One to a line: taro@example.jp (that person), @example.jp (everybody there)
suppressions-note = Note
suppressions-note-hint = Who asked for it, and why.
suppressions-odd = These lines are neither an address nor a domain, so nothing was put on the list yet: { $lines }
suppressions-how-many = Please give 1 to { $max } lines.
suppressions-note-long = A note has at most { $max } characters.
suppressions-lift = Take off the list
done-suppressions-added = { $n } put on the list.
done-suppressions-lifted = Taken off the list.

broadcast-pool = Pool of sources
broadcast-hint-pool = The sources this broadcast leaves by. Without a choice it is the usual pool of broadcasts.
broadcast-pool-usual = The usual pool

# Recording clicks
broadcast-records-clicks = Record clicks on links
broadcast-hint-records-clicks = You see who followed a link in the mail. A click is also evidence that the mail arrived.
broadcast-records-clicks-more = What readers see, and what is not recorded
broadcast-records-clicks-text = A link goes by an address of this system ({ $address }) and at once on to the page it leads to. An HTML mail looks the same. In a text mail this address is what readers see.
broadcast-records-clicks-not = The link to stop mail, links to telephone numbers and addresses, links with merge fields in them, and HTML links with data-no-track are sent as they are written. Clicks on them are not recorded.
broadcast-records-clicks-privacy = What is kept is who followed which link, when and how often; no IP addresses, no devices. We recommend that your privacy policy says that clicks are recorded.
broadcast-records-clicks-plain = The present address ({ $address }) is not https. If your customers cannot reach it, they cannot open the links.
broadcast-clicks = Clicks
broadcast-clicks-off = not recorded
broadcast-clicks-on = recorded for { $n } link targets
broadcast-clicks-personal = Links that are not recorded ({ $n })
broadcast-clicks-personal-why = Their target differs from person to person, or it is not clear where they end. They are sent as they are written.
