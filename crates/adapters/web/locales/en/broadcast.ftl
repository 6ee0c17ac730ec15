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
audience-picked = Picked by hand
audience-what-picked = Search and pick any number.
audience-people = { $n } people
audience-hint-advertising = Whatever you choose, nobody who opted out gets the mail.
audience-hint-transactional = This is about orders or contracts, so whichever you choose, people who have opted out get it too.
audience-next = Next

pick-count = { $n } picked
pick-all = Pick all { $n } found
pick-none = Pick nobody
pick-next = Next: confirm

people-everyone = Everyone asked for
people-remaining = Who gets it
people-back = Back to confirming "{ $name }"

confirm-who = Who gets it and who does not
confirm-what = What is sent
confirm-change-audience = Change recipients
confirm-change-what = Change content
confirm-obstacles = Something has to be mended before sending
confirm-preview = How it will look
confirm-others = Look at it as somebody else
confirm-needed = This template cannot be filled in for people whose "{ $fields }" is empty; they get nothing. Add a default in the template to send to them too.
confirm-start = Send to { $n } people
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
left-out-resigned = Registration cancelled
left-out-dm-refused = News not wanted
left-out-address-invalid = Address not working
left-out-lookalike = Probably mistyped
left-out-duplicate = Same address
left-out-cancelled = Broadcast cancelled
left-out-unrenderable = Could not be filled in
left-out-changed = Customer changed
left-out-why-excluded = They were taken out of this broadcast by hand.
left-out-why-suppressed = Their address stands on the suppression list.
left-out-why-already-sent = They have a mail of this template already, or it is on its way.
left-out-why-no-consent = There is no consent to advertising on record for them.
left-out-why-frequency-cap = They had as many mails in the chosen time as the house allows.
left-out-why-no-address = They have no mail address.
left-out-why-opted-out = They do not want advertising mail.
left-out-why-resigned = Their registration was cancelled.
left-out-why-dm-refused = They told the shop that they want no news by mail.
left-out-why-address-invalid = Mail to these addresses failed before. Ask for the right one and they can be sent to again.
left-out-why-lookalike = The address is probably a slip that leads to strangers. Nothing is sent until somebody has checked.
left-out-why-duplicate = There is a newer registration with the same address; it decides whether a mail goes there.
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
report-people = { $n } people
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
