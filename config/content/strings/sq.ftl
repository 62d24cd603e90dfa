# Shqip
home = Faqja kryesore
back = Mbrapa
next = Para
done = U krye
cancel = Anulo
help = Ndihmë
help-front-desk = Ju lutemi pyesni në recepsion.
language = Gjuha
topics = Temat
forms = Formularë
guides = Udhëzues
videos = Video
events = Kurse dhe takime
offices = Zyrat
opening-hours = Orari
fill-in = Plotëso
print = Printo
print-sheets = { $sheets ->
    [one] Do të printohet një fletë.
   *[other] Do të printohen { $sheets } fletë.
 }
printing = Po printohet.
print-not-possible = Printimi nuk është i mundur këtu tani.
not-in-your-language = Kjo nuk është ende në gjuhën tuaj. Shfaqet në { $language }.
draft-translation = Ky përkthim nuk është kontrolluar ende.
required = Kjo duhet plotësuar.
erase-all = Fshi gjithçka
valid-until = I vlefshëm deri më { $day }
printed = U printua. Merrni letrën tuaj.
print-failed = Printimi nuk funksionoi. Ju lutemi pyesni në recepsion.
print-waits-paper = Printeri nuk ka letër. Ju lutemi pyesni në recepsion.
print-waits-printer = Printeri ka nevojë për ndihmë. Ju lutemi pyesni në recepsion.
print-limit = Tani nuk mund të printoni më shumë.
form-not-valid = Ky formular nuk vlen më. Ju lutemi pyesni në recepsion.
play = Luaj
pause = Pauzë
captions = Titra
position = Vendi në video
nothing-here = Për këtë këtu nuk ka ende asgjë.
