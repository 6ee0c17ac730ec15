# Recording that links are followed
follow-unknown = This link cannot be read
follow-unknown-what = It seems to have been cut off. Please open the link in the mail again, or ask whoever sent you the mail.
