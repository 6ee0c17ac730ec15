# The desk of what was not delivered
desk-lead = Every mail that did not arrive, person by person, with the reason and the next step. What is done leaves the list.
desk-all = All
desk-none = Nothing is left to do here.
desk-none-found = Nothing matches.
desk-search-hint = Name, address, subject, delivery code (such as 42550)
desk-with-handled = Show what is done too
desk-only-broadcast = Only "{ $name }" is shown.
desk-every-broadcast = Show all broadcasts
desk-pick = Pick { $name }
desk-pick-all = Pick all on this page
desk-resend-several = Send again to those picked…
desk-handle-several = Mark those picked as done…
desk-handled = Done
desk-correct = Correct the address and resend

resend = Resend as it is…
resend-what = The same mail is sent again to the address on record. Nobody who opted out and no address known to be dead gets it.
resend-yes = Send again

handle = Done another way…
handle-what = Notes that you told the customer by telephone or otherwise, and takes it off this list. You can undo that.
handle-way = How
handle-note = Note (optional)
handle-note-of = { $way } ({ $note })
handle-yes = Mark as done
handle-undo = Undo
way-phone = Telephone
way-sms = SMS
way-line = LINE
way-fax = Fax
way-letter = Letter
way-other = Other

correct-title = Correct the address of { $name } and resend
correct-lead = "{ $what }" did not reach { $address }.
correct-address = The right address
correct-what = The customer's entry is corrected, and the same mail is sent at once.
correct-phone = Telephone: { $phone }
correct-why = Why it did not arrive
correct-yes = Correct and resend
correct-empty = Please enter the right address.
correct-same = The address has not changed. To send to the same address, use "Resend as it is".
correct-not-saved = This could not be saved; the customer may have been removed.
correct-changed-already = The address on record has changed since. If the one below is right, you can resend as it is.

done-desk-resent = Sending again to { $n } people.
done-desk-resent-partly = Sent again, but { $n } people were left out because they opted out or their address does not work. Their pages say why.
done-desk-handled = { $n } marked as done.
done-desk-undone = { $n } are back on the list.
done-desk-corrected = The address is corrected and the mail is on its way again.

way-leave = Left as it is
doubt-resend = Send again…
doubt-resend-what = Sends this customer the mail once more. If the first one did arrive, it arrives twice.
doubt-leave = Leave it…
doubt-leave-what = Does not send again and takes the mail off the list “Not delivered”. You can put it back later.
doubt-leave-yes = Leave it
