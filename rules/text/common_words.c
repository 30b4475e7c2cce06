#include "rules/text/common_words.h"

#include <stdlib.h>
#include <string.h>

/* Folded and sorted. Names that people watch are rarely among them, and a word that is missing here
 * only costs time. */
/* clang-format off */
static const char *const very_common[] = {
	"a", "about", "after", "again", "ai", "all", "aller", "allez", "alors", "also", "an",
	"and", "any", "apres", "are", "as", "at", "au", "aussi", "autre", "autres", "aux",
	"avait", "avant", "avec", "avez", "avoir", "avons", "be", "because", "been", "before",
	"being", "between", "bien", "both", "but", "by", "ca", "came", "can", "car", "ce",
	"ceci", "cela", "celle", "celui", "ces", "cest", "cette", "ceux", "chez", "come",
	"comme", "contre", "could", "dans", "de", "depuis", "des", "deux", "did", "dire", "dit",
	"do", "does", "donc", "done", "dont", "down", "du", "elle", "elles", "en", "encore",
	"entre", "est", "et", "etaient", "etait", "ete", "etes", "etre", "eux", "even", "every",
	"faire", "fait", "faut", "first", "fois", "for", "from", "get", "going", "good", "got",
	"had", "has", "have", "he", "her", "here", "his", "how", "i", "ici", "if", "il", "ils",
	"in", "into", "is", "it", "its", "jamais", "je", "just", "know", "la", "last", "le",
	"les", "leur", "leurs", "like", "lui", "ma", "made", "mais", "make", "many", "me",
	"meme", "mes", "moi", "moins", "mon", "more", "most", "much", "my", "ne", "never", "new",
	"no", "non", "nos", "not", "notre", "nous", "now", "of", "off", "on", "one", "only",
	"ont", "or", "other", "ou", "oui", "our", "out", "over", "own", "par", "pas", "pendant",
	"peu", "peut", "peuvent", "peux", "plus", "pour", "puis", "qu", "quand", "que", "qui",
	"quoi", "rien", "sa", "same", "sans", "se", "sera", "ses", "she", "should", "si", "so",
	"soit", "some", "sommes", "son", "sont", "sous", "still", "such", "suis", "sur", "ta",
	"te", "tes", "than", "that", "the", "their", "them", "then", "there", "these", "they",
	"this", "those", "through", "to", "toi", "ton", "too", "toujours", "tous", "tout",
	"toute", "toutes", "tres", "trois", "trop", "tu", "two", "un", "under", "une", "up",
	"vais", "vas", "vers", "very", "veut", "veux", "vos", "votre", "vous", "want", "was",
	"we", "well", "were", "what", "when", "where", "which", "while", "who", "why", "will",
	"with", "would", "y", "you", "your",
};

