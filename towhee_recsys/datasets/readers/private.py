"""Leave out columns that are private: secrets, contacts, and what is each user's own.

A column of users that the caller did not name is left out if it is called like a secret or a
contact, or if nearly every user has another value. A column of users that was named is left out
only if it would become a vocabulary and nearly every user has another value: the model would keep
the values word by word. A column of items that was not named is left out if it is called like a
secret or a contact of somebody, of a seller for one. Warnings name the column and quote no value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.schema import Column
from towhee_recsys.types import Role

NEARLY_UNIQUE = 0.9
"""The share of different values from which a column counts as each user's own."""
ENOUGH_USERS = 20
"""With a value in fewer users than these, numbers and named columns may differ by chance."""

_VOCABULARIES: tuple[Role, ...] = ("categorical", "multi_categorical", "text")
_NUMBERS: tuple[Role, ...] = ("number",)

_SECRETS = """
auth bearer jwt mdp oauth otp pass pw token tokens clave haslo senha
bank ccn cpf cvc cvv dni iban imei imsi msisdn nif nino pesel ssn
birth bday birthdate birthday dob born
mail mails fax tel tlf correo whatsapp
"""
"""A name with one of these among its words is private, in any table."""

_SECRET_STEMS = """
passwd password passwort passphrase passcode passhash userpass pwd kennwort motdepasse contrasena
wachtwoord secret credential apikey accesskey privatekey accesstoken refreshtoken sessiontoken
email courriel usermail mailaddr phone telefon telefoon mobilenumber mobilnummer
birth geburt naissance nacimiento nascita nascimento geboorte
passport reisepass creditcard cardnumber kreditkarte socialsecurity nationalid taxid
codicefiscale kontonummer accountnumber accountno bankaccount
парол почт телефон рожден
密码 密碼 邮箱 郵箱 电话 電話 手机 手機 身份证 生日
パスワード メール 비밀번호 이메일 전화
"""
"""A name that holds one of these anywhere is private, in any table, also where words are joined."""

_NAMES = """
login skype contact contacts licence license gps yob cellulare
alias imie name names naam nick nom nome nombre fname lname
calle rue straat strasse street ulica adres addr ip konto mac pin
"""
"""Such words of columns of users. A film has a name too, a cinema an address."""

_NAME_STEMS = """
address adresse anschrift direccion indirizzo endereco ipaddr accountid
firstname lastname givenname familyname fullname displayname loginname realname screenname surname
username nickname vorname nachname prenom apellido cognome sobrenome achternaam voornaam nazwisko
адрес фамил имя 姓名 地址 氏名 住所 이름 주소
"""
"""Such parts of names of columns of users."""

_ALONE = "card cards cell cookie handle handy mobile movil portable session"
"""Words that make a column of users private if they are the whole name, but for `_BEFORE` and
`_AFTER`: ``user_mobile`` and ``session_id``, not ``movie_session`` and ``card_type``."""
_BEFORE = "client customer home member my private user work"
_AFTER = "hash id key nb no nr num number token"

_DEVICES = re.compile("(ear|gramo|head|micro|saxo|smart|xylo)phones?")
"""Words that hold the name of a secret and are none."""


def unnamed(file: str, name: str, array: Any, role: Role, problems: Problems) -> bool:
    """Whether to leave out a column that nobody named; a warning then says how to get it.

    Args:
        file: how the warning calls the table: ``users`` or ``items``.
        name: the column's name.
        array: its values, in Arrow's type.
        role: what it would be used as.
        problems: takes the warning.
    """
    if pa.types.is_boolean(array.type):  # yes or no is nobody's secret
        return False
    of_users = file == "users"
    word = called_like_a_secret(name, of_users)
    if word is not None:
        wrong = f"is called like a secret or a contact ('{word}') and is left out"
    elif not of_users:
        return False
    else:
        different, values = _different(array.to_pandas())
        enough = ENOUGH_USERS if role in _NUMBERS else 1
        if values < enough or different < NEARLY_UNIQUE * values:
            return False
        wrong = _is_own(different, values)
    kept: Role = role if role in _NUMBERS else "display"
    named = f"user_columns={{'{name}': '{kept}', …}}"
    if not of_users:
        named = f"schema=Schema(items={{'{name}': Column(role='{kept}'), …}})"
    problems.warn(file, wrong, f"If it is wanted, name the columns to use: {named}.", column=name)
    return True


def without_own(
    files: Mapping[str, str],
    columns: Mapping[str, Column],
    values: Mapping[str, pd.Series[Any]],
    problems: Problems,
) -> dict[str, Column]:
    """The named columns of users that may be used, with a warning for each that is left out.

    Args:
        files: how warnings call the table of each column.
        columns: the columns by name.
        values: the values of those that could be read, as their roles have them.
        problems: takes the warnings.
    """
    kept = dict(columns)
    for name, column in columns.items():
        if column.role not in _VOCABULARIES or name not in values:
            continue
        different, there = _different(values[name])
        if there >= ENOUGH_USERS and different >= NEARLY_UNIQUE * there:
            remedy = (
                f"The model would learn each value by heart, so it may not be {column.role}. "
                "Give it the role display to keep it in the records alone."
            )
            problems.warn(files[name], _is_own(different, there), remedy, column=name)
            del kept[name]
    return kept


def called_like_a_secret(name: str, of_users: bool = True) -> str | None:
    """The part of a column's name that says that it holds a secret or a contact, if there is one.

    Words are told apart by case (``lastLogin``), by separators and by digits; accents count for
    nothing.

    Args:
        name: the column's name.
        of_users: whether it is one of users. Names and addresses of items are no secrets.
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", _plain(name))
    words = [word.lower() for word in re.split(r"[\W_\d]+", apart) if word]
    joined = _DEVICES.sub(" ", "".join(words))
    whole, stems = _SECRETS.split(), _SECRET_STEMS.split()
    if of_users:
        whole, stems = whole + _NAMES.split(), stems + _NAME_STEMS.split()
    found = [word for word in words if word in whole]
    found += [stem for stem in stems if _plain(stem) in joined]
    while words and words[0] in _BEFORE.split():
        del words[0]
    while words and words[-1] in _AFTER.split():
        del words[-1]
    found += words if of_users and len(words) == 1 and words[0] in _ALONE.split() else []
    return found[0] if found else None


def _plain(text: str) -> str:
    """The text without accents."""
    letters = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _different(values: pd.Series[Any]) -> tuple[int, int]:
    """How many different values a column has, and how many values; of lists, their members."""
    members = values.explode() if values.dtype == object else values
    members = members[members.notna()]
    if not pd.api.types.is_numeric_dtype(members.dtype):
        members = members.astype(str)
        members = members[members != ""]
    return int(members.nunique()), len(members)


def _is_own(different: int, values: int) -> str:
    return f"has {different:,} different values among {values:,} and is left out, as private"
