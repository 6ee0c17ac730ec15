# Customers
contacts-add = Add a customer
contacts-import = Import a list
contacts-imports = Earlier imports
contacts-search = Search
contacts-search-hint = Name, address, telephone, company or customer number
contacts-all = All
contacts-none-yet = There are no customers yet. Importing the list you have (CSV) is the quickest way.
contacts-none-found = No customer matches.
contacts-show-all = Show everyone

contact-name = Name
contact-kana = Reading
contact-phone = Telephone
contact-company = Company
contact-external-id = Customer number
contact-note = Note
contact-address = Mail address
contact-address-hint = Full-width letters are read too. If it looks mistyped, we ask before saving.
contact-standing = Can be sent to?
contact-provider = Mail company
contact-since = Registered
contact-extra = Other fields
contact-nameless = (no name)
contact-honorific = { "" }
contact-edit = Edit
contact-edit-title = Edit customer
contact-save = Save
contact-empty = Please enter a name, company, telephone, customer number or address.
contact-too-long = Too long: at most { $max } characters, please.
contact-number-taken = Another customer has this customer number.
contact-timeline = What happened
contact-timeline-empty = Nothing yet.
contact-timeline-cut = Only the newest are shown.
contact-reach = Can mail reach this customer?
contact-facts = Details

address-fix = Change to { $to }
address-keep = It is right as it is

reach-sendable = Mail can be sent to this address.
reach-opted-out = Opted out on { $at } ({ $route }). No advertising mail is sent.
reach-invalid = This address is known not to work, so nothing is sent to it.
reach-lookalike = Probably meant as { $meant }. Mail to this address may end up with strangers, so it is held back. Please ask the customer for the right address.
reach-no-address = There is no address. Use the telephone or a letter, or enter an address.
reach-enter-address = Enter an address
reach-correct-address = Correct the address
reach-mark-valid = I checked: it works…
reach-mark-valid-what = The next mail will be sent to this address again. If it does not arrive, it is held back again.
reach-confirm = This address is right…
reach-confirm-what = Only if you asked the customer. The next mail will be sent to this address.
reach-opt-out = Stop mail…
reach-opt-out-what = No more advertising mail is sent. Other customers with the same address are stopped as well.
reach-opt-in = Allow mail again…
reach-opt-in-what = Only if the customer asked for it. The law wants the customer's consent to advertising mail.
reach-yes = Yes, do it

route-page = unsubscribe page
route-one-click = the button of the mail program
route-operator = by an operator
route-import = by an imported list
route-complaint = reported as spam

timeline-message = "{ $name }"
timeline-details = Details
event-contact-added = The customer was registered.
event-contact-imported = Registered by an import.
event-contact-edited = The details were changed.
event-contact-edited-address = The address was changed from { $before } to { $after }.
event-contact-opted-out = Opted out ({ $route }).
event-contact-opted-in = Mail is allowed again.
event-contact-address-invalid = The address was found not to work ({ $reason }). Nothing is sent to it from now on.
event-contact-address-valid = The address counts as working again.
event-contact-address-confirmed = The address was confirmed as it is.
event-mail-handled = Dealt with in another way than by mail. { $note }
event-mail-reopened = Took back that it was dealt with.
event-by = { $what } ({ $name })
event-by-removed = { $what } (an operator who has left)
event-other = Record: { $kind }

done-contact-added = The customer is registered.
done-contact-saved = Saved.
done-contact-opted-out = Mail is stopped.
done-contact-opted-in = Mail is allowed again.
done-contact-valid = The next mail will be sent to this address.
done-contact-confirmed = The address is confirmed.

# Why it did not arrive
explain-full-stop = .
explain-no-reason = Reason unknown
explain-for-customer = What to tell the customer
explain-original = Their own words
explain-other-provider = Others

story-attempt = Try { $number }.
story-next = Next at { $at }.
story-accepted = The server of { $provider } took it.{ " " }
story-evidenced = There is evidence that it arrived.
story-waiting = Waiting for its turn.
story-waiting-until = Will be sent at { $at }.
story-deferred = Refused for now; the next try is at { $next }, and tries go on until { $until }.
story-handled = Dealt with in another way. { $note }

withheld-no-address = Not sent: there is no address.
withheld-opted-out = Not sent: the customer opted out.
withheld-address-invalid = Not sent: the address is known not to work.
withheld-lookalike = Not sent: the address looks mistyped.
withheld-duplicate = Not sent: another entry with the same address gets it.
withheld-cancelled = Not sent: the broadcast was cancelled.
withheld-unrenderable = Not sent: the message could not be built for this customer.
withheld-changed = Not sent: the entry changed before it was sent.
