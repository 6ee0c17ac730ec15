# Recording that links are followed
follow-unknown = This link cannot be read
follow-unknown-what = It seems to have been cut off. Please open the link in the mail again, or ask whoever sent you the mail.
clicks-title = Clicks on links
clicks-link = Link
clicks-people = People
clicks-times = Clicks
clicks-machine = Machines
clicks-all = All links
clicks-once = In the total, somebody who followed several links counts once.
clicks-none = Nobody has followed a link yet.
clicks-summary = { $count ->
    [one] { $people } person followed a link ({ $times } clicks in all).
   *[other] { $people } people followed a link ({ $times } clicks in all).
 }
clicks-as-segment = Make a segment of them
clicks-no-links = There are no links that can be recorded. They are noted when the first mail is made.
clicks-machines-what = "Machines" are security programs and the like that follow links to look at a mail. They count neither as people nor as clicks nor as evidence.
clicks-who-title = People who followed a link
clicks-machine-title = Links followed by machines
clicks-any-link = Any link
clicks-of-person = { $times } times, last { $at }
clicks-message = See the mail
clicks-erased = Somebody whose data were erased
clicks-sign-head = It only asked whether the page is there (HEAD).
clicks-sign-fetch-ahead = A browser fetched ahead of its reader.
clicks-sign-agent = It called itself a program.
clicks-sign-soon = It came before their server took the mail, or at once after.
clicks-sign-together = It followed all links within ten seconds.
