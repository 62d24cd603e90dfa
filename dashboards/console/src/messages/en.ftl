### Whole sentences of the console, English. de.ftl has the same keys; a test compares them.

## Frame
brand = MigraDo Fleet
title = { $page } – MigraDo Fleet
title-overview = Overview
title-orders = Orders
title-audit = Audit
title-access = Access
title-settings = Settings
title-missing = Page not found
missing-text = There is nothing at this address.
missing-back = To the overview
skip = Skip to content
menu = Menu
nav = Main navigation
search = Search displays
search-hint = Search …
search-hint-key = Search … (key /)
loading = Loading …
close = Close
cancel = Cancel
back = Back
save = Save
edit = Edit
retry = Try again
refresh = Refresh
more = Show more
actions = Actions
yes = yes
no = no
not-known = not known
not-told = not reported
no-sensor = no sensor
read-at = Read
copy = Copy command
copied = Copied

## The page's own stream
stream-live = Live
stream-connecting = Connecting …
stream-down = Disconnected
stream-lost = Connection lost
stream-as-of = As of
stream-retry = What you see may be outdated. The page reconnects by itself.

## Ages
age-never = not known
age-ago-now = just now
age-ago-seconds = { $n ->
    [one] a second ago
   *[other] { $n } seconds ago
}
age-ago-minutes = { $n ->
    [one] a minute ago
   *[other] { $n } minutes ago
}
age-ago-hours = { $n ->
    [one] an hour ago
   *[other] { $n } hours ago
}
age-ago-days = { $n ->
    [one] a day ago
   *[other] { $n } days ago
}
age-since-now = since just now
age-since-seconds = { $n ->
    [one] for a second
   *[other] for { $n } seconds
}
age-since-minutes = { $n ->
    [one] for a minute
   *[other] for { $n } minutes
}
age-since-hours = { $n ->
    [one] for an hour
   *[other] for { $n } hours
}
age-since-days = { $n ->
    [one] for a day
   *[other] for { $n } days
}
age-in-now = now
age-in-seconds = { $n ->
    [one] in a second
   *[other] in { $n } seconds
}
age-in-minutes = { $n ->
    [one] in a minute
   *[other] in { $n } minutes
}
age-in-hours = { $n ->
    [one] in an hour
   *[other] in { $n } hours
}
age-in-days = { $n ->
    [one] in a day
   *[other] in { $n } days
}

## States
status-fault = Fault
status-offline = Offline
status-warning = Warning
status-maintenance = Maintenance
status-off = Switched off
status-unknown = Unknown
status-ok = OK
presence-online = Online
presence-late = Late
presence-offline = Offline
presence-off-on-purpose = Off on purpose
presence-unknown = Unknown
presence = Presence
health-ok = OK
health-degraded = Degraded
health-failed = Failed
health-unknown = Unknown
verdict-full-service = Full service
verdict-inform-only = Inform only
verdict-out-of-service = Out of service
verdict-none = Verdict not known
severity-report = Note
severity-warning = Warning
severity-error = Error
away-title = Last absence

## Heartbeat
heartbeat-label = History of the last five hours: { $name }
heartbeat-bucket = { $from } to { $to }: { $state }
heartbeat-none = no data
heartbeat-caption = The last five hours, one bar for every ten minutes

## Overview
tiles-label = Filter by state
important = Needs attention
important-none = Nothing that somebody would have to look after now.
important-more = { $n ->
    [one] Show one more
   *[other] Show { $n } more
}
important-fewer = Show fewer
filter-site = Site
filter-site-all = All sites
filter-clear = Clear filters
filter-nothing = No display matches this filter.
sort = Sort
sort-worst = Worst first
sort-place = By place
sort-seen = Longest unseen
view = View
view-cards = Cards
view-table = Table
shown = { $n } of { $total } displays
site-count = { $n ->
    [one] one display
   *[other] { $n } displays
}
empty-title = No display yet
empty-text = Add a display. Its page then shows the command with which it enrolls.
seen = Seen
seen-never = never
session = Session
session-running = session running
session-none = nobody there
drift = Desired and reported state differ
open-orders = { $n ->
    [one] one open order
   *[other] { $n } open orders
}
table-caption = All displays that match the filter
column-status = State
column-terminal = Display
column-site = Site
column-why = Why
column-verdict = Verdict
column-history = History
column-seen = Last seen
column-version = Version
select-one = Select { $name }
select-all = { $n ->
    [one] Select the matching display
   *[other] Select all { $n } matching displays
}
select-shown = { $n ->
    [one] Select the one
   *[other] Select all { $n }
}
selection = Selection
selection-count = { $n ->
    [one] One display selected
   *[other] { $n } displays selected
}
selection-clear = Clear selection

