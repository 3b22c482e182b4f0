"""What columns are called, in many tools and languages: names only add to what cells say."""

import re
import unicodedata
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


def _ordered(names: str) -> tuple[str, ...]:
    return tuple(map(folded, names.split()))


def _names(names: str) -> frozenset[str]:
    return frozenset(_ordered(names))


TEXTS: Final = _names(
    """
    avis beitrag beitragstext bericht besked body caption comentario comment comment_body comment_content
    comment_message comment_text commentaire commento comments commenttext contenido content content_text contenu
    contenuto conteudo continut corps cuerpo cuitan excerpt feedback full_text full_tweet fulltext gonderi
    hit_sentence icerik inhalt inhoud inlagg innlegg isi kicauan komentar komentarz kommentar kommentti long_text
    meddelande mensagem mensaje mention_content mention_text mesaj message message_content message_text messages
    messaggio metin msg nachricht noi_dung note_text note_tweet_text obsah open_ended opening_text opmerking
    opslag original_text outbound_post pesan plain_text post post_body post_content post_message post_text
    postagem posts publicacion publication raw_content raw_text reactie reply reply_text response_text review
    review_text self_text selftext sentence snippet sound_bite sound_bite_text status_text szoveg teks tekst
    teksti testo text text_display text_original texte texto texts tresc tuit tuits tweet tweet_body tweet_content
    tweet_text tweets tweettext utterance uzenet verbatim viesti volltext wiadomosc wortlaut wpis yorum zprava
    κείμενο комментарий содержание сообщение твит текст טקסט תוכן المحتوى النص تعليق تغريدة نص ट्वीट पाठ संदेश
    ข้อความ 내용 댓글 본문 텍스트 트윗 コメント ツイート テキスト 内容 微博正文 投稿 投稿内容
    推文 推文内容 文本 本文 正文 评论 评论内容
    """
)
"""Whole names of columns with texts."""

TEXT_WORDS: Final = _names(
    """
    body caption comment content message post text texte texto tweet
    """
)
"""Words that speak for a column of texts within a longer name."""

NO_TEXT_WORDS: Final = _names(
    """
    annotator at auteur author autor bio category client count date description device entities hashtags headline
    id ids keyword keywords label labels lang language link links location media mentions name parent place
    prediction profile query quote quoted reason replied source subject summary tags time timezone title topic
    translated translation type url urls user username usuario
    """
)
"""Words that speak against."""

EDITED_WORDS: Final = _names(
    """
    clean cleaned display html lemmatized normalized preprocessed processed rendered stemmed tokenized tokens
    """
)
"""Words of columns that hold a text as another tool made it over."""

TIMES: Final = _names(
    """
    comment_date create_time created created_at created_time created_utc creation_date cree_le criado_em czas data
    data_de_publicacao data_e_ora data_hora data_ora data_utworzenia date date_created date_de_publication
    date_posted date_publication date_published date_time date_utc datetime dato datum datum_zeit day erstellt
    erstellt_am fecha fecha_creacion fecha_hora fecha_publicacion fecha_y_hora heure hora horodatage indexed_at
    ora paivamaara post_created post_created_date post_date post_time posted posted_at posted_on posted_time
    pub_date pubdate publicado_em publie_le publish_date publish_time published published_at review_date saat sent
    sent_at submitted_at taken_at tanggal tarih tid tidspunkt tijd tijdstip time time_utc timestamp timestamp_ms
    tweet_created tweet_created_at tweet_date tweet_time tweet_timestamp uhrzeit veroffentlicht veroffentlicht_am
    waktu when zaman zeit zeitpunkt zeitstempel время дата التاريخ तारीख 날짜 시간
    작성일 作成日時 发布时间 投稿日時 日付 日時 日期 时间
    """
)
"""Whole names of columns with times."""

TIME_WORDS: Final = _names(
    """
    created date datetime datum fecha posted published time timestamp
    """
)
NO_TIME_WORDS: Final = _names(
    """
    account author birth born collected count crawled deleted downloaded edited exported first id join joined last
    modified ms_played profile quoted read response retrieved retweeted scraped timezone update updated user video
    zone
    """
)

CLOCKS: Final = _names(
    """
    clock czas godzina heure hora hour ora post_time saat tijd time time_of_day tweet_time uhrzeit waktu zeit
    время 시간 时间 時刻
    """
)
ZONES: Final = _names(
    """
    fuseau_horaire time_zone timezone tz utc_offset zeitzone zona_horaria zone
    """
)

IDS: Final = _ordered(
    """
    tweet_id tweetid id_str status_id post_id comment_id message_id mention_id resource_id id cid uri guid uuid
    document_id doc_id text_id ids external_id tuit_id beitrags_id unit_id
    """
)
AUTHORS: Final = _ordered(
    """
    screen_name username user_name user_screen_name author_username user_username author handle user acct
    author_name author_handle twitter_handle from_user from_name from account account_name author_display_name
    display_name full_name name sender influencer profile_name usuario autor autor_name nutzer benutzer
    benutzername nutzername utilisateur auteur utente autore gebruiker usuario_nombre nom_utilisateur kullanici
    uzytkownik ユーザー名 ユーザー 用户名 用户 작성자 사용자 автор author_id user_id
    """
)
LINKS: Final = _ordered(
    """
    permalink tweet_url tweet_link post_url post_link status_url url link permalink_url page_url mention_url
    source_url resource_url web_url uri enlace lien verweis adresse direct_link article_url tweet_permalink
    external_url hit_link comment_url
    """
)
LANGUAGES: Final = _ordered(
    """
    lang language langs tweet_lang tweet_language post_language language_code idioma sprache langue lingua taal
    dil jezyk bahasa 言語 语言 언어 язык detected_language
    """
)
