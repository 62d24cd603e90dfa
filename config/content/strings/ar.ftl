# العربية
home = الرئيسية
back = رجوع
next = التالي
done = تم
cancel = إلغاء
help = مساعدة
help-front-desk = اسألوا في الاستقبال من فضلكم.
language = اللغة
topics = المواضيع
forms = الاستمارات
guides = الإرشادات
videos = الفيديوهات
events = الدورات والمواعيد
offices = الدوائر
opening-hours = أوقات الدوام
fill-in = تعبئة
print = طباعة
print-sheets = { $sheets ->
    [one] ستُطبع ورقة واحدة.
    [two] ستُطبع ورقتان.
    [few] ستُطبع { $sheets } أوراق.
   *[other] ستُطبع { $sheets } ورقة.
 }
printing = تجري الطباعة.
print-not-possible = الطباعة غير ممكنة هنا حالياً.
not-in-your-language = هذا غير متاح بلغتكم بعد. ترونه بـ{ $language }.
draft-translation = لم تُراجع هذه الترجمة بعد.
required = هذا الحقل مطلوب.
erase-all = حذف كل شيء
valid-until = صالح حتى { $day }
printed = تمت الطباعة. خذوا أوراقكم معكم.
print-failed = لم تنجح الطباعة. اسألوا في الاستقبال من فضلكم.
print-waits-paper = لا يوجد ورق في الطابعة. اسألوا في الاستقبال من فضلكم.
print-waits-printer = الطابعة تحتاج إلى مساعدة. اسألوا في الاستقبال من فضلكم.
print-limit = لا يمكنكم طباعة المزيد الآن.
form-not-valid = هذه الاستمارة لم تعد سارية. اسألوا في الاستقبال من فضلكم.
play = تشغيل
pause = إيقاف مؤقت
captions = ترجمة مكتوبة
position = الموضع في الفيديو
nothing-here = لا يوجد شيء عن هذا هنا بعد.