## Terminal
terminal-missing = There is no display “{ $name }”.
terminal-add = Add display
terminal-id = Identity
terminal-id-hint = Lower-case letters, digits and hyphens, for example fp-03. It stays forever.
terminal-label = Label
why-title = Why is this not green?
why-none-title = Findings
why-none = There is nothing to report.
health-panel = Health
health-component = Part
health-state = State
health-reason = Reason
health-since = Since
health-read = Read
last-known = Last known state, reported
last-told = last reported
health-not-told = This display has not reported anything yet.
readings = Readings
reading-cpu = Processor
reading-cpu-value = { $percent } %, load { $load }
reading-memory = Memory
reading-of = { $part } of { $whole } ({ $percent } %)
reading-temperature = Temperature
reading-celsius = { $n } °C
reading-network = Network since boot
reading-network-value = { $received } received, { $sent } sent
reading-booted = Machine booted
reading-free = Free
reading-writable = Write test passed
reading-synchronized = Synchronized
reading-offset = Offset
reading-milliseconds = { $n } ms
reading-restarts = { $n ->
    [one] one restart
   *[other] { $n } restarts
}
reading-heartbeat = Last heartbeat
reading-build = Build of the page
printer-panel = Printer
printer-title = Printer { $name }
printer-not-told = No printer has reported.
printer-state = State
printer-idle = idle
printer-processing = printing
printer-stopped = stopped
printer-unknown = unknown
printer-asleep = asleep
printer-rejecting = does not take jobs
printer-jobs = Waiting jobs
printer-pages = Pages printed
printer-supplies = Supplies
printer-supplies-none = The printer reports no supplies.
printer-trays = Trays
printer-trays-none = The printer reports no trays.
printer-raw = In the printer's own words
printer-panel-text = Front panel
printer-source = Asked through
amount-percent = { $n } %
amount-room = room for { $n } %
amount-sheets = { $n ->
    [one] one sheet
   *[other] { $text } sheets
}
amount-some = some left
amount-unknown = not known
media-iso-a4-210x297mm = A4
media-iso-a3-297x420mm = A3
media-iso-a5-148x210mm = A5
media-na-index-4x6-4x6in = Card 10 × 15 cm
ipp-media-empty = paper empty
ipp-media-low = paper low
ipp-media-needed = paper needed
ipp-media-jam = paper jam
ipp-toner-low = toner low
ipp-toner-empty = toner empty
ipp-marker-supply-low = supply low
ipp-marker-supply-empty = supply empty
ipp-marker-waste-full = waste container full
ipp-marker-waste-almost-full = waste container nearly full
ipp-cover-open = cover open
ipp-door-open = door open
ipp-output-area-full = output tray full
ipp-paused = paused
ipp-offline = not connected
usage = Usage
usage-counter = Counter
usage-today = Last 24 hours:
usage-chart = { $counter } per hour over the last { $days } days, { $total } in total. The table below names every hour.
usage-bar = { $day } { $at }: { $n }
usage-table = Figures as a table
usage-hour = Hour
usage-none = Nothing was counted in this time.
counter-sessions-begun = Sessions begun
counter-sessions-ended-by-visitor = Sessions ended by the visitor
counter-sessions-ended-by-idle = Sessions ended by idleness
counter-sessions-ended-by-reset = Sessions ended by an order
counter-languages-chosen = Languages chosen
counter-sheets-printed = Sheets printed
counter-prints-failed = Prints failed
desired-title = Desired and reported
desired-none = Nothing has been set for this display yet.
desired-same = Generation { $desired } is applied on the display.
desired-drift = Generation { $desired } is desired, the display reports { $reported }.
desired-unknown = Generation { $desired } is desired; what the display applies is not known.
desired-since = Set
desired-idle = Session end
desired-idle-value = after { $n } seconds without a touch
desired-languages = Languages
edit-title = Edit { $name }
edit-idle = Seconds without a touch until a session ends
edit-languages = Languages of the visitor's page
edit-languages-hint = Codes in the order wanted, separated by commas, for example: de, en, ar, uk
edit-conflict = Somebody else has changed this display meanwhile.
edit-take = Apply my values anyway
retire = Retire
retire-title = Retire { $name }
retire-text = Its certificate is revoked, the display is disconnected and leaves the fleet. This cannot be undone.
type-name = Type “{ $name }” to confirm
identity = Identity
identity-certificate = Certificate
identity-until = valid until { $at }
identity-none = not enrolled yet
identity-started = Agent started
enroll = Enroll …
enroll-title = Enroll { $name }
enroll-text = The display enrolls with a one-time token. It is valid for 30 minutes and works once. Run the command on the display.
enroll-make = Make a token
enroll-expires = Expires
enroll-once = The token is shown only now; only its hash is kept.
revoke = Revoke certificate …
revoke-title = Revoke the certificate of { $name }
revoke-text = The display is disconnected at once and can only return after enrolling anew.
timeline = Timeline
timeline-empty = Nothing has happened yet.
timeline-own = by the display's own clock { $at }
timeline-presence = Presence
timeline-health = Health
timeline-verdict = Verdict
timeline-command = Order
timeline-away = Absence
timeline-audit = Audit
timeline-refusal = Refusal

