"""What columns are called, in many tools and languages: names only add to what cells say."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

TEXT_NAMES: Final = ("text", "tweet", "content", "message", "body", "comment")
"""Names by which a text column is recognised, in any case, the first first."""

WHOLE_NAMES: Final = ("full_text", "fulltext", "full_tweet", "raw_content", "long_text", "note_tweet_text", "note_text")
"""Names of columns that hold a text whole where `text` may be cut."""

TIME_NAMES: Final = ("created_at", "posted_at", "timestamp", "datetime", "date", "posted", "time")
"""Column names that are taken for the time of a tweet, the likeliest first."""


def folded(name: str) -> str:
    """Return a name in one spelling: camel case parted, accents off, small letters, words joined by "_".

    >>> folded("publishedAt"), folded("Tweet Text"), folded("Contenído (texto)")
    ('published_at', 'tweet_text', 'contenido_texto')
    """
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    name = unicodedata.normalize("NFKD", name)
    name = "".join(char for char in name if not unicodedata.combining(char)).casefold()
    return re.sub(r"[\W_]+", "_", name).strip("_")


def last(name: str) -> str:
    """Return what stands behind the last dot of a column's name, folded."""
    return folded(name.rpartition(".")[2])


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(map(folded, names))


TEXTS: Final = _folded(
    (
        *TEXT_NAMES,
        *WHOLE_NAMES,
        *("tweet_text", "tweet_content", "post_text", "post_content", "post", "post_message", "status_text"),
        *("comment_text", "comment_body", "comment_content", "comment_message", "commenttext", "review", "review_text"),
        *("reply", "reply_text", "selftext", "self_text", "caption", "message_text", "message_content", "msg"),
        *("text_display", "text_original", "content_text", "plain_text", "raw_text", "original_text", "sentence"),
        # Listening tools: Brandwatch, Meltwater, Talkwalker, Sprinklr, Mention, Hootsuite, CrowdTangle, Sysomos.
        *("snippet", "hit_sentence", "opening_text", "mention_content", "mention_text", "sound_bite_text"),
        *("sound_bite", "outbound_post", "post_body", "tweet_body", "excerpt", "verbatim", "feedback"),
        *("open_ended", "response_text", "utterance", "posts", "tweets", "texts", "comments", "messages"),
        # Other languages.
        *("texto", "tuit", "tuits", "mensaje", "contenido", "comentario", "publicacion", "cuerpo"),
        *("texte", "contenu", "commentaire", "publication", "corps", "avis", "beitrag", "nachricht", "inhalt"),
        *("kommentar", "beitragstext", "tweettext", "wortlaut", "volltext", "testo", "messaggio", "commento"),
        *("contenuto", "mensagem", "conteudo", "postagem", "tekst", "bericht", "inhoud", "reactie", "opmerking"),
        *("tresc", "wiadomosc", "komentarz", "wpis", "metin", "icerik", "mesaj", "yorum", "gonderi", "teks", "isi"),
        *("pesan", "komentar", "cuitan", "kicauan", "meddelande", "inlagg", "besked", "opslag", "innlegg"),
        *("teksti", "viesti", "kommentti", "zprava", "obsah", "szoveg", "uzenet", "continut", "noi_dung"),
        *(
            "本文",
            "テキスト",
            "ツイート",
            "内容",
            "投稿",
            "コメント",
            "投稿内容",
            "正文",
            "文本",
            "推文",
            "评论",
            "评论内容",
        ),
        *(
            "微博正文",
            "推文内容",
            "내용",
            "텍스트",
            "본문",
            "트윗",
            "댓글",
            "текст",
            "сообщение",
            "комментарий",
            "твит",
            "содержание",
        ),
        *("النص", "نص", "تغريدة", "المحتوى", "تعليق", "पाठ", "ट्वीट", "संदेश", "κείμενο", "טקסט", "תוכן", "ข้อความ"),
    )
)
"""Whole names of columns with texts."""

TEXT_WORDS: Final = frozenset(
    ("text", "tweet", "content", "message", "body", "comment", "post", "caption", "texto", "texte")
)
"""Words that speak for a column of texts within a longer name."""

NO_TEXT_WORDS: Final = frozenset(
    (
        *(
            "id",
            "ids",
            "url",
            "urls",
            "link",
            "links",
            "user",
            "username",
            "author",
            "name",
            "source",
            "lang",
            "language",
        ),
        *(
            "count",
            "type",
            "date",
            "time",
            "at",
            "bio",
            "description",
            "location",
            "place",
            "device",
            "client",
            "media",
        ),
        *("headline", "title", "subject", "query", "keyword", "keywords", "hashtags", "tags", "reason", "profile"),
        *("label", "labels", "annotator", "category", "topic", "prediction", "translation", "translated", "summary"),
        *("quoted", "quote", "parent", "replied", "entities", "mentions", "timezone", "usuario", "autor", "auteur"),
    )
)
"""Words that speak against."""

EDITED_WORDS: Final = frozenset(
    (
        "clean",
        "cleaned",
        "processed",
        "preprocessed",
        "tokenized",
        "tokens",
        "lemmatized",
        "stemmed",
        "normalized",
        "display",
        "rendered",
        "html",
    )
)
"""Words of columns that hold a text as another tool made it over."""

