# Sending domains
ready-good = Ready
ready-warning = Ready, with remarks
ready-wrong = Needs mending
ready-unchecked = Not checked
ready-what-good = Everything is set up for { $domain }.
ready-what-warning = { $domain } can be sent as, but something should be improved.
ready-what-wrong = Something is missing for { $domain }; some mail will be refused.
ready-what-unchecked = { $domain } has not been checked yet.
ready-look = Look at it

record-good = Good
record-warning = Remark
record-missing = Not there yet
record-wrong = Different
record-unknown = Cannot be checked
record-unchecked = Not checked

domains-lead = This lets receivers know that mail is really yours. Do it for every domain you send as.
domains-none = None yet. Add the domain of your shop: what stands right of the @ in your address.
domains-add = Add a domain
domains-add-yes = Add it and see what is needed
domain-name = Your domain
domain-name-hint = For example: hanaya-midori.example
domain-empty = Please enter a domain.
domain-known = { $domain } is there already.
domain-checked-at = Checked { $at }.
domain-never-checked = Never checked.
domain-standing = { $what } { $at }
domain-check = Check the DNS now
domain-how = Add these records where your domain's DNS is managed. It may take minutes, sometimes a day, until they can be seen.
domain-relay-spf = Mail goes through a relay. Add what the relay's company asks to have in SPF (such as include:…) to the SPF line below.
domain-no-ips = No sending IP address is configured for this server, so the SPF values name none. Ask whoever runs it to set sending_ips.
domain-remove = Remove this domain…
domain-remove-what = It can no longer be sent as, and its signing keys are deleted. Adding it again needs new keys in the DNS.
domain-remove-yes = Remove
domain-in-use-title = It cannot be removed yet
domain-in-use = A broadcast from { $domain } has not ended. Wait for it or cancel it first.

purpose-spf = SPF (which servers send)
purpose-dkim-rsa = DKIM signing key (RSA)
purpose-dkim-ed25519 = DKIM signing key (Ed25519)
purpose-dmarc = DMARC (what to do with forgeries)
purpose-dmarc-reports = Permission to receive DMARC reports
purpose-return-path-mx = Where errors come back to (MX)
purpose-return-path-spf = SPF of the return path

record-kind = Type
record-name = Name
record-short-name = Name, where the domain is added by itself
record-value = Value
record-suggested = Replace what is there by this line
record-split = Where a value may have 255 characters only (in pieces)
record-seen = What the DNS has now
records-hand-over = A text for whoever manages the DNS
records-letter = Please add these records to the DNS of { $domain }. If there is an SPF record of that name already, merge them into one line instead.

done-domain-added = Domain added. Please add the records below to the DNS.
done-domain-checked = The DNS was checked.
done-domain-removed = Domain removed.