## Orders
order-give = Give order
order-title = { $n ->
    [one] Order for one display
   *[other] Order for { $n } displays
}
order-title-one = Order for { $name }
order-verb = What should happen?
order-choose = Please choose
order-wait = How long may the order wait?
order-wait-default = as usual for this order
order-wait-15 = 15 minutes
order-wait-60 = an hour
order-wait-480 = eight hours
order-wait-1380 = until tomorrow
order-waits-up-to = Waiting time: { $time }
order-reason = Occasion (optional, kept in the audit)
order-preview = Continue to preview
order-applies = { $n ->
    [0] Applies to no display
    [one] Applies to one display
   *[other] Applies to { $n } displays
}
order-skipped = { $n ->
    [one] One display is left out
   *[other] { $n } displays are left out
}
order-sessions = { $n ->
    [one] One person is using it right now.
   *[other] { $n } people are using them right now.
}
order-sessions-wait = There the order waits for the end of the session.
order-sessions-forced = The session is ended at once; what is not printed yet is lost.
order-force = Do not wait, do it now
order-force-reason = Why it cannot wait
order-honest = An order counts as done only when the display itself has confirmed it.
order-confirm = { $n ->
    [0] No display affected
    [one] { $what }: send to one display
   *[other] { $what }: send to { $n } displays
}
order-again = Send again
order-lost = It is not known whether the order arrived. Sending again is safe: it is given at most once.
order-taken = { $n ->
    [one] One order taken.
   *[other] { $n } orders taken.
}
order-open = { $n ->
    [one] One order waits for its display's confirmation; { $done } of { $total } done.
   *[other] { $n } orders wait for their displays' confirmation; { $done } of { $total } done.
}
order-all-settled = { $total ->
    [one] { $done ->
        [one] The display has confirmed it.
       *[other] The order is over and was not confirmed.
    }
   *[other] All have answered or their time is up: { $done } of { $total } done.
}
order-batch = All orders of this batch
argument-unit = Service
argument-seconds = Seconds
argument-minutes = From the last minutes
argument-text-seconds = { $n ->
    [one] for a second
   *[other] for { $n } seconds
}
argument-text-minutes = { $n ->
    [one] from the last minute
   *[other] from the last { $n } minutes
}
argument-reason = Reason for the staff
command-queued = Waiting for the display
command-queued-text = Will be sent as soon as the display is connected, at the latest { $at }.
command-sent = Sent, waiting for confirmation
command-accepted = Accepted by the display
command-running = Running
command-succeeded = Confirmed
command-failed = Failed
command-rejected = Rejected
command-timed-out = No result, state unknown
command-timed-out-text = Whether the order was carried out is not known. If the display still speaks up, its word counts.
command-expired = Expired
command-canceled = Canceled
command-waits = Waits for the end of the running session, until { $at } at the latest.
command-cancel = Cancel order
command-cancel-asked = Cancellation is requested; the display decides whether it is still possible.
command-history = History
command-issued = Issued by { $by } on { $at }
command-reason = Occasion: { $reason }
command-verbatim = The display's own words
command-forced = Without waiting, because: { $reason }
command-times = Start by { $start }, finish by { $finish }
command-logs = View logs
teller-terminal = display
teller-controller = controller
queue = Orders
queue-coming = Upcoming
queue-past = Past
queue-empty = Nothing is waiting.
queue-past-empty = No order yet.
queue-all = All orders of this display
orders-batch-title = Orders of a batch
orders-of = Only { $name }
orders-all = All orders
orders-open = Open
orders-none = No order matches.
orders-states = Filter by state

