# Română
home = Pagina principală
back = Înapoi
next = Înainte
done = Gata
cancel = Anulează
help = Ajutor
help-front-desk = Întrebați la recepție, vă rugăm.
language = Limbă
topics = Teme
forms = Formulare
guides = Ghiduri
videos = Videoclipuri
events = Cursuri și evenimente
offices = Instituții
opening-hours = Program
fill-in = Completează
print = Tipărește
print-sheets = { $sheets ->
    [one] Se va tipări o foaie.
   *[other] Se vor tipări { $sheets } foi.
 }
printing = Se tipărește.
print-not-possible = Momentan nu se poate tipări aici.
not-in-your-language = Nu există încă în limba dvs. Este afișat în { $language }.
draft-translation = Această traducere nu a fost încă verificată.
required = Trebuie completat.
erase-all = Șterge tot
valid-until = Valabil până la { $day }
printed = S-a tipărit. Luați-vă hârtia.
print-failed = Tipărirea nu a reușit. Întrebați la recepție.
print-waits-paper = Imprimanta nu are hârtie. Întrebați la recepție.
print-waits-printer = Imprimanta are nevoie de ajutor. Întrebați la recepție.
print-limit = Acum nu mai puteți tipări.
form-not-valid = Acest formular nu mai este valabil. Întrebați la recepție.
play = Redare
pause = Pauză
captions = Subtitrări
position = Poziția în film
nothing-here = Despre aceasta nu este încă nimic aici.
