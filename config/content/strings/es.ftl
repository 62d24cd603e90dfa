# Español
home = Inicio
back = Atrás
next = Siguiente
done = Listo
cancel = Cancelar
help = Ayuda
help-front-desk = Pregunte en recepción, por favor.
language = Idioma
topics = Temas
forms = Formularios
guides = Guías
videos = Vídeos
events = Cursos y actividades
offices = Oficinas
opening-hours = Horario
fill-in = Rellenar
print = Imprimir
print-sheets = { $sheets ->
    [one] Se imprimirá una hoja.
   *[other] Se imprimirán { $sheets } hojas.
 }
printing = Imprimiendo.
print-not-possible = Ahora no se puede imprimir aquí.
not-in-your-language = Esto aún no está en su idioma. Idioma mostrado: { $language }.
draft-translation = Esta traducción aún no está revisada.
required = Hay que rellenarlo.
erase-all = Borrar todo
valid-until = Válido hasta { $day }
printed = Impreso. Llévese su papel.
print-failed = No se ha podido imprimir. Pregunte en recepción.
print-waits-paper = La impresora no tiene papel. Pregunte en recepción.
print-waits-printer = La impresora necesita ayuda. Pregunte en recepción.
print-limit = Ahora no puede imprimir más.
form-not-valid = Este formulario ya no es válido. Pregunte en recepción.
play = Reproducir
pause = Pausa
captions = Subtítulos
position = Posición en el vídeo
nothing-here = Todavía no hay nada aquí sobre esto.
