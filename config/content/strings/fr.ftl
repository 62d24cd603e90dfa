# Français
home = Accueil
back = Retour
next = Suivant
done = Terminé
cancel = Annuler
help = Aide
help-front-desk = Veuillez demander à l’accueil.
language = Langue
topics = Thèmes
forms = Formulaires
guides = Guides
videos = Vidéos
events = Cours et rendez-vous
offices = Services
opening-hours = Horaires
fill-in = Remplir
print = Imprimer
print-sheets = { $sheets ->
    [one] Une feuille sera imprimée.
   *[other] { $sheets } feuilles seront imprimées.
 }
printing = Impression en cours.
print-not-possible = L’impression n’est pas possible ici pour le moment.
not-in-your-language = Ceci n’existe pas encore dans votre langue. Langue affichée : { $language }.
draft-translation = Cette traduction n’a pas encore été vérifiée.
required = Ce champ est obligatoire.
erase-all = Tout effacer
valid-until = Valable jusqu’au { $day }
printed = C’est imprimé. Prenez vos feuilles.
print-failed = L’impression a échoué. Demandez à l’accueil.
print-waits-paper = L’imprimante n’a plus de papier. Demandez à l’accueil.
print-waits-printer = L’imprimante a besoin d’aide. Demandez à l’accueil.
print-limit = Vous ne pouvez pas imprimer plus pour le moment.
form-not-valid = Ce formulaire n’est plus valable. Demandez à l’accueil.
play = Lire
pause = Pause
captions = Sous-titres
position = Position dans la vidéo
nothing-here = Il n’y a encore rien ici à ce sujet.