static const char *const common[] = {
	"able", "action", "actions", "against", "ago", "ailleurs", "aime", "aimer", "aimez",
	"ainsi", "allait", "always", "ami", "amie", "amis", "annee", "annees", "another", "ans",
	"answer", "anyone", "anything", "argent", "around", "arrive", "arriver", "article",
	"ask", "asked", "assez", "attend", "attendre", "aujourd", "aura", "aurait", "auront",
	"autant", "avaient", "available", "avais", "avions", "back", "bas", "basse", "beaucoup",
	"believe", "besoin", "best", "better", "bientot", "big", "billion", "black", "body",
	"bon", "bonjour", "bonne", "bonsoir", "boy", "business", "buy", "call", "called",
	"cannot", "cant", "cas", "case", "cause", "cependant", "certaines", "certains", "change",
	"changed", "chaque", "check", "child", "children", "chose", "choses", "city", "client",
	"clients", "close", "coeur", "combien", "comment", "company", "compte", "concernant",
	"corps", "cote", "country", "court", "croire", "crois", "croit", "day", "days", "debut",
	"dehors", "deja", "demain", "demande", "demander", "dernier", "derniere", "derriere",
	"dessous", "dessus", "devant", "devez", "devoir", "devrait", "didnt", "die", "died",
	"difficile", "doesnt", "doit", "doivent", "donne", "donner", "donnez", "droit", "droits",
	"during", "early", "easy", "ecole", "effet", "election", "end", "enfant", "enfants",
	"enfin", "ensemble", "ensuite", "entendre", "entreprise", "entreprises", "envie",
	"equipe", "etant", "etat", "europe", "europeen", "europeenne", "euros", "evening",
	"ever", "everyone", "everything", "exemple", "eyes", "face", "facile", "facon",
	"faisait", "faites", "fallait", "falloir", "famille", "family", "faux", "feel",
	"feeling", "felt", "femme", "femmes", "ferait", "ferme", "fille", "film", "fils", "fin",
	"find", "follow", "font", "force", "fort", "forte", "found", "francais", "francaise",
	"francaises", "france", "free", "frere", "friend", "friends", "front", "full", "gagner",
	"game", "garcon", "genre", "gens", "girl", "give", "given", "gonna", "gouvernement",
	"government", "grace", "grand", "grande", "grandes", "grands", "great", "gros", "group",
	"groupe", "guerre", "half", "hand", "happen", "happened", "happy", "hard", "haut",
	"haute", "head", "health", "hear", "heard", "heart", "hello", "help", "heure", "heures",
	"hey", "hier", "high", "histoire", "home", "homme", "hommes", "hope", "hour", "hours",
	"house", "hui", "idee", "image", "important", "importante", "impossible",
	"international", "ira", "iront", "isnt", "ive", "jeu", "join", "jouer", "jour", "jours",
	"juste", "justice", "keep", "kill", "killed", "kind", "laquelle", "late", "later", "law",
	"learn", "left", "lequel", "lesquels", "let", "lets", "level", "libre", "lien", "life",
	"line", "little", "live", "livre", "loi", "loin", "lol", "long", "longue", "look",
	"looking", "lose", "lost", "lot", "lots", "love", "main", "maintenant", "maison", "mal",
	"malgre", "man", "maniere", "marche", "mari", "market", "match", "matin", "may", "maybe",
	"mdr", "mean", "means", "meant", "meilleur", "meilleure", "member", "members", "men",
	"merci", "mere", "message", "mesure", "mesures", "met", "mettre", "mieux", "might",
	"milieu", "milliards", "million", "millions", "ministre", "minute", "minutes", "mis",
	"mois", "moment", "monde", "mondial", "mondiale", "money", "month", "morning", "mort",
	"morts", "mot", "mots", "mourir", "move", "moved", "musique", "must", "name", "national",
	"nationale", "need", "news", "next", "night", "niveau", "nobody", "nom", "nombre",
	"nothing", "nouveau", "nouveaux", "nouvelle", "nouvelles", "nuit", "number", "numero",
	"okay", "old", "omg", "open", "ordre", "ouvert", "ouverte", "page", "paix", "pandemie",
	"parce", "paris", "parle", "parlent", "parler", "part", "partage", "partager", "parti",
	"partie", "partir", "partout", "party", "passe", "passer", "pay", "pays", "peace",
	"pense", "penser", "pensez", "people", "per", "percent", "perdre", "pere", "personne",
	"personnes", "petit", "petite", "petites", "petits", "peuple", "peur", "photo", "phrase",
	"pire", "place", "play", "please", "plein", "pleine", "plusieurs", "plutot", "point",
	"police", "politique", "possible", "post", "pourquoi", "pourra", "pourrait", "pourtant",
	"pouvez", "pouvoir", "power", "premier", "premiere", "prend", "prendre", "pres",
	"president", "presque", "pris", "prix", "problem", "probleme", "product", "produit",
	"projet", "public", "publique", "put", "quel", "quelle", "quelles", "quels", "question",
	"raison", "rapport", "read", "real", "really", "reason", "regarde", "regarder",
	"reponse", "report", "reste", "rester", "right", "rue", "run", "running", "sad", "said",
	"sais", "saison", "sait", "salut", "sante", "savez", "savoir", "say", "says", "school",
	"second", "see", "seen", "sell", "selon", "semaine", "sens", "seraient", "serait",
	"serez", "seront", "service", "seul", "seule", "seulement", "shall", "share", "show",
	"side", "simple", "since", "sinon", "site", "small", "societe", "soeur", "soir",
	"someone", "something", "soon", "sort", "sorte", "sorti", "sortir", "speak", "start",
	"state", "stop", "story", "stuff", "suite", "suivre", "sure", "surtout", "svp", "take",
	"taken", "talk", "talking", "tant", "team", "tell", "tellement", "temps", "tenir",
	"tete", "thank", "thanks", "thats", "theyre", "thing", "things", "think", "third",
	"thought", "tient", "time", "today", "told", "tomorrow", "tonight", "took", "top",
	"travail", "travers", "trouve", "trouver", "try", "tuer", "turn", "turned", "type",
	"until", "use", "used", "using", "vaccin", "venir", "venu", "veulent", "via", "video",
	"vie", "viennent", "viens", "vient", "ville", "vit", "vivre", "voici", "voila", "voir",
	"vois", "voit", "vote", "voulait", "voulez", "vouloir", "voyez", "vrai", "vraie",
	"vraiment", "vue", "walk", "wanna", "war", "watch", "way", "week", "weve", "whats",
	"white", "whole", "win", "wish", "within", "without", "woman", "women", "won", "wont",
	"word", "work", "working", "world", "wow", "yeah", "year", "years", "yet", "yeux",
	"young", "youre",
};
/* clang-format on */

static int by_word(const void *key, const void *item)
{
	struct str word = *(const struct str *)key;
	return str_cmp(word, str_of(*(const char *const *)item));
}

static bool is_in(struct str word, const char *const *words, size_t count)
{
	return bsearch(&word, words, count, sizeof *words, by_word) != NULL;
}

enum word_frequency word_frequency(struct str folded)
{
	if (is_in(folded, very_common, sizeof very_common / sizeof *very_common))
		return WORD_VERY_COMMON;
	return is_in(folded, common, sizeof common / sizeof *common) ? WORD_COMMON : WORD_RARE;
}
