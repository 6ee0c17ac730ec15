# Home
home-morning = Good morning.
home-day = Hello.
home-evening = Good evening.
home-matters = { $n ->
    [one] One thing needs you today
   *[other] { $n } things need you today
 }
home-nothing = Nothing needs you today
home-as-of = As of { $at }. Press a number to see the people behind it.
home-all-well = Nobody is waiting for a mail that did not arrive
home-all-well-what = When a mail does not arrive, the reason and the next step appear here.
home-rest = See { $n } more under "Not delivered"
home-matter = { $title }: { $n ->
    [one] 1 person
   *[other] { $n } people
 }
home-no-reason = What the other side said does not tell the reason. The list shows the original text.
home-list = { $n ->
    [one] See this person
   *[other] See these { $n } people
 }
home-check-domain = Check the sending domain
home-last-day = The last 24 hours
home-accepted-what = "Taken" means that their server took the mail. It does not mean that the customer read it.
home-broadcasts = Latest broadcasts
home-all-broadcasts = All broadcasts
home-broadcast-total = to { $n } people
home-broadcast-missing = { $n } not delivered
home-broadcast-left = { $n } left
home-begin = The first four steps
home-step-import = Import your customers
home-step-domain = Prepare the sending domain
home-step-template = Write a template
home-step-broadcast = Send it
home-step-done = Done

broadcast-state-draft = Draft
broadcast-state-preparing = Preparing
broadcast-state-running = Sending
broadcast-state-paused = Paused
broadcast-state-cancelled = Cancelled
broadcast-state-finished = Finished