## Audit
audit-at = Time
audit-actor = Who
audit-action = What
audit-object = On what
audit-result = Result
audit-detail = Details
audit-none = No entries yet.
result-ok = allowed
result-refused = refused

## Access
role = Role
role-viewer = Viewer
role-operator = Operator
role-admin = Admin
role-of = Role of { $name }
users = People
made-at = Made
token-user = Account
user-add = Add person
user-remove-text = This person can no longer sign in; running sessions end.
remove-one = Remove { $name }
tokens = API tokens
tokens-text = For machines: Prometheus, scripts, migradoctl.
tokens-none = No token yet.
token-add = Make a token
token-name = Label
token-once = This token is shown only now:
token-remove-text = Whoever uses this token is refused from then on.

## Sign-in and settings
login-title = Sign in
login-name = Name
login-password = Password
login-submit = Sign in
login-busy = Signing in …
login-hint = Authorized staff only
login-ended = Your session has ended. Please sign in again.
login-unreachable = The controller cannot be reached.
sign-out = Sign out
settings-look = Appearance
settings-language = Language
settings-theme = Brightness
theme-auto = as the operating system
theme-light = light
theme-dark = dark
settings-shortcuts = Use single keys (/ and ?)
settings-shortcuts-hint = Ctrl+K always works. No key triggers anything on a display.
settings-account = Account
settings-signed-in = Signed in as { $name } with the role “{ $role }”.
password-change = Change password
password-old = Current password
password-new = New password
password-hint = At least 12 characters.
password-changed = The password has been changed.
wall-open = Open wall view

## Palette and help
palette-open = Quick access
palette-keys = Ctrl+K
palette-question = Display, page or action …
palette-found = Results
palette-none = Nothing found.
palette-page = Page
palette-action = Action
palette-filter = Filter
palette-order = Order, with preview
palette-trouble = Everything that is not OK
palette-dark = Dark appearance
palette-light = Light appearance
help-title = Help and keys
help-keys = Keys
help-palette = Quick access to displays, pages and harmless actions
help-search = Jump to search
help-help = This help
help-heartbeat = Walk through a display's history
help-shortcuts-on = Single keys can be switched off in the settings.
help-shortcuts-off = Single keys are switched off in the settings.
help-states = States, worst first
help-status-fault = Something has failed, visitors notice.
help-status-offline = The display has not been heard in time.
help-status-warning = It still works, but somebody should look.
help-status-maintenance = Taken out of service by the staff.
help-status-off = Switched off on purpose.
help-status-unknown = Nothing is known yet.
help-status-ok = Everything that is reported is well.

