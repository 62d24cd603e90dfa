// One catalog per language, in the order of the keys of `Words`. Drafts but for German.
import type { Words } from './index';

const KEYS = [
  'welcome', 'ready', 'inform_only', 'inform_hint', 'out_of_service', 'out_hint', 'updating',
  'starting', 'begin', 'done', 'still_there', 'go_on', 'cleared',
] as const satisfies readonly (keyof Words)[];

type Row = readonly [string, string, string, string, string, string, string, string, string, string, string, string, string];

const rows: Record<string, Row> = {
  de: [
    'Willkommen bei MigraDo', 'Dieses Gerät ist bereit.', 'Drucken geht hier gerade nicht.',
    'Lesen und informieren können Sie wie gewohnt.', 'Dieses Gerät ist gerade außer Betrieb.',
    'Bitte nehmen Sie das Gerät daneben oder fragen Sie am Empfang.', 'Neue Inhalte werden geladen. Es dauert nur kurz.',
    'Einen Moment bitte. Das Gerät startet.', 'Wählen Sie Ihre Sprache', 'Fertig – alles löschen',
    'Sind Sie noch da?', 'Ja, weitermachen', 'Am Ende wird alles gelöscht. Niemand sieht Ihre Angaben.',
  ],
  'de-simple': [
    'Herzlich willkommen bei MigraDo', 'Das Gerät funktioniert.', 'Das Gerät kann gerade nicht drucken.',
    'Sie können hier alles lesen.', 'Das Gerät ist kaputt.', 'Nehmen Sie ein anderes Gerät. Oder fragen Sie am Empfang.',
    'Das Gerät lädt neue Texte. Bitte warten Sie kurz.', 'Das Gerät startet. Bitte warten Sie kurz.',
    'Wählen Sie Ihre Sprache', 'Fertig – alles löschen', 'Sind Sie noch da?', 'Ja, ich bin noch da',
    'Am Ende löschen wir alles. Niemand kann es dann sehen.',
  ],
  en: [
    'Welcome to MigraDo', 'This display is ready.', 'Printing is not possible here right now.',
    'You can read and find information as usual.', 'This display is out of service right now.',
    'Please use the next display or ask at the front desk.', 'New content is being loaded. It only takes a moment.',
    'One moment, please. The display is starting.', 'Choose your language', 'Done – erase everything',
    'Are you still there?', 'Yes, continue', 'At the end everything is erased. Nobody sees your details.',
  ],
  ar: [
    'أهلاً بكم في MigraDo', 'هذا الجهاز جاهز.', 'الطباعة غير ممكنة هنا حالياً.', 'يمكنكم القراءة والحصول على المعلومات كالمعتاد.',
    'هذا الجهاز خارج الخدمة حالياً.', 'يرجى استخدام الجهاز المجاور أو السؤال في الاستقبال.', 'يجري تحميل محتوى جديد. لن يستغرق ذلك طويلاً.',
    'لحظة من فضلكم. الجهاز قيد التشغيل.', 'اختاروا لغتكم', 'انتهيت – حذف كل شيء', 'هل ما زلتم هنا؟', 'نعم، أكمل',
    'في النهاية يُحذف كل شيء. لا أحد يرى بياناتكم.',
  ],
  uk: [
    'Ласкаво просимо до MigraDo', 'Цей пристрій готовий.', 'Друк тут зараз неможливий.', 'Читати й дізнаватися інформацію можна як зазвичай.',
    'Цей пристрій зараз не працює.', 'Скористайтеся сусіднім пристроєм або запитайте на рецепції.', 'Завантажується новий вміст. Це ненадовго.',
    'Зачекайте хвилинку. Пристрій запускається.', 'Оберіть мову', 'Готово – усе видалити', 'Ви ще тут?', 'Так, продовжити',
    'Наприкінці все буде видалено. Ніхто не побачить ваших даних.',
  ],
  ru: [
    'Добро пожаловать в MigraDo', 'Устройство готово к работе.', 'Печать здесь сейчас невозможна.', 'Читать и узнавать информацию можно как обычно.',
    'Устройство сейчас не работает.', 'Воспользуйтесь соседним устройством или спросите на стойке.', 'Загружаются новые материалы. Это недолго.',
    'Подождите немного. Устройство запускается.', 'Выберите язык', 'Готово – всё удалить', 'Вы ещё здесь?', 'Да, продолжить',
    'В конце всё будет удалено. Никто не увидит ваших данных.',
  ],
  tr: [
    'MigraDo’ya hoş geldiniz', 'Bu cihaz hazır.', 'Şu anda burada yazdırma yapılamıyor.', 'Her zamanki gibi okuyabilir ve bilgi alabilirsiniz.',
    'Bu cihaz şu anda hizmet dışı.', 'Lütfen yandaki cihazı kullanın veya danışmaya sorun.', 'Yeni içerik yükleniyor. Kısa sürecek.',
    'Bir dakika lütfen. Cihaz açılıyor.', 'Dilinizi seçin', 'Bitti – her şeyi sil', 'Hâlâ burada mısınız?', 'Evet, devam et',
    'Sonunda her şey silinir. Bilgilerinizi kimse görmez.',
  ],
  fa: [
    'به MigraDo خوش آمدید', 'این دستگاه آماده است.', 'فعلاً چاپ در این‌جا ممکن نیست.', 'مانند همیشه می‌توانید بخوانید و معلومات بگیرید.',
    'این دستگاه فعلاً کار نمی‌کند.', 'لطفاً از دستگاه کناری استفاده کنید یا از پذیرش بپرسید.', 'محتوای جدید بار می‌شود. زیاد طول نمی‌کشد.',
    'لطفاً یک لحظه صبر کنید. دستگاه روشن می‌شود.', 'زبان خود را انتخاب کنید', 'تمام شد – همه پاک شود', 'آیا هنوز این‌جا هستید؟', 'بلی، ادامه',
    'در پایان همه چیز پاک می‌شود. هیچ‌کس معلومات شما را نمی‌بیند.',
  ],
  ro: [
    'Bun venit la MigraDo', 'Acest aparat este gata.', 'Momentan nu se poate tipări aici.', 'Puteți citi și vă puteți informa ca de obicei.',
    'Acest aparat este momentan scos din funcțiune.', 'Folosiți aparatul alăturat sau întrebați la recepție.', 'Se încarcă conținut nou. Durează puțin.',
    'Un moment, vă rugăm. Aparatul pornește.', 'Alegeți limba', 'Gata – șterge tot', 'Mai sunteți aici?', 'Da, continuă',
    'La sfârșit totul se șterge. Nimeni nu vă vede datele.',
  ],
  bg: [
    'Добре дошли в MigraDo', 'Това устройство е готово.', 'В момента тук не може да се печата.', 'Можете да четете и да се информирате както обикновено.',
    'Това устройство в момента не работи.', 'Моля, използвайте съседното устройство или попитайте на рецепцията.', 'Зарежда се ново съдържание. Ще отнеме малко.',
    'Един момент, моля. Устройството стартира.', 'Изберете своя език', 'Готово – изтрий всичко', 'Още ли сте тук?', 'Да, продължи',
    'Накрая всичко се изтрива. Никой не вижда вашите данни.',
  ],
  pl: [
    'Witamy w MigraDo', 'To urządzenie jest gotowe.', 'Drukowanie jest tu teraz niemożliwe.', 'Można czytać i szukać informacji jak zwykle.',
    'To urządzenie jest teraz nieczynne.', 'Proszę użyć urządzenia obok lub zapytać w recepcji.', 'Wczytujemy nowe treści. To potrwa chwilę.',
    'Proszę chwilę poczekać. Urządzenie się uruchamia.', 'Wybierz język', 'Gotowe – usuń wszystko', 'Czy nadal tu jesteś?', 'Tak, dalej',
    'Na koniec wszystko zostanie usunięte. Nikt nie zobaczy Twoich danych.',
  ],
  fr: [
    'Bienvenue chez MigraDo', 'Cet appareil est prêt.', 'Impossible d’imprimer ici pour le moment.', 'Vous pouvez lire et vous informer comme d’habitude.',
    'Cet appareil est hors service pour le moment.', 'Utilisez l’appareil voisin ou demandez à l’accueil.', 'De nouveaux contenus sont en cours de chargement. Ce ne sera pas long.',
    'Un instant, s’il vous plaît. L’appareil démarre.', 'Choisissez votre langue', 'Terminé – tout effacer', 'Êtes-vous toujours là ?', 'Oui, continuer',
    'À la fin, tout est effacé. Personne ne voit vos données.',
  ],
  es: [
    'Bienvenidos a MigraDo', 'Este equipo está listo.', 'Ahora no se puede imprimir aquí.', 'Puede leer e informarse como siempre.',
    'Este equipo está fuera de servicio en este momento.', 'Use el equipo de al lado o pregunte en recepción.', 'Se están cargando contenidos nuevos. Tarda poco.',
    'Un momento, por favor. El equipo se está iniciando.', 'Elija su idioma', 'Terminar – borrar todo', '¿Sigue ahí?', 'Sí, continuar',
    'Al final se borra todo. Nadie ve sus datos.',
  ],
  sq: [
    'Mirë se vini në MigraDo', 'Kjo pajisje është gati.', 'Tani këtu nuk mund të printohet.', 'Mund të lexoni dhe të informoheni si zakonisht.',
    'Kjo pajisje tani nuk punon.', 'Ju lutemi përdorni pajisjen tjetër ose pyesni në recepsion.', 'Po ngarkohet përmbajtje e re. Zgjat pak.',
    'Një moment, ju lutemi. Pajisja po ndizet.', 'Zgjidhni gjuhën tuaj', 'Mbarova – fshi gjithçka', 'A jeni ende këtu?', 'Po, vazhdo',
    'Në fund gjithçka fshihet. Askush nuk i sheh të dhënat tuaja.',
  ],
  kmr: [
    'Bi xêr hatin MigraDo', 'Ev cîhaz amade ye.', 'Niha li vir çap nabe.', 'Hûn dikarin wek her car bixwînin û agahî bistînin.',
    'Ev cîhaz niha naxebite.', 'Ji kerema xwe cîhaza kêlekê bi kar bînin an li resepsiyonê bipirsin.', 'Naveroka nû tê barkirin. Zêde naajo.',
    'Kêliyekê ji kerema xwe. Cîhaz vedibe.', 'Zimanê xwe hilbijêrin', 'Qediya – hemûyî jê bibe', 'Hûn hîn li vir in?', 'Erê, bidomîne',
    'Di dawiyê de her tişt tê jêbirin. Kes agahiyên we nabîne.',
  ],
  ps: [
    'MigraDo ته ښه راغلاست', 'دا دستګاه چمتو ده.', 'اوس دلته چاپ ممکن نه دی.', 'تاسو د معمول په څېر لوستلی او معلومات اخیستلی شئ.',
    'دا دستګاه اوس کار نه کوي.', 'مهرباني وکړئ څنګ ته دستګاه وکاروئ یا له استقبال څخه وپوښتئ.', 'نوې منځپانګه بارېږي. لږ وخت نیسي.',
    'مهرباني وکړئ یوه شېبه. دستګاه پیل کېږي.', 'خپله ژبه وټاکئ', 'تمام – هر څه پاک کړئ', 'ایا لا دلته یاست؟', 'هو، دوام',
    'په پای کې هر څه پاکېږي. هېڅوک ستاسو معلومات نه ویني.',
  ],
  ti: [
    'እንቋዕ ናብ MigraDo ብደሓን መጻእኩም', 'እዚ መሳርሒ ድሉው እዩ።', 'ሕጂ ኣብዚ ምሕታም ኣይከኣልን።', 'ከም ልሙድ ከተንብቡን ሓበሬታ ክትረኽቡን ትኽእሉ።',
    'እዚ መሳርሒ ሕጂ ኣይሰርሕን እዩ ዘሎ።', 'በጃኹም ነቲ ኣብ ጎኑ ዘሎ መሳርሒ ተጠቐሙ ወይ ኣብ መቀበሊ ሕተቱ።', 'ሓድሽ ትሕዝቶ ይጽዓን ኣሎ። ነዊሕ ኣይወስድን።',
    'በጃኹም ሓንሳብ ተጸበዩ። መሳርሒ ይጅምር ኣሎ።', 'ቋንቋኹም ምረጹ', 'ወዲአ – ኩሉ ደምስስ', 'ክሳብ ሕጂ ኣብዚ ኣለኹም ዶ?', 'እወ፡ ቀጽል',
    'ኣብ መወዳእታ ኩሉ ይድምሰስ። ሓበሬታኹም ማንም ኣይርእዮን።',
  ],
};

const words = (row: Row): Words =>
  Object.fromEntries(KEYS.map((key, n) => [key, row[n]])) as unknown as Words;

export const catalogs: Record<string, Words> = Object.fromEntries(
  Object.entries(rows).map(([tag, row]) => [tag, words(row)]),
);
