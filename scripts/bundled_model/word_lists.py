"""Word lists and facts behind the synthetic teaching text. Python standard library only."""

EUROPEAN_UNION = (
    "Austria Belgium Bulgaria Croatia Cyprus Czechia Denmark Estonia Finland France Germany Greece Hungary Ireland "
    "Italy Latvia Lithuania Luxembourg Malta Netherlands Poland Portugal Romania Slovakia Slovenia Spain Sweden"
).split()

MONTHS = "January February March April May June July August September October November December".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
LETTERS = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()

OTHER_LISTS = {
    "planets of the solar system": "Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune".split(),
    "colours of the rainbow": "red orange yellow green blue indigo violet".split(),
    "seasons of the year": "spring summer autumn winter".split(),
    "countries of South America": (
        "Argentina Bolivia Brazil Chile Colombia Ecuador Guyana Paraguay Peru Suriname Uruguay Venezuela"
    ).split(),
    "continents": "Africa|Antarctica|Asia|Australia|Europe|North America|South America".split("|"),
}

CAPITALS = {
    "Europe": dict(
        Austria="Vienna", Belgium="Brussels", Bulgaria="Sofia", Croatia="Zagreb", Cyprus="Nicosia", Czechia="Prague",
        Denmark="Copenhagen", Estonia="Tallinn", Finland="Helsinki", France="Paris", Germany="Berlin", Greece="Athens",
        Hungary="Budapest", Ireland="Dublin", Italy="Rome", Latvia="Riga", Lithuania="Vilnius", Malta="Valletta",
        Norway="Oslo", Poland="Warsaw", Portugal="Lisbon", Romania="Bucharest", Slovakia="Bratislava",
        Slovenia="Ljubljana", Spain="Madrid", Sweden="Stockholm", Switzerland="Bern", England="London",
        Ukraine="Kyiv", Iceland="Reykjavik",
    ),
    "Asia": dict(
        China="Beijing", Japan="Tokyo", India="Delhi", Thailand="Bangkok", Vietnam="Hanoi", Iran="Tehran",
        Iraq="Baghdad", Nepal="Kathmandu", Mongolia="Ulaanbaatar", Indonesia="Jakarta", Pakistan="Islamabad",
        Syria="Damascus", Jordan="Amman", Malaysia="Putrajaya", Korea="Seoul",
    ),
    "Africa": dict(
        Egypt="Cairo", Kenya="Nairobi", Ghana="Accra", Nigeria="Abuja", Ethiopia="Addis Ababa", Senegal="Dakar",
        Morocco="Rabat", Tunisia="Tunis", Algeria="Algiers", Angola="Luanda", Uganda="Kampala", Zambia="Lusaka",
        Libya="Tripoli", Rwanda="Kigali", Sudan="Khartoum",
    ),
    "South America": dict(
        Argentina="Buenos Aires", Brazil="Brasilia", Chile="Santiago", Peru="Lima", Colombia="Bogota",
        Ecuador="Quito", Uruguay="Montevideo", Venezuela="Caracas", Paraguay="Asuncion",
    ),
    "North America": dict(Canada="Ottawa", Cuba="Havana", Mexico="Mexico City", Panama="Panama City"),
}

WOMEN = (
    "Anna Mary Alice Emma Julia Clara Sarah Laura Grace Helen Nora Ruth Rose Jane Lucy Ella Maria Sophie Eva Ida Olga "
    "Kate Lisa Nina Paula Rita Susan Vera Wendy Zoe Amy Beth Carol Diana Elsa Fiona Gina Hannah Irene Judy Karen Linda "
    "Martha Nancy Petra Rachel Sally Tina Ursula Violet"
).split()
MEN = (
    "Tom John Peter Paul David James Mark Luke Henry George Karl Otto Max Felix Hugo Oscar Jack Sam Ben Daniel Adam "
    "Simon Martin Robert Edward Frank Victor Walter Hans Ivan Jonas Kevin Leo Michael Noah Oliver Philip Ralph Steven "
    "Tim Arthur Bruno Carl Dennis Eric Fred Gary Harry Isaac William"
).split()

