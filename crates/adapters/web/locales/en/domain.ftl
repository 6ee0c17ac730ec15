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
