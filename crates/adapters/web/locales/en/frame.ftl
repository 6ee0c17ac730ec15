# The frame
frame-skip = Skip to content
frame-navigation = Main
frame-home = Home
frame-desk = Not delivered
frame-contacts = Customers
frame-segments = Segments
frame-broadcasts = Broadcasts
frame-queue = Queue
frame-templates = Templates
frame-explain = Read an error mail
frame-domains = Sending domains
frame-sources = Sources
frame-operators = Operators
frame-logout = Log out
frame-other-language = 日本語

# States: words first, colour second
state-withheld = Not sent
state-waiting = Waiting
state-deferred = Retrying
state-accepted = Taken by their server
state-evidenced = Evidence of arrival
state-refused = Not delivered
state-bounced = Bounced later
state-doubtful = May not have arrived

standing-sendable = Can be sent to
standing-opted-out = Opted out
standing-dm-refused = News not wanted
standing-resigned = Cancelled
standing-invalid = Address not working
standing-no-address = No address
standing-lookalike = Probably mistyped

# Dates
time-this-year = { $weekday } { $day } { $month }, { $clock }
time-other-year = { $weekday } { $day } { $month } { $year }, { $clock }
time-weekday-1 = Mon
time-weekday-2 = Tue
time-weekday-3 = Wed
time-weekday-4 = Thu
time-weekday-5 = Fri
time-weekday-6 = Sat
time-weekday-7 = Sun
time-month-1 = Jan
time-month-2 = Feb
time-month-3 = Mar
time-month-4 = Apr
time-month-5 = May
time-month-6 = Jun
time-month-7 = Jul
time-month-8 = Aug
time-month-9 = Sep
time-month-10 = Oct
time-month-11 = Nov
time-month-12 = Dec

pager-name = Pages
pager-range = { $from }–{ $to } of { $total }
pager-before = Previous
pager-next = Next

copy-button = Copy
copy-done = Copied

# On every page while nothing can be written down
frame-standstill-full = Sending and importing wait, because the server's disk is full. Please make room.
frame-standstill-store = Sending and importing wait, because nothing can be written down. Please tell whoever runs the server.
frame-standstill-safe = Nothing that waits is lost. It goes on by itself as soon as the server can write again.
frame-standstill-words = The original error