## Failures
error-network = The controller cannot be reached.
error-unknown = That did not work.
error-400 = The request is not understood.
error-401 = Name or password is wrong.
error-403 = You are not allowed to do that.
error-404 = That does not exist (any more).
error-409 = That does not fit the present state.
error-412 = Somebody else has changed something meanwhile.
error-422 = The values are not valid.
error-428 = The state that the change refers to is missing.
error-429 = Too many attempts. Please wait a moment.
error-500 = The controller has run into an error.
error-503 = The controller is not ready right now.

## Calendar
title-calendar = Calendar
calendar-month = Month
calendar-today = Today
calendar-before = Previous month
calendar-after = Next month
calendar-closed = closed
calendar-no-window = no window
calendar-no-windows = no windows
calendar-show-window = Show window
calendar-window-open = open
calendar-window-shut = not open
calendar-from-configuration = From the controller’s configuration.
calendar-from-console = Changed on the console by { $name }, { $at }. Until it is taken back, the configuration does not hold.
calendar-reset = Back to the configuration
calendar-reset-ask = Use the calendar of the configuration for { $name } again? What was changed on the console is lost then.
calendar-edit-title = Calendar: { $name }
calendar-hours = Opening hours
calendar-hours-known = Opening hours are known
calendar-hours-hint = For example 08:00-12:00, 13:00-15:30. Empty: closed. Public holidays of North Rhine-Westphalia are closed by themselves.
calendar-special = Special days
calendar-special-add = Add a special day
calendar-day = Day (YYYY-MM-DD)
calendar-reason = Reason
calendar-closures = Closures
calendar-closures-hint = Whole days like 2026-12-28, or times like 2026-12-28T13:00.
calendar-closure-add = Add a closure
calendar-from = From
calendar-until = Until
calendar-windows = Windows for changes to displays
calendar-windows-hint = Times are those of Dortmund.
calendar-cron = Begin (minute hour day month weekday)
calendar-minutes = Minutes
calendar-mistakes = { $n ->
    [one] One mistake, told at its field. Nothing was changed.
   *[other] { $n } mistakes, each told at its field. Nothing was changed.
}
weekday-monday = Monday
weekday-tuesday = Tuesday
weekday-wednesday = Wednesday
weekday-thursday = Thursday
weekday-friday = Friday
weekday-saturday = Saturday
weekday-sunday = Sunday
day-special = Special day
day-holiday = Public holiday
day-closure = Closure
day-unknown = No opening hours
window-download = Download
window-activate = Activate
window-restart = Restart
rule-always = always
rule-closed = outside of opening hours
rule-recurring = recurring

## Scheduled orders
title-schedules = Scheduled orders
schedules-none = There are no scheduled orders yet.
schedule-add = Schedule an order
schedule-edit = Scheduled order: { $name }
schedule-name = Name
schedule-when = When
schedule-how-cron = recurring
schedule-how-at = once
schedule-at = Time
schedule-displays = For which displays
schedule-label = label with “{ $text }”
schedule-only-when = Opening hours
schedule-grace = Make up within (minutes)
schedule-grace-hint = For so long a missed run is made up for, once at most. After that it is skipped and recorded.
schedule-pause = Pause
schedule-resume = Resume
schedule-paused = paused
schedule-next = Next run
schedule-last = Last run
schedule-never = none yet
schedule-over = none any more
schedule-runs = Last runs
schedule-ordered = { $n ->
    [one] one order given
   *[other] { $n } orders given
}
schedule-skipped = skipped
schedule-left-out = { $n ->
    [one] (one display left out)
   *[other] ({ $n } displays left out)
}
schedule-missed = { $n ->
    [one] (one missed before)
   *[other] ({ $n } missed before)
}
schedule-remove-text = The scheduled order is removed with the record of its runs. Orders already given stay.
scope-all = all displays
scope-site = one site
scope-label = label contains
scope-terminals = single displays
only-when-any = at any time
only-when-open = only during opening hours
only-when-closed = only outside of opening hours
skip-too-late = The controller was away, and the time to make up had passed.
skip-not-open = The site was not open.
skip-not-closed = The site was open.
skip-hours-unknown = The opening hours are not known.
skip-no-display = No display belongs to it.
skip-not-applicable = No display could take the order.
run-ordering = being given
run-unknown = Not known: the controller ended in the middle.

