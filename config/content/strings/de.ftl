# Deutsch
home = Startseite
back = Zurück
next = Weiter
done = Fertig
cancel = Abbrechen
help = Hilfe
help-front-desk = Fragen Sie bitte am Empfang.
language = Sprache
topics = Themen
forms = Formulare
guides = Anleitungen
videos = Videos
events = Kurse und Termine
offices = Ämter
opening-hours = Öffnungszeiten
fill-in = Ausfüllen
print = Drucken
print-sheets = { $sheets ->
    [one] Ein Blatt Papier wird gedruckt.
   *[other] { $sheets } Blatt Papier werden gedruckt.
 }
printing = Es wird gedruckt.
print-not-possible = Drucken geht hier gerade nicht.
not-in-your-language = Das gibt es noch nicht in Ihrer Sprache. Sie sehen es auf { $language }.
draft-translation = Diese Übersetzung ist noch nicht geprüft.
required = Das muss ausgefüllt werden.
erase-all = Alles löschen
valid-until = Gültig bis { $day }
printed = Fertig gedruckt. Nehmen Sie Ihr Papier mit.
print-failed = Das Drucken hat nicht geklappt. Fragen Sie bitte am Empfang.
print-waits-paper = Der Drucker hat kein Papier. Fragen Sie bitte am Empfang.
print-waits-printer = Der Drucker braucht Hilfe. Fragen Sie bitte am Empfang.
print-limit = Mehr können Sie jetzt nicht drucken.
form-not-valid = Dieses Formular gilt nicht mehr. Fragen Sie bitte am Empfang.
play = Abspielen
pause = Pause
captions = Untertitel
position = Stelle im Video
nothing-here = Dazu gibt es hier noch nichts.
