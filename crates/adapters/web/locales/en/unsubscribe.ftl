# The page customers open to stop mail
unsubscribe-title = Stop these mails
unsubscribe-ask = Stop advertising mail to this address?
unsubscribe-ask-from = Stop advertising mail from "{ $from }" to this address?
unsubscribe-stop = Stop
unsubscribe-what = Messages your orders need, such as confirmations, may still reach you.
unsubscribe-done = Stopped
unsubscribe-done-what = No more advertising mail will be sent to this address. A message already on its way may still arrive.
unsubscribe-unknown = This link does not work
unsubscribe-unknown-what = It seems to be cut off or too old. Please open the link in the mail again, or answer that mail with "stop".
unsubscribe-stop-all = Stop all of them
unsubscribe-some = Receive only some
unsubscribe-some-what = Tick the news you want to receive. What is not ticked will not be sent.
unsubscribe-save = Save my choice
unsubscribe-saved = Your choice is saved
unsubscribe-saved-what = From now on you receive only the news you chose. You can change it on this page at any time.