## Content
title-content = Content
release = Release
releases = Releases
releases-none = Nothing is published yet. An editor publishes a folder with “migradoctl content publish”.
release-newest = newest
release-withdrawn = withdrawn { $at }
release-published = published { $at } by { $by }
release-files = { $n ->
    [one] one file
   *[other] { $text } files
}
release-roll-out = Roll out …
release-of = { $n } of { $of }
release-nowhere = On no display.
release-gone = Not in service any more on { $n } of { $of } displays
release-still = Still in service on
release-elsewhere = Without a site
release-without = Displays that serve no release, or do not say:
place-in-service = in service
place-on-the-way = on the way
place-refused = refused
editions = Editions of forms
editions-none = No release has a form yet.
edition-of = Edition { $edition }
edition-span = { $from } to { $until }
edition-live = { $n ->
    [one] Handed out at one display
   *[other] Handed out at { $n } displays
}
edition-held = { $n ->
    [one] Held back at one display
   *[other] Held back at { $n } displays
}
edition-nowhere = Not handed out anywhere
edition-in = In { $names }
validity-valid = Valid
validity-ends-soon = Ends soon
validity-expired = Expired
validity-not-yet = Not valid yet
validity-recalled = Recalled
recalls = Recalls
recall-do = Recall
recall-title = Recall: { $title }, edition { $edition }
recall-text = No display hands this edition out any more, whatever release it has. Each display proves that it holds the recall; one that is not connected does so once it is back.
recall-reason = Reason (kept in the audit)
recall-done = Recalled: { $title }.
recall-proven = Proven on { $n } of { $of }
recall-missing = Missing:
recall-offline-since = offline since { $at }
recall-by = recalled by { $by }, { $at }
recall-proofs = Proofs
recall-proven-at = holds it since { $at }
recall-lift = Take back the recall
recall-lift-title = Take back the recall of { $form }, edition { $edition }
recall-lift-text = Displays may hand this edition out again.
matrix = Languages
matrix-item = What
matrix-gaps = Gaps only
matrix-no-gaps = Everything is there in every language, and checked.
matrix-complete = complete
matrix-missing = { $n } missing
matrix-draft = { $n } unchecked
matrix-table = Languages of { $release }
cell-checked = checked
cell-draft = there, not checked
cell-missing = missing, as a whole or in part
kind-home = First page
kind-strings = Words of the page
kind-topic = Topic
kind-office = Office
kind-form = Form
kind-guide = Guide
kind-video = Video
kind-event = Event
content-not-told = This display says nothing of content.
content-active = In service
content-previous = The one before
content-none = none
content-wanted = Should have
content-recalled = Held back here
content-list = Signed list
content-list-stale = has not been renewed since { $at }; what is in service stays
update-to = Update to { $name }:
update-downloading = fetching
update-staged = fetched and verified
update-waiting = waiting
update-activating = being put in service
update-observing = in service, being watched
update-confirmed = confirmed
update-rolled-back = rolled back
update-failed = failed
update-waits-visitor = Waits for a visitor
update-waits-download-window = Waits for the download window
update-waits-activate-window = Waits for the window in which it may be put in service
update-waits-leave = Waits for its turn in the rollout
update-waits-since = since { $at }
update-waits-latest = at the latest { $at }
update-waits-until = until { $at }
update-penalty = { $n ->
    [one] Is left alone after one attempt, until { $at }.
   *[other] Is left alone after { $n } attempts, until { $at }.
}
update-detail = The display's own words
update-retry = Try again now
finding-rollback = An older signed list was offered than the one known here: refused.
finding-freeze = The signed list is past its end.
finding-mix-and-match = Parts of different signed lists were offered together: refused.
finding-endless-data = More data came than was announced: refused.
finding-slow-data = The data came too slowly.
finding-wrong-key = Signed with a key that does not count: refused.
finding-tampered = A file is not what the signed list says: refused.
finding-truncated = A file was cut short.
finding-unsafe-path = A file has a path that leads out of its folder: refused.
finding-unknown-format = A format that this display does not know.
finding-not-found = Something of the release is not to be had.
finding-not-listed = The signed list does not have this release.
finding-storage = The disk did not take it.
finding-transport = The line does not hold.
finding-no-space = There is no space for it on the disk.
finding-no-room = There is no room for it above the floor that stays free.
finding-budget = It would take more bytes from the line than it may.
finding-halted = The fetching was halted.
finding-internal = The agent has made a mistake.
finding-interrupted = The power went, or the agent ended, while it was being put in service.
finding-agent-restarts = The agent restarted again and again with it.
finding-page-silent = The visitor's page did not show it: no sign of life.
finding-page-refuses = The visitor's page could not show it.
finding-printer = The printer could not be used with it.
finding-other = The display reports “{ $name }”.
download-bar = Download of { $name }
download-of = { $percent } %, { $done } of { $total }
download-rate = { $rate }/s
download-stands = stands still
download-left-seconds = { $n ->
    [one] a second left
   *[other] { $n } seconds left
}
download-left-minutes = { $n ->
    [one] a minute left
   *[other] { $n } minutes left
}
download-left-hours = { $n ->
    [one] an hour left
   *[other] { $n } hours left
}
download-neighbors = { $size } from neighbors
duration-seconds = { $n ->
    [one] one second
   *[other] { $n } seconds
}
duration-minutes = { $n ->
    [one] one minute
   *[other] { $n } minutes
}
duration-hours = { $n ->
    [one] one hour
   *[other] { $n } hours
}

