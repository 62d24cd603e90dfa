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
