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