## Rollouts
title-rollouts = Rollouts
title-rollout = Rollout
rollouts-none = There are no rollouts yet.
rollout-missing = There is no such rollout.
rollout-new = New rollout
rollout-draft = Not started
rollout-awaiting-approval = Waits for approval
rollout-scheduled = Scheduled
rollout-running = Running
rollout-paused = Paused
rollout-halted = Is being taken back
rollout-completed = Completed
rollout-canceled = Ended early
rollout-rolled-back = Taken back
rollout-made = made by { $by }, { $at }
rollout-by = Who
rollout-started-by = started by { $by }
rollout-approved-by = approved by { $by }
rollout-starts = starts { $at }
rollout-limits = Time limits
rollout-limits-value = { $reach } to be reached, { $download } to fetch, { $activate } to be put in service
rollout-throttle-value = { $rate }/s at most
rollout-wait-value = waits { $time } for a visitor at most
rollout-waves = Waves
step-pending = not begun
step-downloading = fetching
step-staged = fetched
step-waiting = waiting
step-activating = being put in service
step-observing = being watched
step-confirmed = confirmed
step-rolled-back = rolled back by itself
step-failed = failed
step-timed-out = no result in time
step-unreached = not reached
step-left-out = left out
step-returning = going back
step-returned = back again
wave-pending = Not begun
wave-running = Running
wave-observing = Being watched
wave-through = Through
wave-number = Wave { $n } of { $of }
wave-number-of = Wave { $n }
wave-confirmed = { $n } of { $of } confirmed
wave-begun = begun { $at }
wave-observing-until = watched until { $at }
wave-success = next wave at { $n } % confirmed
wave-errors-count = { $n ->
    [0] halts at the first error
    [one] halts after more than one error
   *[other] halts after more than { $n } errors
}
wave-errors-percent = halts above { $n } % errors
wave-errors-now = ({ $n } now)
wave-observe = watched for { $time }
wave-observe-not = not watched
wave-pause-after = then waits for a person
wave-displays = { $n ->
    [one] One display
   *[other] { $n } displays
}
wave-empty-yet = Has no displays yet.
wave-empty-now = Has no displays.
pending-turn = Its turn has not come.
display-back-to = back to { $name }
who-rest = all that are left
who-count = { $n ->
    [one] one display
   *[other] { $n } displays
}
who-percent = until { $n } % are in
who-site = site { $name }
who-label = label “{ $name }”
error-code-applies-to-none = No display takes part.
error-code-unsolvable = The plan is impossible; below stand the displays and what stands in the way.
error-code-same-eyes = Whoever made or started a rollout may not approve it.
error-code-withdrawn = The release was taken back meanwhile.
error-code-unfit-state = That does not fit the state of the rollout.
error-code-incomplete = The files of this release are not kept here any more.
reason-wait = Since { $since }, at the latest { $at }.
reason-since = Since { $at }.
reason-until = Until { $at }.
reason-from = From { $at } on.
rollout-do-start = Start
rollout-do-approve = Approve
rollout-do-pause = Pause
rollout-do-resume = Go on
rollout-do-back = Take back
rollout-do-cancel = End
rollout-ask-start = { $n ->
    [0] Who takes part is decided now, by the displays as they are; they get { $release }, wave by wave. A plan that is impossible is refused.
    [one] One display gets { $release }, wave by wave.
   *[other] { $n } displays get { $release }, wave by wave.
}
rollout-ask-approve = { $n ->
    [one] You say yes to { $release } on one display. The first wave begins after that.
   *[other] You say yes to { $release } on { $n } displays. The first wave begins after that.
}
rollout-ask-pause = Nothing new begins until somebody lets it go on. Displays that have begun with { $release } finish it.
rollout-ask-resume = It goes on with { $release }; where a wave is through, with the next one.
rollout-ask-back = { $n ->
    [0] No display has begun with { $release } yet; none will.
    [one] One display that has { $release } or is on the way to it gets again what it had.
   *[other] { $n } displays that have { $release } or are on the way to it get again what they had.
}
rollout-ask-cancel = The rollout ends. Displays that have { $release } keep it; the others keep what they had.
rollout-done = { $what }: { $title }.
rollout-is-now = The rollout is now:
rollout-again = I have seen it, ask me anew
rollout-same-eyes = Whoever made or started a rollout may not approve it; ask somebody else.
rollout-preview = Continue to the plan
rollout-start = { $n ->
    [0] No display takes part
    [one] Start for one display
   *[other] Start for { $n } displays
}
rollout-start-four = { $n ->
    [0] No display takes part
    [one] Submit for approval, for one display
   *[other] Submit for approval, for { $n } displays
}
rollout-started = Started: { $title }.
rollout-title = Title
rollout-scope-all = all displays
rollout-scope-site = one site
rollout-scope-terminals = single displays
rollout-more = Start, limits and exceptions
rollout-not-before = Not before
rollout-throttle = Kibibytes per second and display
rollout-throttle-none = no limit
rollout-wait = Minutes it waits for a visitor at most
rollout-wait-none = as long as there is one
rollout-reach = Hours to be reached
rollout-download = Hours to fetch
rollout-activate = Minutes to be put in service
rollout-allow-single = The only display of its kind at a site may be away during opening hours
wave-who = Which displays
wave-kind-count = number
wave-kind-percent = percent of all
wave-kind-site = site
wave-kind-label = label
wave-kind-terminals = single displays
wave-kind-rest = all that are left
wave-name = Name
wave-name-hint = as chosen beside
wave-success-field = Percent confirmed before the next wave
wave-errors-field = Errors that are put up with
wave-errors-in = Errors counted in
wave-errors-displays = displays
wave-observe-field = Minutes that it is watched
wave-pause-field = A person lets the next wave begin
wave-remove = Remove wave { $n }
wave-add = Add a wave
plan-of = Who gets { $release }, when, and why not. Nothing has been done yet.
plan-impossible = This plan is impossible:
plan-nobody = No display takes part.
plan-four-eyes = Somebody else has to approve it before it begins.
plan-wave = { $n ->
    [one] one display, from { $at }
   *[other] { $n } displays, from { $at }
}
plan-wave-empty = Nobody is left for this wave.
plan-times = fetches from { $download }, in service from { $activate }
plan-out = { $n ->
    [one] One display takes no part
   *[other] { $n } displays take no part
}
