# English
home = Home
back = Back
next = Next
done = Done
cancel = Cancel
help = Help
help-front-desk = Please ask at the front desk.
language = Language
topics = Topics
forms = Forms
guides = Guides
videos = Videos
events = Courses and dates
offices = Offices
opening-hours = Opening hours
fill-in = Fill in
print = Print
print-sheets = { $sheets ->
    [one] One sheet of paper will be printed.
   *[other] { $sheets } sheets of paper will be printed.
 }
printing = Printing.
print-not-possible = Printing is not possible here right now.
not-in-your-language = This is not available in your language yet. You see it in { $language }.
draft-translation = This translation has not been checked yet.
required = This has to be filled in.
erase-all = Erase everything
valid-until = Valid until { $day }
printed = Printed. Please take your paper with you.
print-failed = Printing did not work. Please ask at the front desk.
print-waits-paper = The printer has no paper. Please ask at the front desk.
print-waits-printer = The printer needs help. Please ask at the front desk.
print-limit = You cannot print more right now.
form-not-valid = This form is no longer valid. Please ask at the front desk.
play = Play
pause = Pause
captions = Captions
position = Position in the video
nothing-here = There is nothing here about this yet.