TIMES: Final = _folded(
    (
        *TIME_NAMES,
        *(
            "created",
            "created_time",
            "creation_date",
            "create_time",
            "tweet_created",
            "tweet_created_at",
            "created_utc",
        ),
        *("published", "published_at", "publish_date", "publish_time", "pubdate", "pub_date", "date_published"),
        *("posted_time", "post_date", "post_time", "posted_on", "post_created", "post_created_date", "date_posted"),
        *("date_time", "date_created", "date_utc", "time_utc", "tweet_date", "tweet_time", "tweet_timestamp", "when"),
        *(
            "taken_at",
            "sent_at",
            "sent",
            "indexed_at",
            "submitted_at",
            "comment_date",
            "review_date",
            "day",
            "timestamp_ms",
        ),
        *("fecha", "fecha_y_hora", "fecha_hora", "fecha_creacion", "fecha_publicacion", "hora", "datum", "datum_zeit"),
        *(
            "zeit",
            "uhrzeit",
            "zeitpunkt",
            "zeitstempel",
            "erstellt",
            "erstellt_am",
            "veroffentlicht",
            "veroffentlicht_am",
        ),
        *("date_de_publication", "date_publication", "heure", "horodatage", "cree_le", "publie_le", "data", "data_ora"),
        *("data_e_ora", "ora", "data_hora", "data_de_publicacao", "criado_em", "publicado_em", "tijd", "tijdstip"),
        *(
            "tarih",
            "saat",
            "zaman",
            "data_utworzenia",
            "czas",
            "tanggal",
            "waktu",
            "dato",
            "tid",
            "tidspunkt",
            "paivamaara",
        ),
        *(
            "日付",
            "日時",
            "投稿日時",
            "作成日時",
            "时间",
            "日期",
            "发布时间",
            "날짜",
            "시간",
            "작성일",
            "дата",
            "время",
            "التاريخ",
            "तारीख",
        ),
    )
)
"""Whole names of columns with times."""

TIME_WORDS: Final = frozenset(
    ("date", "time", "created", "posted", "published", "timestamp", "datetime", "fecha", "datum")
)
NO_TIME_WORDS: Final = frozenset(
    (
        *("user", "author", "account", "birth", "born", "join", "joined", "profile", "retweeted", "quoted", "update"),
        *("updated", "modified", "edited", "deleted", "scraped", "collected", "retrieved", "crawled", "downloaded"),
        *("exported", "zone", "timezone", "id", "count", "ms_played", "first", "last", "read", "response", "video"),
    )
)

CLOCKS: Final = _folded(
    (
        "time",
        "hour",
        "clock",
        "time_of_day",
        "hora",
        "uhrzeit",
        "zeit",
        "heure",
        "ora",
        "tijd",
        "saat",
        "tweet_time",
        "post_time",
        "czas",
        "godzina",
        "waktu",
        "時刻",
        "时间",
        "время",
        "시간",
    )
)
ZONES: Final = _folded(
    ("timezone", "time_zone", "tz", "zone", "utc_offset", "zeitzone", "zona_horaria", "fuseau_horaire")
)

IDS: Final = (
    *("tweet_id", "tweetid", "id_str", "status_id", "post_id", "comment_id", "message_id", "mention_id", "resource_id"),
    *(
        "id",
        "cid",
        "uri",
        "guid",
        "uuid",
        "document_id",
        "doc_id",
        "text_id",
        "ids",
        "external_id",
        "tuit_id",
        "beitrags_id",
        "unit_id",
    ),
)
AUTHORS: Final = (
    *(
        "screen_name",
        "username",
        "user_name",
        "user_screen_name",
        "author_username",
        "user_username",
        "author",
        "handle",
    ),
    *(
        "user",
        "acct",
        "author_name",
        "author_handle",
        "twitter_handle",
        "from_user",
        "from_name",
        "from",
        "account",
        "account_name",
    ),
    *(
        "author_display_name",
        "display_name",
        "full_name",
        "name",
        "sender",
        "influencer",
        "profile_name",
        "usuario",
        "autor",
    ),
    *(
        "autor_name",
        "nutzer",
        "benutzer",
        "benutzername",
        "nutzername",
        "utilisateur",
        "auteur",
        "utente",
        "autore",
        "gebruiker",
    ),
    *(
        "usuario_nombre",
        "nom_utilisateur",
        "kullanici",
        "uzytkownik",
        "ユーザー名",
        "ユーザー",
        "用户名",
        "用户",
        "작성자",
        "사용자",
        "автор",
    ),
    *("author_id", "user_id"),
)
LINKS: Final = (
    *("permalink", "tweet_url", "tweet_link", "post_url", "post_link", "status_url", "url", "link", "permalink_url"),
    *(
        "page_url",
        "mention_url",
        "source_url",
        "resource_url",
        "web_url",
        "uri",
        "enlace",
        "lien",
        "verweis",
        "adresse",
    ),
    *("direct_link", "article_url", "tweet_permalink", "external_url", "hit_link", "comment_url"),
)
LANGUAGES: Final = (
    *(
        "lang",
        "language",
        "langs",
        "tweet_lang",
        "tweet_language",
        "post_language",
        "language_code",
        "idioma",
        "sprache",
    ),
    *("langue", "lingua", "taal", "dil", "jezyk", "bahasa", "言語", "语言", "언어", "язык", "detected_language"),
)