THINGS = (
    "book ball letter key cup lamp ring drum coat hat apple cake flower map pen box basket ticket picture coin kite "
    "bell candle ladder hammer shovel blanket mirror bottle spoon"
).split()
PLACES = "garden market school river station library kitchen forest park castle village church harbour museum".split()
COMMON_WORDS = (
    "apple river stone lamp cloud horse bread window mountain paper silver winter music garden door finger moon salt "
    "bridge feather candle shadow button tiger valley copper honey island needle ocean pepper rabbit saddle tower"
).split()

# singular, plural
SUBJECTS = [pair.split("/") for pair in (
    "key/keys picture/pictures letter/letters book/books box/boxes chair/chairs door/doors window/windows dog/dogs "
    "cat/cats horse/horses bird/birds teacher/teachers doctor/doctors farmer/farmers king/kings queen/queens boy/boys "
    "girl/girls friend/friends car/cars ship/ships tree/trees flower/flowers road/roads song/songs story/stories "
    "report/reports answer/answers map/maps label/labels sign/signs lamp/lamps coin/coins ring/rings toy/toys "
    "man/men woman/women child/children knife/knives"
).split()]
DISTRACTORS = [pair.split("/") for pair in (
    "cabinet/cabinets house/houses table/tables garden/gardens wall/walls bridge/bridges river/rivers school/schools "
    "castle/castles tower/towers village/villages soldier/soldiers neighbour/neighbours student/students "
    "manager/managers city/cities forest/forests mountain/mountains room/rooms shelf/shelves bottle/bottles "
    "basket/baskets church/churches station/stations shop/shops engine/engines artist/artists guard/guards "
    "writer/writers island/islands field/fields gate/gates sister/sisters brother/brothers pilot/pilots"
).split()]
PREPOSITIONS = ["to", "of", "near", "behind", "beside", "next to", "from", "in front of", "by", "with"]
# singular verb, plural verb, ways to go on
PREDICATES = [
    ("is", "are", ["on the table", "very old", "in the kitchen", "not here", "here today", "quite new", "lost"]),
    ("was", "were", ["found at last", "in the garden", "not there", "very small", "gone in the morning", "late"]),
    ("has", "have", ["been here for years", "been lost", "a new name", "no place to go", "a long history"]),
    ("looks", "look", ["old", "good today", "strange", "very fine", "new"]),
    ("seems", "seem", ["to be lost", "too small", "fine", "ready"]),
]

OPPOSITES = [pair.split("/") for pair in (
    "hot/cold big/small up/down left/right day/night black/white good/bad old/young fast/slow high/low open/closed "
    "wet/dry happy/sad rich/poor strong/weak light/dark hard/soft full/empty early/late near/far true/false first/last "
    "long/short loud/quiet love/hate war/peace begin/end push/pull buy/sell win/lose wide/narrow thick/thin sharp/blunt "
    "clean/dirty brave/cowardly cheap/expensive safe/dangerous easy/difficult heavy/weightless inside/outside "
    "always/never summer/winter north/south east/west heaven/hell friend/enemy success/failure alive/dead"
).split()]

QUOTES = (
    "I am going home|The door is open|It is getting dark|You must come with me|We have no bread|The king is here|"
    "I have lost my key|Nobody knows the way|The water is cold|This is my house|The ship has sailed|It will rain soon|"
    "I can help you|There is no time|The garden is beautiful|We are ready|I saw a bird|He is not my brother|"
    "The road is long|Winter is coming soon|I do not believe it|She knows the answer|That is not true|Let us begin"
).split("|")
SAY_VERBS = "said asked answered cried whispered replied shouted".split()

AGENTS = "robot servant soldier dog horse guard sailor student clerk messenger driver cook".split()
PRINCIPALS = ["human beings", "the king", "the queen", "the captain", "the farmer", "the judge", "the teacher", "the law"]
DUTIES = "orders commands rules laws instructions wishes words duties".split()
