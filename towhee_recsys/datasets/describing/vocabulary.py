"""List the words by which columns and tables are usually called. All are in lower case, and in the
singular.
"""

from __future__ import annotations

_USER = """
user uid customer client member reader listener visitor viewer person people account buyer player
student guest consumer subscriber reviewer rater shopper patron
"""
_ITEM = """
item iid movie film book isbn product sku asin article track song artist album place restaurant
venue business game recipe hotel news post video show anime course job podcast episode dish
wine beer paper
"""
_ID = "id key no nr num number code uuid guid hash index pk fk"
_RATING = "rating star score rate grade overall"
_QUANTITY = """
age year month day date time timestamp count weight play price quantity amount rank level
"""
_TIME = """
time timestamp date datetime when day at ts created updated played watched rated bought ordered
visited viewed
"""
_TITLE = "title name headline caption label"
_TEXT = "description summary abstract overview text body plot synopsis"
_LINK = "url uri link image img picture photo cover poster thumbnail website path"
_CODE = "id code zip plz postal postcode zipcode isbn ean sku nr number fax phone key"

USER = frozenset(_USER.split())
"""Words of a column that holds users, and of a table about them."""
ITEM = frozenset(_ITEM.split())
"""The same for items of all kinds."""
ID = frozenset(_ID.split())
"""Words that go with those: ``id`` in ``user_id``."""
RATING = frozenset(_RATING.split())
TIME = frozenset(_TIME.split())
QUANTITY = frozenset(_QUANTITY.split()) | RATING | TIME
"""Words of columns that hold no ids, whatever other table has the same numbers."""
TITLE = frozenset(_TITLE.split())
TEXT = frozenset(_TEXT.split())
LINK = frozenset(_LINK.split())
CODE = frozenset(_CODE.split())
"""Words of columns whose numbers are no quantities."""
